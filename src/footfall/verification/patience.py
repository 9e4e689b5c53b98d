"""Bounded waiting in short steps, with a progress message every few seconds."""

import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from footfall.errors import EngineUnavailable
from footfall.kafka.topics import TopicPartition

_LOOK_EVERY_S: Final = 0.5
_SAY_EVERY_S: Final = 5.0

Say = Callable[[str], None]
Seen = TypeVar("Seen")


class Patience:
    """Waits in short steps until its time is over. Every few seconds it calls `say` with a message."""

    def __init__(self, seconds: float, say: Say) -> None:
        now = time.monotonic()
        self._deadline, self.say, self._last_said = now + seconds, say, now

    def wait(self, sentence: str) -> bool:
        """Waits one step, or returns False at once when the time is over. sentence: the reason to wait."""
        now = time.monotonic()
        if now >= self._deadline:
            return False
        if now >= self._last_said + _SAY_EVERY_S:
            self._last_said = now
            self.say(f"Waiting: {sentence}")
        time.sleep(_LOOK_EVERY_S)
        return True


def await_reached(look: Callable[[], tuple[Seen, Mapping[TopicPartition, int]]], done: str, patience: Patience) -> Seen:
    """Calls `look` until no record is waiting or the patience is over. Returns the state that it saw last.

    look: returns a state, and the number of records that wait, by partition, without zeros.
    done: the state that the records wait for, such as "archived".
    Raises what `look` raises; EngineUnavailable only when the patience is over.
    """
    while True:
        try:
            seen, waiting = look()
        except EngineUnavailable as error:
            # A region that moves and a NameNode that restarts are back within a minute.
            if not patience.wait(str(error)):
                raise
            continue
        listed = ", ".join(f"{topic}/{partition} ({records})" for (topic, partition), records in waiting.items())
        if not waiting or not patience.wait(f"not {done} yet, by partition: {listed}."):
            return seen

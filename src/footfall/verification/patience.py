"""Waiting with a bound: in short steps, with a word now and then about what is waited for."""

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
    """Waits in short steps until its seconds are over, and says now and then what for."""

    def __init__(self, seconds: float, say: Say) -> None:
        now = time.monotonic()
        self._until, self.say, self._said = now + seconds, say, now

    def wait(self, sentence: str) -> bool:
        """Waits a step; False, at once, when the time is over."""
        now = time.monotonic()
        if now >= self._until:
            return False
        if now >= self._said + _SAY_EVERY_S:
            self._said = now
            self.say(f"Waiting: {sentence}")
        time.sleep(_LOOK_EVERY_S)
        return True


def await_reached(look: Callable[[], tuple[Seen, Mapping[TopicPartition, int]]], done: str, patience: Patience) -> Seen:
    """Looks until no record waits or patience is over; returns what the last look saw.

    look: returns what it sees, and how many records wait, by partition, where there are any.
    done: what the records wait to be, such as "archived".
    Raises what `look` raises; while its engine is away, only when patience is over.
    """
    while True:
        try:
            seen, waiting = look()
        except EngineUnavailable as error:
            # A region that moves is back within a minute, and so is a NameNode that was started anew.
            if not patience.wait(str(error)):
                raise
            continue
        listed = ", ".join(f"{topic}/{partition} ({records})" for (topic, partition), records in waiting.items())
        if not waiting or not patience.wait(f"not {done} yet, by partition: {listed}."):
            return seen

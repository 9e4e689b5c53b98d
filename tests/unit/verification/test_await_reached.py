"""Waiting for stores: until no record waits, across outages of their engine, and no longer than the patience."""

from collections.abc import Mapping

import pytest

from footfall.hdfs import HdfsUnavailable
from footfall.kafka.topics import TopicPartition
from footfall.realtime.store import HBaseUnavailable
from footfall.verification.patience import Patience, await_reached

_PARTITION = ("events", 3)


class Counted(Patience):
    """Patience for a number of steps, which take no time. Records the sentences."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self.sentences: list[str] = []

    def wait(self, sentence: str) -> bool:
        self.sentences.append(sentence)
        self._left -= 1
        return self._left >= 0


class Store:
    """Returns the next answer at each look: a number of waiting records, or an error."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = iter(answers)
        self.looks = 0

    def look(self) -> tuple[int, Mapping[TopicPartition, int]]:
        self.looks += 1
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return self.looks, {_PARTITION: answer} if answer else {}


def test_the_last_state_seen_is_returned() -> None:
    patience = Counted(9)
    assert await_reached(Store(5, 2, 0).look, "archived", patience) == 3
    assert patience.sentences == [f"not archived yet, by partition: events/3 ({records})." for records in (5, 2)]


def test_when_patience_is_over_the_last_look_counts() -> None:
    assert await_reached(Store(5, 4, 3, 0).look, "counted", Counted(2)) == 3


@pytest.mark.parametrize("away", [HBaseUnavailable("HBase is away."), HdfsUnavailable("HDFS is away.")])
def test_a_store_that_is_away_may_come_back(away: Exception) -> None:
    patience = Counted(9)
    assert await_reached(Store(away, 1, away, 0).look, "counted", patience) == 4
    assert patience.sentences[0] == str(away)


def test_a_store_that_stays_away_raises_its_error() -> None:
    away = HBaseUnavailable("HBase is away.")
    with pytest.raises(HBaseUnavailable, match="HBase is away"):
        await_reached(Store(*[away] * 4).look, "counted", Counted(3))

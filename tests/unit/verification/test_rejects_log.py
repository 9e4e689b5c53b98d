"""`events.rejected` is read backwards: each reject once, the newest first."""

from collections.abc import Sequence
from itertools import islice

import pytest

from footfall.events.rejects import Reject, reject_record
from footfall.verification.kafka_log import Record
from footfall.verification.rejects_log import find, newest_first


class Memory:
    """A log whose oldest records may have expired."""

    def __init__(self, values: list[bytes], first: int = 0) -> None:
        self.records = [Record(first + index, value) for index, value in enumerate(values)]
        self.first, self.end = first, first + len(values)
        self.most_at_once = 0

    def bounds(self, topic: str, partitions: Sequence[int], timeout_s: float = 1) -> dict[int, tuple[int, int]]:
        assert topic == "events.rejected"
        return dict.fromkeys(partitions, (self.first, self.end))

    def read(self, topic: str, partition: int, first: int, end: int) -> list[Record]:
        assert (topic, partition) == ("events.rejected", 0)
        assert self.first <= first <= end <= self.end
        self.most_at_once = max(self.most_at_once, end - first)
        return [record for record in self.records if first <= record.offset < end]


def reject(number: int, event_id: str | None = None) -> bytes:
    return reject_record(Reject("wrong_type", "A sentence.", event_id), b"%d" % number, "shop", number)


def never(offset: int) -> None:
    raise AssertionError(f"{offset} can be read")


@pytest.mark.parametrize("window", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("first", [0, 41])
def test_all_are_read_once_newest_first_in_windows(window: int, first: int) -> None:
    log = Memory([reject(number) for number in range(7)], first)
    found = list(newest_first(log, never, window))
    assert [kept.offset for kept in found] == [*range(first + 6, first - 1, -1)]
    assert [kept.reject.original for kept in found] == [b"%d" % number for number in range(6, -1, -1)]
    assert log.most_at_once == min(window, 7)


def test_no_more_is_read_than_needed() -> None:
    log = Memory([b"never read"] * 90 + [reject(number) for number in range(10)])
    assert len(list(islice(newest_first(log, never, 10), 10))) == 10


def test_an_empty_topic_has_none() -> None:
    assert list(newest_first(Memory([]), never)) == []
    assert find(Memory([], 9), "9", never) == []


@pytest.mark.parametrize("strange", [b"", b"{}", b"\xff", b'{"event_id": 1}', b"[1]"])
def test_a_record_that_is_no_reject_is_reported_and_left_out(strange: bytes) -> None:
    unreadable: list[int] = []
    log = Memory([reject(0), strange, reject(2)])
    assert [kept.offset for kept in newest_first(log, unreadable.append)] == [2, 0]
    assert find(log, "1", unreadable.append) == []
    assert unreadable == [1, 1]


def test_an_event_id_names_all_its_rejects() -> None:
    log = Memory([reject(0, "one"), reject(1, "two"), reject(2), reject(3, "one")])
    assert [kept.offset for kept in find(log, "one", never)] == [3, 0]
    assert find(log, "three", never) == []


@pytest.mark.parametrize(("name", "found"), [("40", []), ("41", [41]), ("42", [42]), ("43", []), ("9" * 40, [])])
def test_a_number_is_an_offset(name: str, found: list[int]) -> None:
    log = Memory([reject(0, "42"), reject(1)], 41)
    assert [kept.offset for kept in find(log, name, never)] == found


@pytest.mark.parametrize("name", ["²", "٤٢", "-1", "4 1", ""])
def test_a_text_that_only_looks_like_a_number_is_no_offset(name: str) -> None:
    assert find(Memory([reject(0, "other")] * 50), name, never) == []

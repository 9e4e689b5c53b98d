"""The drain: it sends in order, repeats until confirmed, and never deletes unconfirmed records.

`Wire` replaces the producer: it takes records and reports each once, good or bad, through the real `Batch`.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall.sites import spool_drain as module
from footfall.sites.producer import Batch
from footfall.sites.spool import Record, Spool, Topic
from footfall.sites.spool_drain import Drain
from tests.support.platform import await_true


class Wire:
    """A producer whose Kafka is `up` or away, or which reports nothing while it is `silent`."""

    def __init__(self, up: bool = True) -> None:
        self.up = up
        self.silent = False
        # Values that fail once.
        self.unlucky: set[bytes] = set()
        self.arrived: list[bytes] = []
        self.sent: list[int] = []
        self.unreported: list[Batch] = []

    def send(self, records: Sequence[Record]) -> Batch:
        batch = Batch(len(records))
        self.sent.append(len(records))
        if self.silent:
            self.unreported.append(batch)
            return batch
        for index, record in enumerate(records):
            delivered = self.up and record.value not in self.unlucky
            self.unlucky.discard(record.value)
            if delivered:
                self.arrived.append(record.value)
            batch.report(index, delivered)
        return batch

    @property
    def numbers(self) -> list[int]:
        return [int(value) for value in self.arrived]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BACK_OFF_S", 0.02)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "shop", 2**20, 1000)
    yield made
    made.close()


@contextmanager
def draining(spool: Spool, wire: Wire) -> Iterator[None]:
    drain = Drain(spool, wire)  # type: ignore[arg-type]
    drain.start()
    try:
        yield
    finally:
        drain.stop()


def fill(spool: Spool, numbers: Sequence[int]) -> None:
    for number in numbers:
        spool.append([Record(Topic.EVENTS, number, b"", b"%d" % number)])


def test_what_waits_is_sent_in_order_and_the_spool_is_left(spool: Spool, tmp_path: Path) -> None:
    fill(spool, range(300))
    wire = Wire()
    with draining(spool, wire):
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
        await_true(lambda: not spool.behind, "new events to go straight to Kafka", 10, 0.01)
        assert wire.numbers == [*range(300)]
        fill(spool, [300])
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
    assert wire.numbers == [*range(301)]
    assert [*(tmp_path / "shop").glob("*.spool")] == []


def test_while_kafka_is_away_few_records_ask_for_it_and_all_stay(spool: Spool) -> None:
    fill(spool, range(300))
    wire = Wire(up=False)
    with draining(spool, wire):
        await_true(lambda: len(wire.sent) > 5, "several attempts", 10, 0.01)
        assert set(wire.sent) == {16}
        assert spool.behind
        assert spool.records == 300
        wire.up = True
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
        await_true(lambda: not spool.behind, "new events to go straight to Kafka", 10, 0.01)
    assert wire.numbers == [*range(300)]


def test_what_failed_is_sent_again_before_what_comes_later(spool: Spool) -> None:
    fill(spool, range(100))
    wire = Wire()
    wire.unlucky = {b"3", b"40"}
    with draining(spool, wire):
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
    assert sorted(wire.numbers) == [*range(100)]
    # 3 was in the first sixteen, which were sent again before anything else.
    assert wire.numbers[:16] == [0, 1, 2, *range(4, 16), 3]


def test_kafka_that_goes_away_again_lets_new_events_go_behind(spool: Spool) -> None:
    wire = Wire()
    with draining(spool, wire):
        fill(spool, [0])
        await_true(lambda: spool.records == 0 and not spool.behind, "an empty spool", 10, 0.01)
        wire.up = False
        fill(spool, [1])
        attempts = len(wire.sent)
        await_true(lambda: len(wire.sent) > attempts + 2, "failed attempts", 10, 0.01)
        assert spool.behind
        assert spool.records == 1
        wire.up = True
        await_true(lambda: spool.records == 0 and not spool.behind, "an empty spool", 10, 0.01)
    assert wire.numbers == [0, 1]


def test_the_first_answer_must_come_before_new_events_may_overtake(spool: Spool) -> None:
    wire = Wire()
    wire.silent = True
    fill(spool, [0])
    with draining(spool, wire):
        await_true(lambda: len(wire.unreported) == 1, "an attempt", 10, 0.01)
        # All is in the producer's queue, but nothing says that Kafka is there.
        assert spool.behind
        wire.silent = False
        wire.unreported[0].report(0, True)
        await_true(lambda: not spool.behind, "new events to go straight to Kafka", 10, 0.01)


def test_an_end_while_reports_are_awaited_is_prompt_and_loses_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "shop", 2**20, 1000)
    fill(spool, range(50))
    wire = Wire()
    wire.silent = True
    with draining(spool, wire):
        await_true(lambda: len(wire.unreported) == 1, "an attempt", 10, 0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    spool.close()
    again = Spool(tmp_path / "shop", 2**20, 1000)
    try:
        assert again.records == 50
        wire = Wire()
        with draining(again, wire):
            await_true(lambda: again.records == 0, "an empty spool", 10, 0.01)
        assert wire.numbers == [*range(50)]
    finally:
        again.close()


def test_a_report_that_never_comes_is_not_waited_for_without_end(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.3)
    wire = Wire()
    wire.silent = True
    fill(spool, [0])
    with draining(spool, wire):
        await_true(lambda: len(wire.unreported) == 1, "an attempt", 10, 0.01)
        wire.silent = False
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
    assert wire.numbers == [0]


def test_a_spool_that_cannot_be_read_is_tried_again(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take, failures = spool.take, [OSError(5, "Input/output error")] * 3

    def failing() -> list[Record]:
        if failures:
            raise failures.pop()
        return take()

    monkeypatch.setattr(spool, "take", failing)
    fill(spool, [0])
    wire = Wire()
    with draining(spool, wire):
        await_true(lambda: spool.records == 0, "an empty spool", 10, 0.01)
    assert wire.numbers == [0]
    assert "the spool cannot be read" in caplog.text


def test_under_appends_and_failures_everything_arrives(spool: Spool) -> None:
    wire = Wire()
    stop = threading.Event()

    def flicker() -> None:
        while not stop.wait(0.03):
            wire.up = not wire.up
        wire.up = True

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        with draining(spool, wire):
            for number in range(400):
                fill(spool, [number])
                time.sleep(0.001)
            stop.set()
            await_true(lambda: spool.records == 0, "an empty spool", 20, 0.01)
    finally:
        stop.set()
        thread.join()
    assert sorted(set(wire.numbers)) == [*range(400)]


def test_a_batch_lists_the_records_not_known_to_be_delivered() -> None:
    batch = Batch(3)
    batch.report(1, True)
    assert batch.wait(0) == [0, 2]
    assert not batch.reported
    batch.report(0, True)
    batch.report(2, False)
    assert batch.reported
    assert batch.wait(10) == [2]
    assert batch.wait(10) == [2]


def test_a_batch_of_nothing_has_its_reports() -> None:
    batch = Batch(0)
    assert batch.reported
    assert batch.wait(10) == []


def test_a_wait_ends_with_the_last_report() -> None:
    batch = Batch(1)
    timer = threading.Timer(0.1, batch.report, (0, True))
    timer.start()
    began = time.monotonic()
    assert batch.wait(10) == []
    assert 0.05 < time.monotonic() - began < 5
    timer.join()

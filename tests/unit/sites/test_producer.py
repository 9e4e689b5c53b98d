"""Whoever waits for a batch's reports is seen once: by the last of them, or when it has waited long enough."""

import time
from collections.abc import Iterator

import pytest

from footfall.sites.producer import Batch, KafkaProducer
from footfall.sites.spool import Record, Topic
from tests.support.platform import await_true


@pytest.fixture
def producer() -> Iterator[KafkaProducer]:
    """One whose Kafka is away."""
    made = KafkaProducer("127.0.0.1:9")
    yield made
    made.close(0)


def test_the_last_report_tells() -> None:
    batch, seen = Batch(2), []
    batch.when_reported(lambda: seen.append(batch.delivered))
    batch.report(1, True)
    assert (seen, batch.reported) == ([], False)
    batch.report(0, True)
    assert (seen, batch.reported) == ([True], True)
    batch.give_up()
    assert seen == [True]


def test_a_bad_report_tells_as_well() -> None:
    batch, seen = Batch(2), []
    batch.when_reported(lambda: seen.append(batch.delivered))
    batch.report(0, False)
    batch.report(1, True)
    assert seen == [False]
    assert batch.wait(0) == [0]


@pytest.mark.parametrize("records", [0, 1])
def test_who_asks_after_the_reports_is_told_at_once(records: int) -> None:
    batch, seen = Batch(records), []
    for index in range(records):
        batch.report(index, True)
    batch.when_reported(lambda: seen.append(batch.delivered))
    assert seen == [True]
    assert batch.wait(5) == []


def test_who_gave_up_is_not_told_again_and_the_report_counts() -> None:
    batch, seen = Batch(1), []
    batch.when_reported(lambda: seen.append(batch.delivered))
    batch.give_up()
    assert seen == [False]
    assert batch.wait(0.01) == [0]
    batch.report(0, True)
    assert seen == [False]
    assert batch.wait(0) == []


def test_a_watch_ends_without_a_report(producer: KafkaProducer) -> None:
    batch = producer.send([Record(Topic.EVENTS, 0, b"", b"{}")])
    seen: list[bool] = []
    producer.watch(batch, time.monotonic() + 0.2, lambda: seen.append(batch.reported))
    assert seen == []
    await_true(lambda: seen == [False], "the end of the watch", 5, 0.01)


def test_a_watch_of_what_is_reported_tells_at_once(producer: KafkaProducer) -> None:
    batch, seen = Batch(1), []
    batch.report(0, True)
    producer.watch(batch, time.monotonic() + 60, lambda: seen.append(batch.delivered))
    assert seen == [True]

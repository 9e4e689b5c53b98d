"""A callback that waits for a batch's reports runs once: at the last report, or when its wait is over."""

import time
from collections.abc import Iterator

import pytest

from footfall.sites.producer import Batch, KafkaProducer
from footfall.sites.spool import Record, Topic
from tests.support.platform import await_true


@pytest.fixture
def producer() -> Iterator[KafkaProducer]:
    """A producer whose Kafka is unavailable."""
    made = KafkaProducer("127.0.0.1:9")
    yield made
    made.close(0)


def test_the_last_report_runs_the_callback() -> None:
    batch, seen = Batch(2), []
    batch.when_reported(lambda: seen.append(batch.delivered))
    batch.report(1, True)
    assert (seen, batch.reported) == ([], False)
    batch.report(0, True)
    assert (seen, batch.reported) == ([True], True)
    batch.give_up()
    assert seen == [True]


def test_a_bad_report_runs_the_callback_too() -> None:
    batch, seen = Batch(2), []
    batch.when_reported(lambda: seen.append(batch.delivered))
    batch.report(0, False)
    batch.report(1, True)
    assert seen == [False]
    assert batch.wait(0) == [0]


@pytest.mark.parametrize("records", [0, 1])
def test_a_callback_after_the_reports_runs_at_once(records: int) -> None:
    batch, seen = Batch(records), []
    for index in range(records):
        batch.report(index, True)
    batch.when_reported(lambda: seen.append(batch.delivered))
    assert seen == [True]
    assert batch.wait(5) == []


def test_a_callback_that_gave_up_does_not_run_again_and_the_report_counts() -> None:
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


def test_a_watch_of_a_reported_batch_runs_its_callback_at_once(producer: KafkaProducer) -> None:
    batch, seen = Batch(1), []
    batch.report(0, True)
    producer.watch(batch, time.monotonic() + 60, lambda: seen.append(batch.delivered))
    assert seen == [True]

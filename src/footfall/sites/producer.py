"""Sends records to Kafka and keeps track of which of them are stored.

One idempotent librdkafka producer and one thread that polls it. A request waits for the reports of its own records.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from footfall.names import PARTITIONER, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.sites.spool import Record, Topic

log = logging.getLogger(__name__)

_TOPICS: Final = {Topic.EVENTS: TOPIC_EVENTS, Topic.REJECTED: TOPIC_REJECTED}
# Long enough to survive a leader election or a broker restart without a second copy, and short enough that few
# records are in both the queue and the spool.
DELIVERY_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.1
_ANSWER_AGE_S: Final = 5.0
# How long Kafka is asked for, and how long the answer counts.
_ASKING_S: Final = 1.0
_QUIET_S: Final = 60.0


def producer_settings(bootstrap: str) -> dict[str, Any]:
    """Settings of every producer in this project: idempotent, and acknowledged only when stored.

    bootstrap: Kafka's `host:port`; it need not answer yet.
    """
    return {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": PARTITIONER,
        "compression.type": "zstd",
        # A broker that is suspended rather than dead keeps its connections open but silent.
        "socket.timeout.ms": 6_000,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
        # `up` creates the topics; a topic that does not exist yet must be found soon after its creation.
        "topic.metadata.refresh.interval.ms": 60_000,
        "topic.metadata.propagation.max.ms": 5_000,
        "log_level": 3,
        "logger": _Quiet(),
    }


class Batch:
    """The delivery reports of the records of one `send`."""

    __slots__ = ("_callback", "_delivered", "_left", "_lock")

    def __init__(self, records: int) -> None:
        self._delivered = [False] * records
        self._left = records
        self._lock = threading.Lock()
        self._callback: Callable[[], None] | None = None

    def report(self, index: int, delivered: bool) -> None:
        """Takes the only report about the record `index`."""
        with self._lock:
            self._delivered[index] = delivered
            self._left -= 1
            left = self._left
        if left == 0:
            self.give_up()

    @property
    def reported(self) -> bool:
        """Whether each record has its report, successful or not."""
        return self._left == 0

    @property
    def delivered(self) -> bool:
        """Whether each record is known to be in Kafka."""
        return self._left == 0 and all(self._delivered)

    def when_reported(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once, on any thread: at the last report, or earlier if `give_up` is called.

        Replaces an earlier callback that has not been called yet.
        """
        with self._lock:
            if self._left:
                self._callback = callback
                return
        callback()

    def give_up(self) -> None:
        """Stops the waiting and calls the callback; later reports still count."""
        with self._lock:
            callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def wait(self, seconds: float) -> list[int]:
        """Waits up to `seconds` for all reports; returns the indices of records not known to be in Kafka."""
        if self._left and seconds > 0:
            # A plain lock is several times cheaper than an Event.
            waiting = threading.Lock()
            waiting.acquire()
            self.when_reported(waiting.release)
            waiting.acquire(timeout=seconds)
        with self._lock:
            return [index for index, delivered in enumerate(self._delivered) if not delivered]


class KafkaProducer:
    """A producer that recovers from fatal errors. Safe for any thread."""

    def __init__(self, bootstrap: str) -> None:
        """bootstrap: Kafka's `host:port`; it need not answer yet."""
        self._configuration: dict[str, Any] = {
            **producer_settings(bootstrap),
            # Requests that arrive together share a batch; each waits at most this long for it.
            "linger.ms": 2,
            "delivery.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
            # Further events go to the spool, whose size limit is a setting.
            "queue.buffering.max.messages": 50_000,
            "queue.buffering.max.kbytes": 65_536,
            "error_cb": self._on_error,
        }
        self._fatal = threading.Event()
        self._stop = threading.Event()
        self._last_delivery = -_ANSWER_AGE_S
        self._last_failure = -_ANSWER_AGE_S
        # Deadlines (monotonic seconds) with the batches that callers wait for; the earliest first.
        self._watched: deque[tuple[float, Batch]] = deque()
        self._asking = threading.Lock()
        self._asked_at = -_ASKING_S
        self._answered = False
        self._producer = Producer(self._configuration)
        self._thread = threading.Thread(target=self._poll, name="kafka-reports", daemon=True)
        self._thread.start()

    def send(self, records: Sequence[Record]) -> Batch:
        """Passes the records to the producer, in order; the batch collects their reports. Never raises.

        A record that the producer refuses, because its queue is full or it has failed, counts as failed.
        """
        batch = Batch(len(records))
        producer = self._producer
        for index, record in enumerate(records):
            try:
                producer.produce(
                    _TOPICS[record.topic],
                    record.value,
                    record.key or None,
                    on_delivery=partial(self._on_report, batch, index),
                )
            except (BufferError, KafkaException) as error:
                self._note_failure(error.args[0] if isinstance(error, KafkaException) else None)
                batch.report(index, False)
        return batch

    def watch(self, batch: Batch, until: float, callback: Callable[[], None]) -> None:
        """Calls `callback` once, on any thread, when `batch` has all its reports, or soon after `until`.

        until: monotonic seconds; each call must pass the same distance from now.
        """
        batch.when_reported(callback)
        if not batch.reported:
            self._watched.append((until, batch))

    def answers(self) -> bool:
        """Whether Kafka answers: by a delivery in the last seconds, else by asking it.

        One caller asks, which takes at most a second. Who comes meanwhile, or soon after, gets the last answer: a crowd
        that asks must not keep the threads that serve pages.
        """
        if time.monotonic() - self._last_delivery < _ANSWER_AGE_S and self._last_delivery > self._last_failure:
            return True
        if not self._asking.acquire(blocking=False):
            return self._answered
        try:
            if time.monotonic() - self._asked_at >= _ASKING_S:
                self._answered = self._ask()
                self._asked_at = time.monotonic()
            return self._answered
        finally:
            self._asking.release()

    def _ask(self) -> bool:
        try:
            self._producer.list_topics(TOPIC_EVENTS, timeout=_ASKING_S)
        except KafkaException:
            return False
        return True

    def close(self, seconds: float) -> int:
        """Sends the queued records for up to `seconds` and ends; returns how many records were given up."""
        self._stop.set()
        self._thread.join()
        left: int = self._producer.flush(seconds)
        return left

    def _poll(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(_POLL_S)
            self._end_watches()
            if self._fatal.is_set():
                self._replace()

    def _end_watches(self) -> None:
        now = time.monotonic()
        while self._watched:
            until, batch = self._watched[0]
            if not batch.reported and now < until:
                return
            self._watched.popleft()
            batch.give_up()

    def _replace(self) -> None:
        """Replaces the producer after a fatal error, which is permanent; the records of the old one fail."""
        broken = self._producer
        try:
            self._producer = Producer(self._configuration)
        except KafkaException as error:
            # No threads or memory for a new producer: events are spooled until there is one.
            log.error("no new producer could be made: %s", error)
            self._stop.wait(1.0)
            return
        self._fatal.clear()
        broken.purge()
        broken.flush(1.0)
        log.error("the producer failed for good and was replaced")

    def _on_report(self, batch: Batch, index: int, error: KafkaError | None, _message: object) -> None:
        if error is None:
            self._last_delivery = time.monotonic()
        else:
            self._note_failure(error)
        batch.report(index, error is None)

    def _on_error(self, error: KafkaError) -> None:
        # librdkafka restores lost connections itself; only fatal errors matter here.
        if error.fatal():
            self._note_failure(error)

    def _note_failure(self, error: KafkaError | None) -> None:
        self._last_failure = time.monotonic()
        if error is not None and error.fatal():
            log.error("the producer reports a fatal error: %s", error.str())
            self._fatal.set()


class _Quiet(logging.Logger):
    """librdkafka's own log, at most one line a minute: it reports an unavailable broker many times a second."""

    def __init__(self) -> None:
        super().__init__(f"{__name__}.librdkafka", logging.WARNING)
        self.parent = log
        self._next = 0.0

    def handle(self, record: logging.LogRecord) -> None:
        """Passes on at most one line a minute."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _QUIET_S
            super().handle(record)

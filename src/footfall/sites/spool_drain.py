"""Sends the spool to Kafka: one thread retries, in order, until the spool is empty."""

import logging
import threading
import time
from typing import Final

from footfall.sites.producer import DELIVERY_TIMEOUT_S, Batch, KafkaProducer
from footfall.sites.spool import Record, Spool

log = logging.getLogger(__name__)

_IDLE_S: Final = 0.5
# The producer reports every record within its own timeout; this only guards against a report that never comes.
_PATIENCE_S: Final = DELIVERY_TIMEOUT_S + 5.0
_BACK_OFF_S: Final = 0.5
# A wait for reports checks this often whether the process is stopping.
_LOOK_S: Final = 0.2
# While Kafka is unavailable, only this many records probe it, instead of filling the producer's queue.
_PROBE_RECORDS: Final = 16


class Drain:
    """Sends the records of a spool through a producer. Once Kafka confirms some, new events may bypass the spool."""

    def __init__(self, spool: Spool, producer: KafkaProducer) -> None:
        self._spool = spool
        self._producer = producer
        self._stop = threading.Event()
        self._proven = False
        self._thread = threading.Thread(target=self._run, name="spool-drain", daemon=True)

    def start(self) -> None:
        """Starts the thread; it first sends what an earlier process left in the spool."""
        self._thread.start()

    def stop(self) -> None:
        """Stops soon, also while reports are awaited; records that are not in Kafka stay in the spool."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._spool.wait(_IDLE_S):
                    self._send(self._spool.take())
            except OSError as error:
                log.error("the spool cannot be read: %s", error)
                self._stop.wait(_BACK_OFF_S)

    def _send(self, records: list[Record]) -> None:
        while records and not self._stop.is_set():
            part = records if self._proven else records[:_PROBE_RECORDS]
            batch = self._producer.send(part)
            if self._proven and len(part) == len(records):
                # All waiting records are in the producer's queue, so new ones may join that queue and keep the order.
                self._spool.hand_over()
            failed = [part[index] for index in self._await(batch)]
            if failed:
                if self._proven:
                    log.warning("Kafka does not take what is spooled; %d records wait", self._spool.records)
                self._proven = False
                self._spool.fall_behind()
                self._stop.wait(_BACK_OFF_S)
            else:
                self._proven = True
            records = failed + records[len(part) :]
        if not records:
            self._spool.delivered()
            if self._proven and self._spool.hand_over():
                log.info("the spool is empty")

    def _await(self, batch: Batch) -> list[int]:
        """Waits until each record has a report or the process stops; returns the indices of unconfirmed records."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            missing = batch.wait(_LOOK_S)
            if batch.reported or self._stop.is_set() or time.monotonic() > until:
                return missing

"""The alert bolt: receives the figures of each slot from the counting bolts, raises alerts and resolves them.

Its state is in memory. It loads the state from the live tables when it starts and after a backlog, so it loses nothing
if it dies: all reported events are counted by then, and an alert that was being written gets the same id again.
"""

import logging
import time
from typing import Final

import orjson
from confluent_kafka import Producer

from footfall import names
from footfall.realtime import tables
from footfall.realtime.alerts import past
from footfall.realtime.alerts.alert import Alert, row
from footfall.realtime.alerts.figures import SLOT_MS, FiguresBySlot, decode_report, merge_into, minute_of, slot_of
from footfall.realtime.alerts.watch import Watch
from footfall.realtime.multilang import Message, Pipe, Setup, serve
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore, HBaseUnavailable
from footfall.settings import load_settings

log = logging.getLogger(__name__)

# Most events of a slot are reported within this time after its end; the others are judged with the next slot.
_GRACE_MS: Final = 1_000
# If counting is further behind, missing events cannot be told from events that are not counted yet.
_MAX_BEHIND_MS: Final = 5_000
_RETRY_S: Final = 1.0
_RESTART_AFTER_S: Final = 30.0
_DELIVERY_TIMEOUT_S: Final = 5.0


class AlertBolt:
    """The alert bolt; see `multilang.Bolt`. It acknowledges a report on arrival, before the figures are judged."""

    def __init__(self) -> None:
        self._caught_up_ms: dict[str, int] = {}
        # Reported figures that the watch does not have yet; without a watch, only those of the current minute.
        self._waiting: FiguresBySlot = {}
        self._watch: Watch | None = None
        self._judged_slot = 0
        self._unpublished: list[Alert] = []
        self._retry_at_s = 0.0

    def prepare(self, pipe: Pipe, setup: Setup) -> None:
        """Reads the settings. HBase is read only when everything is counted."""
        settings = load_settings()
        self._pipe = pipe
        self._partitions = settings.events_partitions + names.REJECTED_PARTITIONS
        self._store = HBaseStore(settings, WRITER_TIMEOUT_S)
        self._producer = Producer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                # Undelivered messages are produced again by `_publish`.
                "message.timeout.ms": int(_DELIVERY_TIMEOUT_S * 1000) - 500,
                "linger.ms": 0,
                "enable.metrics.push": False,
            }
        )

    def process(self, message: Message) -> None:
        """Takes in a counting bolt's report."""
        report = decode_report(message.values[0])
        self._pipe.ack(message.id)
        for partition, caught_up_ms in report.caught_up_ms.items():
            self._caught_up_ms[partition] = max(caught_up_ms, self._caught_up_ms.get(partition, 0))
        merge_into(self._waiting, report.figures)
        if report.is_late:
            # There was a backlog. Its figures are only in the live tables, so they must be loaded again.
            self._watch = None

    def drained(self) -> None:
        """Judges each slot once it is over. Keeps unpublished alerts while HBase or Kafka is unavailable."""
        if time.monotonic() < self._retry_at_s:
            return
        now_ms = time.time_ns() // 1_000_000
        try:
            self._judge(now_ms)
            self._publish()
        except HBaseUnavailable as error:
            log.warning("Alerts are delayed: %s", error)
            self._retry_at_s = time.monotonic() + _RETRY_S
        except Exception:
            # The counting bolts are in the same worker, and a failure here must not end it.
            log.exception("The alert bolt starts again from the live tables")
            self._watch = None
            self._retry_at_s = time.monotonic() + _RESTART_AFTER_S

    def max_wait_s(self) -> float:
        """Short, so that a slot is judged soon after its end."""
        return 0.5

    def _judge(self, now_ms: int) -> None:
        slot = slot_of(now_ms - _GRACE_MS)
        if slot <= self._judged_slot:
            return
        behind_ms = slot * SLOT_MS - min(self._caught_up_ms.values(), default=0)
        is_suspended = len(self._caught_up_ms) < self._partitions or behind_ms > _MAX_BEHIND_MS
        if self._watch is None:
            # Once everything is counted, HBase has all earlier minutes, and they are loaded from there.
            this_minute = minute_of(slot_of(now_ms))
            self._waiting = {place: one for place, one in self._waiting.items() if minute_of(place[2]) >= this_minute}
            if is_suspended:
                return
            with self._pipe.slow():
                self._watch = past.load_watch(self._store, this_minute)
                self._store.close()
            log.info("Alerts are judged; the half hour before is loaded.")
        for (app, path, of_slot), figures in self._waiting.items():
            self._watch.add(app, path, of_slot, figures)
        self._waiting = {}
        if not is_suspended:
            self._judged_slot = slot
            self._unpublished += self._watch.judge(slot)

    def _publish(self) -> None:
        """Writes alerts to HBase and then to the topic. Alerts that are not in both are written again, idempotently."""
        if not self._unpublished:
            return
        at_ms = self._judged_slot * SLOT_MS
        rows = {tables.alert_key(one): {tables.ALERT_COLUMN: tables.encode_alert(one)} for one in self._unpublished}
        failed: list[str] = []
        with self._pipe.slow():
            self._store.write(names.TABLE_ALERTS, rows, at_ms)
            # The Thrift server would close an idle connection, and only the next call would notice.
            self._store.close()
            for alert in self._unpublished:
                log.info("%s %s, %s of %d", alert.alert_id, alert.state, alert.observed, alert.n)
                self._producer.produce(
                    names.TOPIC_ALERTS,
                    orjson.dumps(row(alert)),
                    alert.alert_id,
                    on_delivery=lambda error, _: failed.append(error.str()) if error else None,
                )
            undelivered = self._producer.flush(_DELIVERY_TIMEOUT_S)
        if undelivered or failed:
            reason = failed[0] if failed else "Kafka does not answer"
            log.warning("Alerts are in HBase, but not yet in the topic %s: %s.", names.TOPIC_ALERTS, reason)
        else:
            self._unpublished = []


if __name__ == "__main__":
    serve(AlertBolt())

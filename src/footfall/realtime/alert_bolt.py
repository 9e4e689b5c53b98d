"""The bolt that judges: takes what the counting bolts tell of each moment, raises alerts and resolves them.

What it knows is in memory, and is read from the live tables when it begins and after a backlog. It loses nothing if it
dies: what it was told is counted by then, and an alert that was being written is found again under the same id.
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
from footfall.realtime.alerts.moments import SLOT_MS, Moments, decode, gather, minute_of, slot_of
from footfall.realtime.alerts.watch import Watch
from footfall.realtime.multilang import Message, Pipe, Setup, serve
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore, HBaseUnavailable
from footfall.settings import load_settings

log = logging.getLogger(__name__)

# Most of what comes in a slot is counted and reported so soon after its end; the rest is looked at with the next one.
_GRACE_MS: Final = 1_000
# Who is further behind cannot tell what is missing from what is yet to come.
_MOST_BEHIND_MS: Final = 5_000
_RETRY_S: Final = 1.0
_ANEW_S: Final = 30.0
_TOPIC_WITHIN_S: Final = 5.0
_PARTITIONS: Final = names.EVENTS_PARTITIONS + names.REJECTED_PARTITIONS


class AlertBolt:
    """See `multilang.Bolt`. Moments are acknowledged when they are here: nobody waits for them to be judged."""

    def __init__(self) -> None:
        self._caught_up_ms: dict[str, int] = {}
        # Reported and not yet known to the watch; while there is none, of the present minute only.
        self._waiting: Moments = {}
        self._watch: Watch | None = None
        self._judged = 0
        self._untold: list[Alert] = []
        self._retry_at_s = 0.0

    def prepare(self, pipe: Pipe, setup: Setup) -> None:
        """Reads the settings; HBase is asked when all is counted."""
        settings = load_settings()
        self._pipe = pipe
        self._store = HBaseStore(settings, WRITER_TIMEOUT_S)
        self._producer = Producer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                # What is not delivered by then is produced again, by us.
                "message.timeout.ms": int(_TOPIC_WITHIN_S * 1000) - 500,
                "linger.ms": 0,
                "enable.metrics.push": False,
            }
        )

    def process(self, message: Message) -> None:
        """Takes in a counting bolt's report."""
        report = decode(message.values[0])
        self._pipe.ack(message.id)
        for partition, caught_up_ms in report.caught_up_ms.items():
            self._caught_up_ms[partition] = max(caught_up_ms, self._caught_up_ms.get(partition, 0))
        gather(self._waiting, report.moments)
        if report.is_late:
            # There was a backlog, and what was counted of it is in the tables alone: they are read again.
            self._watch = None

    def drained(self) -> None:
        """Judges each slot once it is over; while HBase or Kafka is away, keeps what is to be told."""
        if time.monotonic() < self._retry_at_s:
            return
        now_ms = time.time_ns() // 1_000_000
        try:
            self._judge(now_ms)
            self._tell()
        except HBaseUnavailable as error:
            log.warning("Alerts wait: %s", error)
            self._retry_at_s = time.monotonic() + _RETRY_S
        except Exception:
            # Counting is in the same worker, and must not end for the sake of judging.
            log.exception("Alerts begin anew")
            self._watch = None
            self._retry_at_s = time.monotonic() + _ANEW_S

    def patience_s(self) -> float:
        """A slot is looked at soon after its end."""
        return 0.5

    def _judge(self, now_ms: int) -> None:
        slot = slot_of(now_ms - _GRACE_MS)
        if slot <= self._judged:
            return
        behind_ms = slot * SLOT_MS - min(self._caught_up_ms.values(), default=0)
        is_suspended = len(self._caught_up_ms) < _PARTITIONS or behind_ms > _MOST_BEHIND_MS
        if self._watch is None:
            # All before this minute is in HBase once everything is counted, and is read from there.
            this_minute = minute_of(slot_of(now_ms))
            self._waiting = {place: one for place, one in self._waiting.items() if minute_of(place[2]) >= this_minute}
            if is_suspended:
                return
            with self._pipe.slow():
                self._watch = past.watch(self._store, this_minute)
                self._store.close()
            log.info("Alerts are judged, knowing the half hour before.")
        for (app, path, of_slot), moment in self._waiting.items():
            self._watch.add(app, path, of_slot, moment)
        self._waiting = {}
        if not is_suspended:
            self._judged = slot
            self._untold += self._watch.judge(slot)

    def _tell(self) -> None:
        """Into HBase and then into the topic; what is not in both is told again, which changes nothing."""
        if not self._untold:
            return
        at_ms = self._judged * SLOT_MS
        told = {tables.alert_key(alert): {tables.ALERT_COLUMN: tables.encode_alert(alert)} for alert in self._untold}
        failed: list[str] = []
        with self._pipe.slow():
            self._store.write(names.TABLE_ALERTS, told, at_ms)
            # The gateway would end an idle connection, which is seen only by the next call.
            self._store.close()
            for alert in self._untold:
                log.info("%s %s, %s of %d", alert.alert_id, alert.state, alert.observed, alert.n)
                self._producer.produce(
                    names.TOPIC_ALERTS,
                    orjson.dumps(row(alert)),
                    alert.alert_id,
                    on_delivery=lambda error, _: failed.append(error.str()) if error else None,
                )
            left = self._producer.flush(_TOPIC_WITHIN_S)
        if left or failed:
            why = failed[0] if failed else "Kafka does not answer"
            log.warning("Alerts are in HBase, but not yet in the topic %s: %s.", names.TOPIC_ALERTS, why)
        else:
            self._untold = []


if __name__ == "__main__":
    serve(AlertBolt())

"""Sends a repaired reject to Kafka. The site's ledger records it first, so that `verify` can account for it."""

from typing import Any

import orjson

from footfall.names import TOPIC_EVENTS
from footfall.runtime import disk_mark
from footfall.settings import Settings
from footfall.sites.trusted_producer import NotStored, RecordPosition, TrustedProducer
from footfall.sites.visitors.ledger import Entry, Ledger


def replay(settings: Settings, stored: dict[str, Any], now_ms: int) -> RecordPosition:
    """Stores an event that `events.repair` produced and returns its position.

    Raises NotStored. Raises OSError, before anything is sent, if the ledger cannot be written. A ledger line without an
    event does no harm, and neither does a second copy of the event.
    """
    if disk_mark.is_low(settings):
        raise NotStored("The disk is nearly full: free some space, then repeat the command.")
    producer = TrustedProducer(settings.kafka_bootstrap)
    producer.expect_partitions(TOPIC_EVENTS, settings.events_partitions)
    ledger = Ledger(settings, stored["app_id"])
    try:
        ledger.write([Entry("replayed", now_ms, stored["event_id"], stored["session_id"], seq=stored["seq"])])
    finally:
        ledger.close()
    return producer.send_one(TOPIC_EVENTS, stored["session_id"], orjson.dumps(stored))

"""A mended reject goes in again: announced in its site's ledger first, then stored, so that `verify` can explain it."""

from typing import Any

import orjson

from footfall.names import EVENTS_PARTITIONS, TOPIC_EVENTS
from footfall.settings import Settings
from footfall.sites.trusted_producer import NotStored, RecordPosition, TrustedProducer
from footfall.sites.visitors.ledger import Entry, Ledger


def replay(settings: Settings, stored: dict[str, Any], now_ms: int) -> RecordPosition:
    """Stores an event that `events.repair` made, and returns where it is.

    Raises NotStored, and OSError if the ledger cannot be written; nothing is sent then. A line in the ledger without
    an event is harmless, as is the same event again.
    """
    if (settings.run_dir / "disk-low").exists():
        raise NotStored("The disk is nearly full: make room, then do the same again.")
    producer = TrustedProducer(settings.kafka_bootstrap)
    if (partitions := producer.partitions(TOPIC_EVENTS)) != EVENTS_PARTITIONS:
        raise NotStored(f"The topic {TOPIC_EVENTS} has {partitions} partitions, not {EVENTS_PARTITIONS}.")
    ledger = Ledger(settings, stored["app_id"])
    try:
        ledger.write([Entry("replayed", now_ms, stored["event_id"], stored["session_id"], seq=stored["seq"])])
    finally:
        ledger.close()
    return producer.send_one(TOPIC_EVENTS, stored["session_id"], orjson.dumps(stored))

"""Kafka is away under load: visitors are still answered 202, and nothing that was accepted is missing afterwards."""

import json
import os
import signal
import time
import urllib.request

from footfall.names import APP_IDS
from tests.support import batches
from tests.support.platform import Platform, await_true

_AWAY_S = 60


def test_kafka_away_for_a_minute(busy_platform: Platform) -> None:
    pid, before = int(busy_platform.service("kafka")["pid"]), batches.latest(busy_platform.settings)
    # Stopped, not killed: connections stay open and unanswered, which is the harder case for a producer.
    os.kill(pid, signal.SIGSTOP)
    until_s = time.monotonic() + _AWAY_S
    try:
        await_true(lambda: all(_spooled(busy_platform, app) > 20 for app in APP_IDS), "events in every spool", _AWAY_S)
        time.sleep(max(0.0, until_s - time.monotonic()))
    finally:
        os.kill(pid, signal.SIGCONT)
    await_true(lambda: all(_spooled(busy_platform, app) == 0 for app in APP_IDS), "empty spools", 120)
    busy_platform.assert_verified()
    assert batches.latest(busy_platform.settings).totals.archived > before.totals.archived


def _spooled(running: Platform, app: str) -> int:
    address = f"http://127.0.0.1:{running.settings.port(app)}/healthz"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return int(json.load(answer)["spool_records"])

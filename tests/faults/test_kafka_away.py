"""Kafka is down under load, and a collector dies meanwhile: every event is answered 202 and counted once."""

import json
import threading
import time
import urllib.request
from http.client import HTTPException
from typing import Any
from uuid import UUID

from footfall.events.identity import new_uuid7
from footfall.events.times import format_rfc3339_ms
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from tests.support import batches
from tests.support.collecting import post
from tests.support.events import example_event
from tests.support.long_tests import LONG
from tests.support.platform import Platform, await_true

# More than twice the time after which a site's producer gives up a record. `test all` uses the whole minute.
_AWAY_S = 60 if LONG else 30


class _Client(threading.Thread):
    """Posts events one by one until `stop` is set. Like a tracker, it repeats each event until it is answered."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        super().__init__()
        self.session_id = new_uuid7(int(time.time() * 1000))
        self.acknowledged: list[str] = []
        self.unanswered = 0
        self.refused: list[tuple[int, dict[str, Any]]] = []
        self._settings, self._stop_requested = settings, stop

    def run(self) -> None:
        while not self._stop_requested.wait(0.03):
            now_ms = int(time.time() * 1000)
            event = example_event(now_ms, app_id="news", session_id=self.session_id, seq=len(self.acknowledged))
            while not self._is_answered(event):
                self.unanswered += 1
                event["sent_at"] = format_rfc3339_ms(int(time.time() * 1000))
                time.sleep(0.1)

    def _is_answered(self, event: dict[str, Any]) -> bool:
        try:
            status, answer = post(self._settings, "news", json.dumps([event]).encode())
        except (OSError, HTTPException):
            return False
        if (status, answer) == (202, {"accepted": 1, "rejected": []}):
            self.acknowledged.append(event["event_id"])
        else:
            self.refused.append((status, answer))
        return True


def test_kafka_is_away_and_a_collector_dies_meanwhile(verified_platform: Platform) -> None:
    before = batches.latest(verified_platform.settings)
    stop = threading.Event()
    clients = [_Client(verified_platform.settings, stop) for _ in range(4)]

    def await_answers() -> None:
        count = {client: len(client.acknowledged) for client in clients}
        await_true(lambda: all(len(c.acknowledged) >= count[c] + 10 for c in clients), "answers to each client", 30)

    for client in clients:
        client.start()
    try:
        await_answers()
        # Kafka is paused, not killed: a killed broker would be the easier case for a producer.
        with verified_platform.paused("kafka"):
            until_s = time.monotonic() + _AWAY_S
            await_true(
                lambda: all(_spooled(verified_platform, app) > 20 for app in DEMO_SITES), "events in each spool", 60
            )
            # The collector dies with acknowledged events in its spool.
            collector = verified_platform.kill_service("site-news")
            time.sleep(max(0.0, until_s - time.monotonic()))
        verified_platform.await_back("site-news", collector)
        await_answers()
    finally:
        stop.set()
        for client in clients:
            client.join(60)
    assert not any(client.is_alive() for client in clients)
    assert [client.refused for client in clients] == [[]] * len(clients)
    # Otherwise no client was active when the collector died.
    assert any(client.unanswered for client in clients)
    await_true(lambda: all(_spooled(verified_platform, app) == 0 for app in DEMO_SITES), "empty spools", 120)
    verified_platform.await_figures()
    store = HBaseStore(verified_platform.settings)
    try:
        counted = store.read_sessions([client.session_id for client in clients])
    finally:
        store.close()
    for client in clients:
        assert len(client.acknowledged) > 50
        # Each acknowledged event is counted once, even if it was sent again because the first answer was lost.
        assert set(counted[client.session_id]) == {UUID(event_id).bytes for event_id in client.acknowledged}
    batches.await_archived(verified_platform.settings, before.totals.archived + 1, 60)


def _spooled(running: Platform, app: str) -> int:
    address = f"http://127.0.0.1:{running.settings.port(app)}/healthz"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return int(json.load(answer)["spool_records"])

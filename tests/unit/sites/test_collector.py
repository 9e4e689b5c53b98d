"""The collector on a real site without Kafka: every event answered with 202 is on disk, and no request gets a 500."""

import base64
import gzip
import itertools
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from footfall import site_registry
from footfall.events.identity import new_uuid7, uuid7_ms
from footfall.events.rejects import RejectRecord, read_reject_record
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.events.validate import check_stored
from footfall.host_names import SENTENCE
from footfall.settings import Ports, Retention, Settings
from footfall.site_registry import DemoSite
from footfall.sites import collector as module
from footfall.sites import server as site_server
from footfall.sites.app import create_app
from footfall.sites.collector import Collector
from footfall.sites.rate_limit import FloodGate
from footfall.sites.spool import Record, Spool, Topic
from tests.support.events import ABSENT, example_event
from tests.support.platform import await_true

HOUR_MS = 3_600_000
KIB = 1024
# Each request comes from its own address unless a test sets one.
ADDRESSES = map("198.51.100.{}".format, itertools.cycle(range(1, 255)))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def an_event(**overrides: Any) -> dict[str, Any]:
    return example_event(now_ms(), **overrides)


def spooled(settings: Settings, app_id: str, scratch: Path) -> list[Record]:
    """The records that the spool of a running site would pass to its next process."""
    scratch.mkdir(parents=True)
    for path in (settings.spool_dir / app_id).glob("*.spool"):
        shutil.copy(path, scratch)
    copy = Spool(scratch, 2**30)
    try:
        return [record for taken in iter(copy.take, []) for record in taken]
    finally:
        copy.close()
        shutil.rmtree(scratch)


class Site:
    """A site with its real collector."""

    def __init__(self, settings: Settings, app_id: DemoSite, collector: Collector) -> None:
        self.settings = settings
        self.app_id = app_id
        self.collector = collector
        self.client = create_app(app_id, settings, collector).test_client()
        self._seen = len(self._all())

    def post(self, body: object, headers: dict[str, str] | None = None, remote: str = "127.0.0.1") -> TestResponse:
        """Posts bytes unchanged, anything else as JSON."""
        return self.client.post(
            "/collect",
            data=body if isinstance(body, bytes) else orjson.dumps(body),
            headers={
                "X-Forwarded-For": next(ADDRESSES),
                "Content-Type": "application/json",
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                **(headers or {}),
            },
            environ_overrides={"REMOTE_ADDR": remote},
        )

    def stored(self) -> list[Record]:
        """The records stored since the last call."""
        found = self._all()
        new, self._seen = found[self._seen :], len(found)
        return new

    def events(self) -> list[dict[str, Any]]:
        """The events stored since the last call; fails if anything else was stored, or an event that is not valid."""
        events = []
        for record in self.stored():
            assert record.topic is Topic.EVENTS
            event = orjson.loads(record.value)
            assert check_stored(event) is None
            assert record.key.decode() == event["session_id"]
            events.append(event)
        return events

    def rejects(self) -> list[RejectRecord]:
        """The rejects stored since the last call; fails if anything else was stored."""
        records = self.stored()
        assert {record.topic for record in records} <= {Topic.REJECTED}
        assert {record.key for record in records} <= {b""}
        return [read_reject_record(record.value) for record in records]

    def bytes_on_disk(self) -> bytes:
        """The contents of all spool and log files."""
        folders = (self.settings.spool_dir, self.settings.logs_dir)
        return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())

    def _all(self) -> list[Record]:
        return spooled(self.settings, self.app_id, self.settings.home / "copy")


@contextmanager
def away() -> Iterator[int]:
    """A port that refuses connections and that no other process gets."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def fall_behind(settings: Settings, app_id: DemoSite) -> None:
    """Leaves a record of an earlier process in the spool, so that no request waits for Kafka first."""
    spool = Spool(settings.spool_dir / app_id, 2**30)
    spool.append([Record(Topic.EVENTS, 0, b"", b"{}")])
    spool.close()


@contextmanager
def site(home: Path, app_id: DemoSite = "shop", behind: bool = True, **changed: Any) -> Iterator[Site]:
    """A site whose Kafka is unavailable."""
    with away() as port, pytest.MonkeyPatch.context() as patch:
        # Records in the producer's queue are in the spool, too.
        patch.setattr(module, "_CLOSE_PATIENCE_S", 0.1)
        settings = Settings(
            home=home,
            install=home / "install",
            port_offset=0,
            ports=Ports(kafka=port),
            **{"client_events_per_minute": 100, **changed},
        )
        if behind:
            fall_behind(settings, app_id)
        collector = Collector(settings, app_id)
        collector.start()
        try:
            yield Site(settings, app_id, collector)
        finally:
            collector.close()


@pytest.fixture(scope="module")
def shop_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def shop(shop_site: Site) -> Site:
    shop_site.stored()
    return shop_site


def assert_refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.json["detail"].endswith(".")
    assert ("Retry-After" in answer.headers) == (status in (429, 503))


# Accepted requests


def test_an_accepted_event_is_stored_with_what_the_collector_knows(shop: Site) -> None:
    event = an_event()
    answer = shop.post([event], {"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 202
    assert answer.json == {"accepted": 1, "rejected": []}
    (stored,) = shop.events()
    received_ms = parse_rfc3339_ms(stored["received_at"])
    assert 0 <= now_ms() - received_ms < 5000
    assert stored == {
        **event,
        "received_at": stored["received_at"],
        "event_time": format_rfc3339_ms(received_ms - 500),
        "ip_prefix": "203.0.113.0/24",
        "is_bot": False,
    }


def test_without_kafka_only_the_first_request_waits(tmp_path: Path) -> None:
    with site(tmp_path, behind=False) as shop:
        began = time.monotonic()
        assert shop.post([an_event()]).status_code == 202
        first = time.monotonic() - began
        assert 1.9 < first < 4
        for _ in range(5):
            assert shop.post([an_event()]).status_code == 202
        assert time.monotonic() - began - first < 1
        assert len(shop.events()) == 6
        health = shop.client.get("/healthz").json
        assert health["kafka_answers"] is False
        assert health["spool_records"] == 6
        assert health["since_start"] == {"accepted": 6, "rejected": 0}
        assert 0 <= now_ms() - parse_rfc3339_ms(health["spool_oldest_received_at"]) < 10_000


def test_a_batch_is_answered_after_an_fsync(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    real, synced = os.fsync, []

    def watched(descriptor: int) -> None:
        real(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().suffix)

    monkeypatch.setattr(os, "fsync", watched)
    assert shop.post([an_event(), an_event()]).status_code == 202
    assert synced.count(".spool") == 1


def test_good_and_bad_events_of_a_batch_have_a_fate_each(shop: Site) -> None:
    good, bad, other = an_event(), an_event(seq=-1), an_event()
    answer = shop.post([good, bad, other, 7])
    assert answer.status_code == 202
    assert answer.json == {
        "accepted": 2,
        "rejected": [
            {"index": 1, "event_id": bad["event_id"], "reason": "out_of_range"},
            {"index": 3, "event_id": None, "reason": "not_an_object"},
        ],
    }
    topics = [record.topic for record in shop.stored()]
    assert topics == [Topic.EVENTS, Topic.REJECTED, Topic.EVENTS, Topic.REJECTED]


def test_one_event_needs_no_array_and_an_empty_array_is_nothing(shop: Site) -> None:
    assert shop.post(an_event()).json == {"accepted": 1, "rejected": []}
    assert len(shop.events()) == 1
    answer = shop.post([])
    assert (answer.status_code, answer.json) == (202, {"accepted": 0, "rejected": []})
    assert shop.stored() == []


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense", ""])
def test_the_content_type_does_not_matter(shop: Site, kind: str) -> None:
    # sendBeacon sends text/plain, so that no preflight is needed.
    assert shop.post([an_event()], {"Content-Type": kind}).status_code == 202
    assert len(shop.events()) == 1


def test_a_repeated_identity_is_stored_each_time(shop: Site) -> None:
    event = an_event()
    assert shop.post([event, event]).json["accepted"] == 2
    assert shop.post([event]).json["accepted"] == 1
    assert [stored["event_id"] for stored in shop.events()] == [event["event_id"]] * 3


def test_an_event_id_under_two_sessions_is_two_events(shop: Site) -> None:
    event = an_event()
    other = {**event, "session_id": new_uuid7(uuid7_ms(event["session_id"]))}
    assert shop.post([event, other]).json["accepted"] == 2
    assert [stored["session_id"] for stored in shop.events()] == [event["session_id"], other["session_id"]]


def test_a_session_may_be_at_two_sites_but_an_event_only_at_its_own(shop: Site, tmp_path: Path) -> None:
    here, there = an_event(), an_event(app_id="news")
    there["session_id"] = here["session_id"]
    answer = shop.post([here, there])
    assert answer.json["rejected"] == [{"index": 1, "event_id": there["event_id"], "reason": "foreign_app"}]
    with site(tmp_path, "news") as news:
        assert news.post([there]).json["accepted"] == 1
        assert news.events()[0]["session_id"] == here["session_id"]


FORGED = {
    "received_at": "2020-01-01T00:00:00.000Z",
    "event_time": "2020-01-01T00:00:00.000Z",
    "ip_prefix": "192.0.2.0/24",
    "country": "XX",
    "city": "Nowhere",
    "is_bot": True,
    "bot_reason": "forged",
    "backfill": True,
}


def test_forged_fields_of_the_collector_are_replaced(shop: Site) -> None:
    assert shop.post([an_event(**FORGED)], {"X-Forwarded-For": "203.0.113.7"}).json["accepted"] == 1
    (stored,) = shop.events()
    assert now_ms() - parse_rfc3339_ms(stored["received_at"]) < 5000
    assert now_ms() - parse_rfc3339_ms(stored["event_time"]) < 6000
    assert stored["ip_prefix"] == "203.0.113.0/24"
    assert stored["is_bot"] is False
    assert not {"country", "city", "bot_reason", "backfill"} & stored.keys()


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "'; DROP TABLE events; --", "{{7*7}} [red]x[/red]"])
def test_markup_is_text_like_any_other(shop: Site, title: str) -> None:
    assert shop.post([an_event(page_title=title)]).json["accepted"] == 1
    assert shop.events()[0]["page_title"] == title


@pytest.mark.parametrize("signal_headers", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-GPC": "1", "DNT": "0"}])
def test_a_browser_that_asks_not_to_be_known_is_not(shop: Site, signal_headers: dict[str, str]) -> None:
    event = an_event(event_type="search", user_id="u-4711", search_term="secret-boots", results_count=3)
    assert shop.post([event], signal_headers).json["accepted"] == 1
    (stored,) = shop.events()
    assert stored["consent"] == "denied"
    assert stored["anonymous_id"] == event["session_id"]
    assert not {"user_id", "search_term", "city", "latitude", "longitude"} & stored.keys()
    on_disk = shop.bytes_on_disk()
    assert not [word for word in ("u-4711", "secret-boots", event["anonymous_id"]) if word.encode() in on_disk]


@pytest.mark.parametrize("signal_headers", [{"Sec-GPC": "1"}, {"DNT": "1"}, {}])
def test_a_reject_remembers_that_its_browser_asked(shop: Site, signal_headers: dict[str, str]) -> None:
    shop.post([an_event(seq=-1)], signal_headers)
    shop.post(b"{", signal_headers)
    assert [reject.denied for reject in shop.rejects()] == [bool(signal_headers)] * 2


@pytest.mark.parametrize(
    ("signal_headers", "said"), [({"Sec-GPC": "1"}, "granted"), ({"DNT": "1"}, None), ({}, "denied")]
)
def test_a_reject_without_consent_keeps_nothing_that_is_not_on_the_list(
    shop: Site, signal_headers: dict[str, str], said: str | None
) -> None:
    private = {"user_id": "u-4712", "search_term": "rejected-boots", "properties": {"mail": "ann-4712"}}
    event = an_event(seq=-1, consent=said, **private)
    shop.post([event, [event]], signal_headers)
    shop.post(orjson.dumps(event)[:-1], signal_headers)
    spoiled, nested, cut = shop.rejects()
    left = orjson.loads(spoiled.original)
    assert (left["page_path"], left["session_id"]) == (event["page_path"], event["session_id"])
    assert (spoiled.event_id, spoiled.denied) == (event["event_id"], True)
    assert nested.original == cut.original == b""
    personal = ("u-4712", "rejected-boots", "ann-4712", event["anonymous_id"])
    assert not [word for word in personal if word.encode() in spoiled.original]


@pytest.mark.parametrize("signal_headers", [{"Sec-GPC": "0"}, {"DNT": "0"}, {"DNT": "null"}])
def test_a_browser_that_does_not_ask_keeps_its_consent(shop: Site, signal_headers: dict[str, str]) -> None:
    assert shop.post([an_event()], signal_headers).json["accepted"] == 1
    assert shop.events()[0]["consent"] == "granted"


@pytest.mark.parametrize(
    ("remote", "forwarded", "prefix"),
    [
        ("127.0.0.1", "203.0.113.77", "203.0.113.0/24"),
        ("127.0.0.1", "10.9.8.7, 203.0.113.77", "203.0.113.0/24"),
        ("::1", "2001:db8:77:88:99::77", "2001:db8:77::/48"),
        ("192.0.2.77", "203.0.113.77", "192.0.2.0/24"),
        ("127.0.0.1", "<script>, \x7f, 999.1.1.1", "127.0.0.0/24"),
        ("127.0.0.1", "203.0.113.77, unknown", "127.0.0.0/24"),
        ("127.0.0.1", "203.0.113.77," + "127.0.0.1," * 20_000, "127.0.0.0/24"),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_and_cut(
    shop: Site, remote: str, forwarded: str, prefix: str
) -> None:
    headers = {"X-Forwarded-For": forwarded}
    assert shop.post([an_event(), an_event(seq=-1)], headers, remote).status_code == 202
    accepted, rejected = shop.stored()
    assert orjson.loads(accepted.value)["ip_prefix"] == prefix
    on_disk = shop.bytes_on_disk() + rejected.value
    for whole in (b"203.0.113.77", b"192.0.2.77", b"2001:db8:77:88", b"10.9.8.7"):
        assert whole not in on_disk


# Rejected events


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"session_id": ABSENT}, "missing_field"),
        ({"event_id": None}, "missing_field"),
        ({"seq": "3"}, "wrong_type"),
        ({"page_path": ["/"]}, "wrong_type"),
        ({"event_id": {"$ne": 1}}, "wrong_type"),
        ({"event_type": "teleport"}, "not_allowed"),
        ({"app_id": "bank"}, "foreign_app"),
        ({"app_id": "Bank"}, "bad_format"),
        ({"app_id": "all"}, "not_allowed"),
        ({"seq": -1}, "out_of_range"),
        ({"response_ms": -35}, "out_of_range"),
        ({"response_ms": 600_001}, "out_of_range"),
        ({"event_id": "../../etc/passwd"}, "bad_format"),
        ({"occurred_at": "yesterday"}, "bad_format"),
        ({"occurred_at": "2025-02-30T00:00:00.000Z"}, "bad_format"),
        ({"page_path": "/a\r\nSet-Cookie: x=1"}, "control_character"),
        ({"page_title": "NUL \0"}, "control_character"),
        ({"page_title": "\x1b[2J"}, "control_character"),
        ({"page_title": "x" * 100_000}, "too_long"),
        ({"surprise": 1}, "unknown_field"),
        ({"schema_version": "2.0"}, "unknown_version"),
        ({"schema_version": "1.9", "later": orjson.loads(nested(600))}, "too_deep"),
        ({"schema_version": "1.9", "later": "x" * 9000}, "too_long"),
        ({"app_id": "news"}, "foreign_app"),
        ({"occurred_at": "1970-01-01T00:00:00.000Z"}, "too_old"),
        ({"occurred_at": "0001-01-01T00:00:00.000Z"}, "too_old"),
        ({"event_id": new_uuid7(now_ms() + 49 * HOUR_MS)}, "bad_clock"),
        ({"event_id": new_uuid7(0)}, "bad_clock"),
    ],
)
def test_a_bad_event_is_rejected_and_kept(shop: Site, overrides: dict[str, Any], reason: str) -> None:
    body = json_of(an_event(**overrides))
    answer = shop.post(b"[" + body + b"]")
    assert answer.status_code == 202
    assert [one["reason"] for one in answer.json["rejected"]] == [reason]
    (kept,) = shop.rejects()
    assert (kept.reason, kept.app_id, kept.original) == (reason, "shop", body)
    assert kept.event_id == answer.json["rejected"][0]["event_id"]


def json_of(value: object) -> bytes:
    """As the browser writes it; orjson does not write what is nested as deeply as some of these."""
    import json

    return json.dumps(value).encode()


def test_a_clock_that_is_wrong_by_years_does_no_harm(shop: Site) -> None:
    ahead = now_ms() + 10 * 365 * 24 * HOUR_MS
    event = an_event(occurred_at=format_rfc3339_ms(ahead - 2000), sent_at=format_rfc3339_ms(ahead))
    last = an_event(occurred_at="9999-12-31T23:59:59.999Z", sent_at="9999-12-31T23:59:59.999Z")
    backwards = an_event(occurred_at="9999-12-31T23:59:59.999Z", sent_at="0001-01-01T00:00:00.000Z")
    assert shop.post([event, last, backwards]).json["accepted"] == 3
    waited = [parse_rfc3339_ms(e["received_at"]) - parse_rfc3339_ms(e["event_time"]) for e in shop.events()]
    assert waited == [2000, 0, 0]


def test_rejects_keep_their_exact_bytes(shop: Site) -> None:
    first = b'{ "seq" : 1.50e1,"seq":-0.0, "page_title":"\\u00e9 ],[ \xc3\xa9 \\"" }'
    second = b'"\xf0\x9f\x98\x80"'
    body = b" [\n" + first + b"\t,\r\n" + second + b" ,1E5] "
    assert shop.post(body).json["accepted"] == 0
    assert [kept.original for kept in shop.rejects()] == [first, second, b"1E5"]


def test_the_record_of_a_reject_is_base64_of_the_bytes(shop: Site) -> None:
    shop.post(b"\xff\x00\r\n<")
    (record,) = shop.stored()
    assert base64.b64decode(orjson.loads(record.value)["original"]) == b"\xff\x00\r\n<"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"<xml/>", "not_json"),
        (b'[{"a":1}', "not_json"),
        (b"NaN", "not_json"),
        (b'"\xff\xfe"', "not_json"),
        (b'["a\x00b"]', "not_json"),
        (b"\x1f\x8b\x08gzip", "not_json"),
        (b"\0" * 1000, "not_json"),
        (nested(5000), "too_deep"),
        (nested(100_000), "too_deep"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "too_deep"),
    ],
)
def test_a_body_that_is_no_json_is_one_reject(shop: Site, body: bytes, reason: str) -> None:
    answer = shop.post(body)
    assert (answer.status_code, answer.json["error"]) == (400, reason)
    (kept,) = shop.rejects()
    assert (kept.reason, kept.event_id, kept.original) == (reason, None, body)


@pytest.mark.parametrize("body", [b"7", b"null", b'"text"', b"[[[]]]", b"[null]", b"{}"])
def test_json_that_is_no_event_is_rejected(shop: Site, body: bytes) -> None:
    answer = shop.post(body)
    assert (answer.status_code, answer.json["accepted"]) == (202, 0)
    assert len(shop.rejects()) == 1


# Refused requests, of which nothing is stored


def test_more_than_a_hundred_events_are_refused(shop: Site) -> None:
    assert_refused(shop.post([{}] * 101), 413, "too_large")
    assert shop.stored() == []
    assert shop.post([an_event()] * 100).json["accepted"] == 100
    assert len(shop.events()) == 100


@pytest.mark.parametrize("size", [256 * KIB + 1, 10 * KIB * KIB])
def test_a_large_body_is_refused(shop: Site, size: int) -> None:
    assert_refused(shop.post(b"[" + b" " * (size - 2) + b"]"), 413, "too_large")
    assert shop.stored() == []


def test_the_largest_body_is_taken(shop: Site) -> None:
    event = json_of(an_event())
    assert shop.post(b"[" + event + b" " * (256 * KIB - 2 - len(event)) + b"]").status_code == 202
    assert len(shop.events()) == 1


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://localhost:5001",
        "http://localhost.evil.example",
        "http://evil@localhost",
        "localhost",
        "http://[",
        "http://[::1",
        "http://\u00e9.example".encode().decode("latin-1"),
    ],
)
def test_a_foreign_origin_is_refused(shop: Site, origin: str) -> None:
    assert_refused(shop.post([an_event()], {"Origin": origin}), 403, "foreign_origin")
    assert shop.stored() == []


FOREIGN_HOSTS = ["not a host", "a..b", "x" * 64 + ".example", "[::1", "localhost:99999", "evil@localhost", ""]


@pytest.mark.parametrize("host", [*FOREIGN_HOSTS, "evil.example", "evil.example:5001", "localhost.evil.example"])
def test_a_name_that_is_not_ours_gets_nothing(shop: Site, host: str) -> None:
    """Such a name is in `Host` when a page has rebound its own name to this machine; its origin is the same then."""
    rebound = {"Host": host, "Origin": f"http://{host}"}
    assert_refused(shop.post([an_event()], rebound), 421, "unknown_host")
    assert_refused(shop.post([an_event()], {"X-Forwarded-Host": f"localhost, {host}"}), 421, "unknown_host")
    assert shop.stored() == []
    for path in ("/", "/healthz", "/account", "/static/footfall.js"):
        answer = shop.client.get(path, headers=rebound)
        assert (answer.status_code, answer.text) == (421, SENTENCE)


def test_a_proxy_may_forward_registered_names(tmp_path: Path) -> None:
    (tmp_path / "sites.toml").write_text('[shop]\ntitle = "Tea"\norigins = ["https://tea.example.org"]\n')
    with site(tmp_path, host_names=("stats.example.org",)) as shop:
        for host in ("tea.example.org", "STATS.example.org:443", "tea.example.org."):
            assert shop.post([an_event()], {"Host": host}).status_code == 202
            assert shop.post([an_event()], {"X-Forwarded-Host": host}).status_code == 202
            assert shop.client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://LOCALHOST"},
        {"Origin": "http://10.0.0.7:81", "Host": "10.0.0.7:81"},
        {"Origin": "http://[2001:db8::1]:81", "Host": "[2001:db8::1]:81"},
    ],
)
def test_the_own_origin_is_taken(shop: Site, headers: dict[str, str]) -> None:
    assert shop.post([an_event()], headers).status_code == 202


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        # A default port is the same origin, on whichever side it is written.
        ({"Origin": "https://shop.example", "Host": "shop.example:443"}, True),
        ({"Origin": "http://shop.example", "Host": "shop.example:80"}, True),
        ({"Origin": "https://shop.example:443", "Host": "shop.example"}, True),
        ({"Origin": "https://shop.example", "Host": "Shop.Example:443"}, True),
        ({"Origin": "https://my_shop.example", "Host": "my_shop.example:443"}, True),
        ({"Origin": "https://shop.example", "Host": "shop.example:8443"}, False),
        ({"Origin": "https://shop.example:8443", "Host": "shop.example"}, False),
        # What a proxy was asked for.
        ({"Origin": "https://shop.example", "X-Forwarded-Host": "shop.example"}, True),
        ({"Origin": "https://shop.example", "X-Forwarded-Host": "shop.example:443"}, True),
        ({"Origin": "https://shop.example", "X-Forwarded-Host": "shop.example, localhost"}, True),
        ({"Origin": "https://shop.example:8443", "X-Forwarded-Host": "shop.example:8443"}, True),
        (
            {"Origin": "https://shop.example:8443", "X-Forwarded-Host": "shop.example", "X-Forwarded-Port": "8443"},
            True,
        ),
        ({"Origin": "https://shop.example", "Forwarded": "for=192.0.2.1;host=shop.example;proto=https"}, True),
        ({"Origin": "https://shop.example", "Forwarded": 'for=x, Host="shop.example:443"; proto=https'}, True),
        ({"Origin": "https://shop.example", "Forwarded": "for=x;xhost=shop.example"}, False),
        ({"Origin": "https://shop.example", "X-Forwarded-Proto": "https"}, False),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "shop.example"}, False),
        ({"Origin": "https://shop.example", "X-Forwarded-Host": "shop.example", "X-Forwarded-Port": "x"}, True),
    ],
)
def test_the_origin_is_that_of_the_host_that_was_asked(proxied: Site, headers: dict[str, str], taken: bool) -> None:
    assert proxied.post([an_event()], headers).status_code == (202 if taken else 403)
    if "Host" not in headers:
        # Nobody but a trusted proxy is believed.
        assert proxied.post([an_event()], headers, remote="203.0.113.9").status_code == 403


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A shop that proxies reach under names of their own."""
    home = tmp_path_factory.mktemp("proxied")
    (home / "sites.toml").write_text('[shop]\ntitle = "Tea"\norigins = ["http://my_shop.example"]\n')
    with site(home, host_names=("shop.example",)) as running:
        yield running


def test_a_registered_origin_is_taken_and_may_see_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    ours = "https://tea.example.org"
    with site(tmp_path) as shop:
        assert_refused(shop.post([an_event()], {"Origin": ours}), 403, "foreign_origin")
        registered = f'[shop]\ntitle = "Tea"\norigins = ["{ours}"]\n'
        (tmp_path / "sites.toml").write_text(registered)
        answer = shop.post([an_event()], {"Origin": ours})
        assert answer.status_code == 202
        assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == (ours, "Origin")
        assert "Access-Control-Allow-Origin" not in shop.post([an_event()], {"Origin": "http://localhost"}).headers
        for odd in ("https://tea.example.org.evil", "http://tea.example.org", "null"):
            refused = shop.post([an_event()], {"Origin": odd})
            assert_refused(refused, 403, "foreign_origin")
            assert "Access-Control-Allow-Origin" not in refused.headers
        (tmp_path / "sites.toml").write_text(registered.replace("[shop]", "[news]"))
        assert_refused(shop.post([an_event()], {"Origin": ours}), 403, "foreign_origin")
        assert len(shop.events()) == 2


def test_an_endless_session_is_refused_and_others_go_on(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = shop.collector._limits._replace(sessions=FloodGate(150, 1))
    monkeypatch.setattr(shop.collector, "_limits", limits)
    endless, other = new_uuid7(), new_uuid7()
    assert shop.post([an_event(session_id=endless) for _ in range(100)]).status_code == 202
    assert len(shop.events()) == 100
    assert_refused(shop.post([an_event(session_id=endless) for _ in range(51)]), 429, "too_many")
    assert shop.stored() == []
    assert shop.post([an_event(session_id=endless) for _ in range(50)]).status_code == 202
    assert shop.post([an_event(session_id=other)]).status_code == 202
    assert len(shop.events()) == 51


def test_a_flood_from_one_address_is_refused(shop: Site) -> None:
    flooding = {"X-Forwarded-For": "203.0.113.200"}
    assert shop.post([an_event()] * 98, flooding).status_code == 202
    # A body that is not JSON costs as much as an event, since it is kept.
    assert shop.post(b"{", flooding).status_code == 400
    shop.stored()
    assert_refused(shop.post([an_event()] * 10, flooding), 429, "too_many")
    assert shop.post(b"{", flooding).status_code == 400
    shop.stored()
    assert_refused(shop.post(b"{", flooding), 429, "too_many")
    assert shop.stored() == []
    assert shop.post([an_event()]).status_code == 202


def test_addresses_of_one_network_share_their_allowance(shop: Site) -> None:
    """Anybody with IPv6 has 2^64 addresses."""
    assert shop.post([an_event()] * 98, {"X-Forwarded-For": "2001:db8:77:1::1"}).status_code == 202
    assert_refused(shop.post([an_event()] * 10, {"X-Forwarded-For": "2001:db8:77:1:ffff::2"}), 429, "too_many")
    assert shop.post([an_event()] * 10, {"X-Forwarded-For": "2001:db8:77:2::1"}).status_code == 202


def test_a_request_costs_its_bytes_too(shop: Site) -> None:
    """Junk of 256 KiB is one event, and would store 350 KB."""
    flooding = {"X-Forwarded-For": "203.0.113.201"}
    # 49 and 51 of the hundred that this site takes from an address in a minute.
    assert shop.post(b"x" * 100_000, flooding).status_code == 400
    assert shop.post(orjson.dumps([an_event()]) + b" " * 102_000, flooding).status_code == 202
    shop.stored()
    assert_refused(shop.post(b"{" + b" " * 5_000, flooding), 429, "too_many")
    assert shop.stored() == []


def test_a_site_takes_only_so_much_from_all_addresses_together(tmp_path: Path) -> None:
    with site(tmp_path, site_events_per_minute=150) as shop:
        assert shop.post([an_event()] * 90).status_code == 202
        assert shop.post([an_event()] * 50).status_code == 202
        assert_refused(shop.post([an_event()] * 50), 429, "too_many")
        assert len(shop.events()) == 140


def test_an_event_that_is_too_large_is_rejected_and_its_neighbours_are_stored(shop: Site) -> None:
    large = an_event(properties={f"p{number}": "x" * 1_024 for number in range(32)})
    assert len(orjson.dumps(large)) > 32 * 1024
    answer = shop.post([an_event(), large, an_event()])
    assert answer.status_code == 202
    assert answer.json["rejected"] == [{"index": 1, "event_id": large["event_id"], "reason": "too_long"}]
    records = shop.stored()
    assert [record.topic for record in records] == [Topic.EVENTS, Topic.REJECTED, Topic.EVENTS]
    kept = read_reject_record(records[1].value)
    assert (kept.reason, orjson.loads(kept.original)) == ("too_long", large)


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP , identity", gzip.compress), ("identity", bytes)],
)
def test_a_compressed_body_is_read(shop: Site, encoding: str, compress: Callable[[bytes], bytes]) -> None:
    answer = shop.post(compress(orjson.dumps([an_event(), an_event()])), {"Content-Encoding": encoding})
    assert (answer.status_code, answer.json["accepted"]) == (202, 2)
    assert len(shop.events()) == 2


def test_a_body_that_expands_without_end_is_refused(shop: Site) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    assert len(bomb) < 200_000
    assert_refused(shop.post(bomb, {"Content-Encoding": "gzip"}), 413, "too_large")
    assert_refused(shop.post(b"{}", {"Content-Encoding": "br"}), 415, "unknown_encoding")
    assert shop.stored() == []
    cut = gzip.compress(orjson.dumps([an_event()]))[:-20]
    for body in (b"[]", cut):
        answer = shop.post(body if body == cut else b"no gzip", {"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json["error"]) == (400, "not_json")
    assert [reject.original for reject in shop.rejects()] == [b"no gzip", cut]


def test_a_full_spool_is_answered_503(tmp_path: Path) -> None:
    with site(tmp_path, retention=Retention(spool_gib=2000 / 2**30)) as shop:
        assert shop.post([an_event(page_title="x" * 250)]).status_code == 202
        assert len(shop.events()) == 1
        assert_refused(shop.post([an_event()]), 503, "unavailable")
        assert_refused(shop.post(b"x" * 2000), 503, "unavailable")
        assert shop.stored() == []
        assert shop.client.get("/").status_code == 200


def test_a_failing_disk_is_answered_503_and_no_event_counts_as_stored(
    shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        assert_refused(shop.post([an_event()]), 503, "unavailable")
    shop.stored()
    assert shop.post([an_event()]).status_code == 202
    assert len(shop.events()) == 1


def test_a_disk_that_is_nearly_full_takes_nothing_in(shop: Site) -> None:
    mark = shop.settings.run_dir / "disk-low"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        assert_refused(shop.post([an_event()]), 503, "unavailable")
    finally:
        mark.unlink()
    assert shop.stored() == []
    assert shop.post([an_event()]).status_code == 202


def test_the_mark_of_a_watchdog_that_died_stops_nothing(shop: Site) -> None:
    mark = shop.settings.run_dir / "disk-low"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    os.utime(mark, (1, 1))
    try:
        assert shop.post([an_event()]).status_code == 202
    finally:
        mark.unlink()


def test_a_failure_of_the_collector_is_answered_and_logged_as_that_of_a_page(
    shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object) -> None:
        raise RuntimeError("a fault of our own")

    with monkeypatch.context() as patch:
        patch.setattr(module, "accept", failing)
        answer = shop.post([an_event()])
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    folder = shop.settings.logs_dir / "sites" / "shop"
    errors = [orjson.loads(line) for path in folder.glob("error-*.log") for line in path.read_bytes().splitlines()]
    (error,) = (one for one in errors if one["request_id"] == answer.headers["X-Request-Id"])
    assert (error["code"], error["user_action"]) == ("RuntimeError", "send collect")
    assert "in failing" in error["traceback"]
    assert shop.stored() == []
    assert shop.post([an_event()]).status_code == 202
    assert len(shop.events()) == 1


def test_an_answer_is_named_guarded_and_logged_like_a_page_s(shop: Site) -> None:
    def lines(kind: str) -> list[str]:
        files = (shop.settings.logs_dir / "sites" / "shop").glob(f"{kind}-*.log")
        return [line for path in sorted(files) for line in path.read_text("ascii").splitlines()]

    page, answer = shop.client.get("/"), shop.post([an_event()])
    assert answer.status == "202 ACCEPTED"
    assert answer.mimetype == "application/json"
    own = {"Content-Type", "Content-Length", "X-Request-Id"}
    common = {name: value for name, value in page.headers if name not in own | {"Cache-Control", "Set-Cookie", "Vary"}}
    assert {name: value for name, value in answer.headers if name not in own} == common
    answer.close()
    request_id = answer.headers["X-Request-Id"]
    (access,) = [line for line in lines("access") if request_id in line]
    assert f'"POST /collect HTTP/1.1" 202 {len(answer.data)} ' in access
    (performance,) = [orjson.loads(line) for line in lines("performance") if request_id in line]
    assert (performance["endpoint"], performance["bytes_sent"]) == ("footfall.collect", len(answer.data))


@pytest.mark.parametrize(
    ("remote", "proto", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", None, False),
        ("9.9.9.9", "https", False),
    ],
)
def test_a_cookie_is_secure_behind_tls(shop: Site, remote: str, proto: str | None, secure: bool) -> None:
    headers = {} if proto is None else {"X-Forwarded-Proto": proto}
    answer = shop.client.get("/login", headers=headers, environ_overrides={"REMOTE_ADDR": remote})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert ("; Secure" in cookie) is secure
    shop.client.delete_cookie("footfall_shop")


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
def test_only_post_collects(shop: Site, method: str) -> None:
    assert getattr(shop.client, method)("/collect").status_code in (200, 405)
    assert shop.stored() == []


# Through the real server


class Server:
    """A site's own process."""

    def __init__(self, home: Path, kafka: int, behind: bool = True) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.settings = Settings(
            home=home, install=home / "install", port_offset=0, ports=Ports(kafka=kafka, shop=self.port)
        )
        if behind:
            fall_behind(self.settings, "shop")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "footfall.sites.server", "shop"],
            env={**os.environ, **self.settings.as_environment()},
            stderr=subprocess.PIPE,
        )
        await_true(self._listens, "the site", 20, 0.05)

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.process.stderr.read().decode()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except ConnectionRefusedError:
            return False
        return True

    def say(self, parts: Sequence[bytes], hang_up: bool = False) -> bytes:
        """Sends bytes unchanged, then hangs up or waits until the server does; returns the whole answer."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                if hang_up:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all was sent
            answer = b""
            try:
                while part := connection.recv(65_536):
                    answer += part
            except ConnectionResetError:
                pass
            return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with away() as kafka:
        running = Server(tmp_path_factory.mktemp("server"), kafka)
        try:
            yield running
        finally:
            running.process.send_signal(signal.SIGKILL)
            running.process.communicate()


@pytest.fixture
def arrived(server: Server, tmp_path: Path) -> Callable[[], list[Record]]:
    """The records that the server stored since the test began."""
    before = len(spooled(server.settings, "shop", tmp_path / "before"))
    return lambda: spooled(server.settings, "shop", tmp_path / "after")[before:]


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /collect HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", ""]).encode()


def chunked(body: bytes, size: int = 8000) -> list[bytes]:
    parts = [body[begin : begin + size] for begin in range(0, len(body), size)]
    return [b"%x\r\n%b\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


Arrived = Callable[[], list[Record]]


def test_a_rebound_name_gets_nothing_from_a_running_site(server: Server, arrived: Arrived) -> None:
    asked = b"GET / HTTP/1.1\r\nHost: evil.example:5001\r\nConnection: close\r\n\r\n"
    assert server.say([asked]).startswith(b"HTTP/1.1 421 MISDIRECTED REQUEST")
    body = json_of([an_event()])
    posted = asked.replace(b"GET /", b"POST /collect").replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n")
    assert server.say([posted % len(body), body]).startswith(b"HTTP/1.1 421 ")
    assert arrived() == []


def test_a_chunked_body_is_taken(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    assert statuses(server.say([head("Transfer-Encoding: chunked"), *chunked(event, 100)])) == [202]
    assert [record.topic for record in arrived()] == [Topic.EVENTS]


@pytest.mark.parametrize("size", [257 * KIB, 600 * KIB, 10 * KIB * KIB])
def test_a_large_chunked_body_is_refused(server: Server, arrived: Arrived, size: int) -> None:
    answer = server.say([head("Transfer-Encoding: chunked"), *chunked(b" " * size)])
    # The connection may be reset before the answer is read, since the server does not read such a body to its end.
    assert statuses(answer) == [413] if size < 512 * KIB else statuses(answer) in ([413], [])
    assert arrived() == []


@pytest.mark.parametrize("size", [257 * KIB, 10 * KIB * KIB])
def test_a_large_announced_body_is_refused(server: Server, arrived: Arrived, size: int) -> None:
    answer = server.say([head(f"Content-Length: {size}"), b" " * size])
    assert statuses(answer) == [413] if size < 512 * KIB else statuses(answer) in ([413], [])
    assert arrived() == []


def test_a_body_shorter_than_announced_is_nothing(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    assert statuses(server.say([head(f"Content-Length: {len(event) + 10}"), event], hang_up=True)) == []
    assert arrived() == []


def test_a_body_longer_than_announced_is_cut_there(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    assert statuses(server.say([head(f"Content-Length: {len(event)}"), event + event])) == [202]
    assert len(arrived()) == 1


def test_a_second_request_smuggled_behind_a_body_is_judged_like_any_other(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    first = head(f"Content-Length: {len(event)}").replace(b"close", b"keep-alive") + event
    second = head("Origin: http://evil.example", f"Content-Length: {len(event)}") + event
    assert statuses(server.say([first + second])) == [202, 403]
    assert len(arrived()) == 1


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "five", "5, 6", "0x10", "9" * 30])
def test_a_length_that_is_no_length_is_refused(server: Server, arrived: Arrived, length: str) -> None:
    assert statuses(server.say([head(f"Content-Length: {length}"), b"[{}, {}]"])) in ([400], [413])
    assert arrived() == []


def test_two_ways_to_say_the_length_are_not_both_believed(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    answer = server.say([head("Content-Length: 3", "Transfer-Encoding: chunked"), *chunked(event)])
    assert statuses(answer)[:1] in ([400], [202])
    assert len(arrived()) == (1 if statuses(answer)[0] == 202 else 0)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("User-Agent: a\rb", 400),
        ("User-Agent: a\nX-Forwarded-For: 203.0.113.9", 400),
        ("User-Agent: a\0b", 400),
        ("User-Agent: a\x1b[2J", 400),
        ("User-Agent: " + "a" * 40_000, 431),
    ],
)
def test_a_header_that_breaks_out_of_its_line_is_refused(
    server: Server, arrived: Arrived, line: str, status: int
) -> None:
    event = json_of(an_event())
    assert statuses(server.say([head(line, f"Content-Length: {len(event)}"), event]))[:1] == [status]
    assert arrived() == []


def test_a_strange_user_agent_is_only_a_name(server: Server, arrived: Arrived) -> None:
    event = json_of(an_event())
    agent = "User-Agent: <script>\u00e9 %0d%0aSet-Cookie: a=b\r\n folded"
    answer = server.say([head(agent, f"Content-Length: {len(event)}"), event])
    assert statuses(answer) == [202]
    assert b"Set-Cookie" not in answer
    assert len(arrived()) == 1


@pytest.mark.parametrize("path", ["/collect%0d%0aX-Injected:%201", "/collect%00", "/%0acollect"])
def test_a_path_that_breaks_out_of_its_line_is_not_found(server: Server, arrived: Arrived, path: str) -> None:
    event = json_of(an_event())
    request = head(f"Content-Length: {len(event)}").replace(b"/collect", path.encode())
    answer = server.say([request, event])
    assert statuses(answer)[0] in (308, 400, 404, 405)
    assert b"X-Injected" not in answer.partition(b"\r\n\r\n")[0]
    assert arrived() == []


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    with away() as kafka:
        running = Server(tmp_path, kafka)
        events = [an_event() for _ in range(30)]
        try:
            for event in events:
                body = json_of(event)
                assert statuses(running.say([head(f"Content-Length: {len(body)}"), body])) == [202]
        finally:
            running.process.send_signal(signal.SIGKILL)
            running.process.communicate()
        found = spooled(running.settings, "shop", tmp_path / "copy")[1:]
        assert [orjson.loads(record.value)["event_id"] for record in found] == [e["event_id"] for e in events]


def waiting(running: Server, connections: ExitStack, number: int) -> list[socket.socket]:
    """Opens `number` connections, each of which has sent an event."""
    opened = []
    for _ in range(number):
        connection = connections.enter_context(socket.create_connection(("127.0.0.1", running.port), 20))
        body = json_of(an_event())
        connection.sendall(head(f"Content-Length: {len(body)}") + body)
        opened.append(connection)
    return opened


def answered(connection: socket.socket) -> list[int]:
    return statuses(b"".join(iter(lambda: connection.recv(65_536), b"")))


def test_requests_that_wait_for_kafka_keep_no_page_waiting(tmp_path: Path) -> None:
    with away() as kafka, ExitStack() as connections:
        running = Server(tmp_path, kafka, behind=False)
        try:
            # More than there are threads.
            waiters = waiting(running, connections, 60)
            page = running.say([b"GET /static/icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"])
            assert statuses(page) == [200]
            assert select.select(waiters, [], [], 0)[0] == []
            assert [answered(waiter) for waiter in waiters] == [[202]] * 60
        finally:
            running.process.send_signal(signal.SIGKILL)
            running.process.communicate()
        assert len(spooled(running.settings, "shop", tmp_path / "copy")) == 60


PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_a_crowd_that_asks_for_the_health_keeps_no_page_waiting(tmp_path: Path) -> None:
    with away() as kafka, ExitStack() as connections:
        running = Server(tmp_path, kafka)
        try:
            assert statuses(running.say([PAGE])) == [200]  # templates are compiled
            crowd = [
                connections.enter_context(socket.create_connection(("127.0.0.1", running.port))) for _ in range(60)
            ]
            for one in crowd:
                one.sendall(PAGE.replace(b"/", b"/healthz", 1))
            began = time.monotonic()
            assert statuses(running.say([PAGE])) == [200]
            # With each of them asking Kafka in turn, the page would wait for more than thirty seconds.
            assert time.monotonic() - began < 5
            assert [answered(one) for one in crowd] == [[200]] * 60
        finally:
            running.process.send_signal(signal.SIGKILL)
            running.process.communicate()


def ended(connections: Sequence[socket.socket]) -> int:
    """How many of the connections the server has ended."""
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN)
    return len(poll.poll(0))


def test_idle_connections_keep_nobody_out(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    try:
        with away() as kafka, ExitStack() as connections:
            running = Server(tmp_path, kafka)
            try:
                idle = []
                for number in range(1_010):
                    one = connections.enter_context(socket.create_connection(("127.0.0.1", running.port)))
                    # Some have begun a request that they do not end.
                    one.sendall(b"POST /collect HTTP/1.1\r\n" if number % 3 == 0 else b"")
                    idle.append(one)
                for _ in range(3):
                    assert statuses(running.say([PAGE])) == [200]
                # Those that wait the longest gave way.
                await_true(lambda: ended(idle[:100]) == 100, "the oldest are closed", 10)
                assert ended(idle[-500:]) == 0
            finally:
                running.process.send_signal(signal.SIGKILL)
                running.process.communicate()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(("size", "in_loop"), [("", True), ("20000", True), ("65536", True), ("65537", False)])
def test_the_loop_leaves_large_bodies_to_threads(monkeypatch: pytest.MonkeyPatch, size: str, in_loop: bool) -> None:
    monkeypatch.setattr(
        site_server, "_Task", lambda *_: SimpleNamespace(get_environment=lambda: {"CONTENT_LENGTH": size})
    )
    channel = site_server._Channel.__new__(site_server._Channel)
    channel.requests = [SimpleNamespace(error=None)]
    collector = SimpleNamespace(begin=lambda environment: "begun")
    assert (channel.begin(collector) is not None) is in_loop  # type: ignore[arg-type]


def test_what_waits_when_the_process_is_to_end_is_answered(tmp_path: Path) -> None:
    with away() as kafka, ExitStack() as connections:
        running = Server(tmp_path, kafka, behind=False)
        try:
            waiters = waiting(running, connections, 30)
            time.sleep(0.5)
            running.process.send_signal(signal.SIGTERM)
            assert [answered(waiter) for waiter in waiters] == [[202]] * 30
            assert running.process.wait(20) == 0
        finally:
            running.process.kill()
            running.process.communicate()
        assert len(spooled(running.settings, "shop", tmp_path / "copy")) == 30


def test_requests_behind_each_other_on_one_connection_are_answered_in_order(server: Server, arrived: Arrived) -> None:
    bodies = [json_of([an_event() for _ in range(number)]) for number in (1, 2, 3)]
    requests = [head(f"Content-Length: {len(body)}").replace(b"close", b"keep-alive") + body for body in bodies]
    requests[-1] = head(f"Content-Length: {len(bodies[-1])}") + bodies[-1]
    answer = server.say([b"".join(requests)])
    assert statuses(answer) == [202] * 3
    assert re.findall(rb'"accepted":(\d)', answer) == [b"1", b"2", b"3"]
    assert len(arrived()) == 6


def test_a_second_process_for_the_same_site_says_so(server: Server) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "footfall.sites.server", "shop"],
        env={**os.environ, **server.settings.as_environment()},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "one site has one process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("begun", ["begun", None])
def test_what_the_collector_found_is_there_when_the_request_is_answered(
    monkeypatch: pytest.MonkeyPatch, begun: str | None
) -> None:
    monkeypatch.setattr(site_server.WSGITask, "get_environment", lambda _: {"CONTENT_LENGTH": "2"})
    channel = site_server._Channel.__new__(site_server._Channel)
    channel.requests = [SimpleNamespace(error=None, version="1.1", headers={})]

    def begin(environment: dict[str, Any]) -> str | None:
        environment["found"] = "blog"
        return begun

    assert channel.begin(SimpleNamespace(begin=begin)) == begun  # type: ignore[arg-type]
    environment = site_server._Task(channel, channel.requests[0]).get_environment()
    assert (environment["found"], environment.get("footfall.begun")) == ("blog", begun)
    # The next request of the connection has its own.
    assert "found" not in site_server._Task(channel, channel.requests[0]).get_environment()

"""Every function that reads foreign bytes, with spoilt ones: it answers, or it raises the error that it names.

Foreign is what visitors, proxies, other programs of this machine or a torn file may have written. `./footfall test all`
reads far more of them, and other ones each time.
"""

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import orjson
import pyarrow as pa
import pytest
from starlette.responses import PlainTextResponse

from footfall import site_registry
from footfall.dashboard.gate import Gate
from footfall.events import repair, times
from footfall.events.address import client_address, is_secure, truncate
from footfall.events.bodies import element_bytes, parse_body
from footfall.events.bots import agent_reason
from footfall.events.consent import refused
from footfall.events.identity import uuid7_ms
from footfall.events.rejects import Reject, RejectRecord, read_reject_record, reject_record
from footfall.events.server_event import accept_from_server
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms
from footfall.events.validate import check_stored
from footfall.hdfs import HdfsUnavailable
from footfall.host_names import HostNames
from footfall.lake import progress
from footfall.logs import line_parser
from footfall.names import LOG_KINDS
from footfall.notify import mail, webhook
from footfall.notify.deliver import Deliverer
from footfall.realtime import event_parser
from footfall.recommendations.table import Entry, StoredList, decode_list, encode_list
from footfall.settings import Settings, SettingsError, load_settings
from footfall.sites import security, spool
from footfall.sites.spool import Record, Spool, Topic
from footfall.streaming import record_decoder
from footfall.verification.cut import PartitionRange
from footfall.verification.rejected_scan import RejectedCheck, scan_rejected
from footfall.verification.stored_record import Unreadable, read_stored
from footfall.warehouse import published
from footfall_web import log_escaping
from tests.support.events import NOW_MS, example_event, stored_event
from tests.support.hostile import SEED, some_spoilt
from tests.support.local_files import LocalFiles
from tests.support.long_tests import LONG
from tests.support.server_events import server_event

TRUSTED: Final = ("127.0.0.0/8", "::1/128")
EVENT: Final = orjson.dumps(stored_event(city="London", latitude=51.5, longitude=0.0))
# As a site's server sends it: without a page.
PAID: Final = orjson.dumps(accept_from_server(server_event(NOW_MS), "shop", NOW_MS))
REJECT: Final = reject_record(Reject("not_json", "It is not JSON."), b'{"event_type":', "shop", NOW_MS)
REPAIRABLE: Final = reject_record(
    Reject("too_long", "It is too long."), orjson.dumps(example_event()), "shop", NOW_MS, denied=True
)
UNPAID: Final = reject_record(
    Reject("too_long", "It is too long."), orjson.dumps(server_event(NOW_MS)), "shop", NOW_MS, via="server"
)
ACCESS: Final = (
    b'10.1.2.0 - - [24/Nov/2026:08:00:00 +0000] "GET /search?q HTTP/1.1" 200 512 "http://x/" "Mozilla/5.0 (X11)" '
    b"shop 01a 1234 2026-11-24T08:00:00.123Z"
)
ERROR: Final = orjson.dumps(
    {
        "logged_at": "2026-11-24T08:00:00.123Z",
        "app_id": "shop",
        "level": "ERROR",
        "request_id": "01a",
        "page_path": "/cart",
        "status": 500,
        "message": "it broke",
        "traceback": "…",
    }
)
PERFORMANCE: Final = orjson.dumps(
    {
        "logged_at": "2026-11-24T08:00:00.123Z",
        "app_id": "shop",
        "request_id": "01a",
        "endpoint": "shop.cart",
        "page_path": "/cart",
        "status": 200,
        "duration_us": 1234,
        "queue_us": 3,
    }
)
ADDRESSES: Final = (b"203.0.113.7", b"2001:db8::1", b"[2001:db8::1]:443", b"::ffff:203.0.113.7", b"127.0.0.1, 10.0.0.1")


class Reader:
    """What reads foreign bytes. folder: of its own, for each test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder, host_names=("shop.example.org",), dashboard_bind="0.0.0.0")
        self.names = HostNames(self.settings, "shop")
        self.count = 0

    def next_folder(self) -> Path:
        self.count += 1
        made = self.folder / str(self.count)
        made.mkdir()
        return made

    def address(self, given: bytes) -> None:
        text = given.decode("latin-1")
        found = client_address("127.0.0.1", text, TRUSTED, text)
        assert found is not None, "the other end of the connection is known"
        assert client_address("127.0.0.1", None, TRUSTED, f"for={text}") is not None
        prefix = truncate(found)
        assert prefix is not None
        assert prefix.endswith(("/24", "/48"))
        assert client_address(text, text, TRUSTED) is None or truncate(text) is not None
        is_secure(text, text, text, TRUSTED)

    def agent(self, given: bytes) -> None:
        assert agent_reason(given.decode("latin-1")) in (None, "agent")

    def host_name(self, given: bytes) -> None:
        text = given.decode("latin-1")
        self.names.admit(text, text)
        environ = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1"}
        forwarded = {"HTTP_X_FORWARDED_HOST": text, "HTTP_FORWARDED": text, "HTTP_X_FORWARDED_PORT": text}
        security.is_own(text, environ | forwarded, TRUSTED)

    def time(self, given: bytes) -> None:
        text = given.decode("utf-8", "replace")
        for read in (times.parse_rfc3339_ms, times.utc_day, uuid7_ms):
            with suppress(ValueError):
                read(text)

    def body(self, given: bytes) -> None:
        parsed = parse_body(given)
        if isinstance(parsed, Reject):
            self._refused(parsed, given, None)
            return
        originals = element_bytes(given)
        assert len(originals) == len(parsed)
        for event, original in zip(parsed, originals, strict=True):
            for gpc in (False, True):
                decided = accept(event, Context("shop", NOW_MS, "203.0.113.0/24", "Mozilla/5.0", gpc=gpc))
                if isinstance(decided, Reject):
                    self._refused(decided, original, event)
                else:
                    assert check_stored(decided) is None
                    event_parser.read_event(0, orjson.dumps(decided))

    def _refused(self, reject: Reject, original: bytes, event: object) -> None:
        for denied in (False, True):
            left = refused(reject, original, event, denied)
            record = reject_record(left.reject, left.original, "shop", NOW_MS, left.denied)
            assert read_reject_record(record).original == left.original

    def reject(self, given: bytes) -> None:
        with suppress(ValueError):
            record = read_reject_record(given)
            assert isinstance(record, RejectRecord)
            with suppress(repair.NoEvent):
                repair.repair(record, 7, repair.Changes(unset=frozenset({"city"})), NOW_MS)

    def live(self, given: bytes) -> None:
        for read in (lambda: event_parser.read_event(3, given), lambda: event_parser.read_rejected(given)):
            with suppress(event_parser.Unparsable):
                read()

    def archive(self, given: bytes) -> None:
        for of_events in (True, False):
            places = pa.array([3], pa.int32()), pa.array([0], pa.int64())
            read = record_decoder.read(pa.array([of_events]), *places, pa.array([given], pa.binary()))
            assert len(read.keys) == 1

    def proof(self, given: bytes) -> None:
        with suppress(Unreadable):
            read_stored(given)
        found = _Counted()
        scan_rejected(PartitionRange("events.rejected", 0, 0, 1, 1), [(0, given)], [found])
        assert found.number == 1

    def line(self, given: bytes) -> None:
        for kind in LOG_KINDS:
            line_parser.parse(kind, given)

    def spool(self, given: bytes) -> None:
        folder = self.next_folder()
        (folder / "000000000001.spool").write_bytes(given)
        opened = Spool(folder, 2**30)
        try:
            list(iter(opened.take, []))
            opened.append([Record(Topic.EVENTS, 1, b"k", b"v")])
        finally:
            opened.close()

    def alert(self, given: bytes) -> None:
        def send(alert: dict[str, Any]) -> None:
            assert bytes(mail.mail(alert, "me@example.org"))
            assert webhook.body(alert)
            mail.name(alert)

        stop = threading.Event()
        Deliverer("mail", send, stop).take(given)

    def settings_file(self, given: bytes) -> None:
        folder = self.next_folder()
        (folder / "settings.toml").write_bytes(given)
        with pytest.MonkeyPatch.context() as patch, suppress(SettingsError):
            patch.setenv("FOOTFALL_HOME", str(folder))
            load_settings()

    def sites_file(self, given: bytes) -> None:
        folder = self.next_folder()
        (folder / "sites.toml").write_bytes(given)
        with suppress(SettingsError):
            site_registry.names(Settings(home=folder))

    def gate(self, given: bytes) -> None:
        answers: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answers.append(message["status"])

        gate = Gate(PlainTextResponse("in"), self.settings)
        for name in (b"host", b"x-forwarded-host", b"authorization", b"cookie", b"x-forwarded-proto"):
            scope = {"type": "http", "scheme": "http", "path": "/", "method": "GET", "client": ("127.0.0.1", 1)}
            asyncio.run(gate({**scope, "headers": [(name, given), (b"host", b"localhost")]}, _nothing, send))
        assert set(answers) <= {401, 421}
        assert len(answers) == 5

    def log_text(self, given: bytes) -> None:
        text = given.decode("latin-1")
        environ = {"PATH_INFO": text, "QUERY_STRING": text, "REQUEST_URI": text}
        for made in (
            log_escaping.loggable(text, 100),
            log_escaping.loggable_referrer(text),
            log_escaping.loggable_agent(text),
            log_escaping.target_of(environ),
        ):
            assert made.isascii()
            assert made.isprintable()
            assert '"' not in made

    def stored_list(self, given: bytes) -> None:
        with suppress(ValueError):
            decode_list(given)

    def batch_files(self, given: bytes) -> None:
        progress.offered_ends(given)
        progress._read_progress(given)
        with suppress(HdfsUnavailable):
            progress._read_current(given)
        files = LocalFiles(self.next_folder())
        files.write(published._path(published.DAYS), given)
        with suppress(HdfsUnavailable):
            published.read(files)


class _Counted(RejectedCheck):
    """Counts records of any kind."""

    number = 0

    def record(self, rejected: object) -> None:
        self.number += 1

    def unreadable(self, offset: int) -> None:
        self.number += 1


async def _nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def _now(**changes: Any) -> bytes:
    """An alert that was raised just now, since old ones are not delivered."""
    at = format_rfc3339_ms(time.time_ns() // 1_000_000)
    alert = {
        "alert_id": "errors/shop//cart",
        "kind": "errors",
        "app_id": "shop",
        "page_path": "/cart",
        "severity": "warning",
        "state": "open",
        "started_at": at,
        "raised_at": at,
        "resolved_at": None,
        "observed": 0.25,
        "expected": 0.004,
        "n": 40,
        "sample_request_id": "r-1",
    }
    return orjson.dumps(alert | changes)


def _framed(payload: bytes) -> bytes:
    """A record of the spool whose checksum is right, whatever is in it."""
    return spool._FRAME.pack(len(payload), spool.zlib.crc32(payload)) + payload


_SPOOLED: Final = spool._encode(Record(Topic.EVENTS, NOW_MS, b"session", EVENT))
_LIST: Final = StoredList("m-1", "2026-11-24", "run", NOW_MS, (Entry("product", "kettle", 0.5, "popular"),))
_READERS: Final[dict[str, tuple[Callable[[Reader, bytes], None], tuple[bytes, ...], int]]] = {
    "address": (Reader.address, ADDRESSES, 50_000),
    "agent": (Reader.agent, (b"Mozilla/5.0 (X11) Firefox/140.0", b"Googlebot/2.1"), 50_000),
    "host name": (Reader.host_name, (b"localhost:5001", b"shop.example.org", b"[::1]:80", b"http://127.0.0.1"), 50_000),
    "time": (
        Reader.time,
        (b"2026-11-24T08:00:00.123Z", b"2026-11-24", b"019ab6d1-0e0c-7000-8000-0123456789ab"),
        50_000,
    ),
    "body": (Reader.body, (orjson.dumps([example_event(), example_event(schema_version="1.3", x=1)]),), 20_000),
    "reject": (Reader.reject, (REJECT, REPAIRABLE, UNPAID), 20_000),
    "live": (Reader.live, (EVENT, PAID, REJECT), 50_000),
    "archive": (Reader.archive, (EVENT, PAID, REJECT), 2_000),
    "proof": (Reader.proof, (EVENT, PAID, REJECT), 20_000),
    "line": (Reader.line, (ACCESS, ERROR, PERFORMANCE), 50_000),
    "spool": (Reader.spool, (_SPOOLED * 3, _framed(b"\x07" + b"\0" * 40)), 2_000),
    "alert": (Reader.alert, (_now(), _now(kind="drop", page_path=None), _now(state="resolved")), 20_000),
    "settings file": (Reader.settings_file, (b'pace = 1.0\nhost_names = ["a"]\n[ports]\nshop = 5001\n',), 1_000),
    "sites file": (
        Reader.sites_file,
        (b'[blog]\ntitle = "Blog"\norigins = ["https://b.example"]\nport = 80',),
        1_000,
    ),
    "gate": (Reader.gate, (b"localhost", b"Basic Zm9vdGZhbGw6eA==", b"footfall_dashboard=0; a=b"), 1_000),
    "log text": (Reader.log_text, (b"/search?q=boots&page=2", b"http://localhost/cart", b"Mozilla/5.0"), 50_000),
    "stored list": (Reader.stored_list, (encode_list(_LIST), msgspec.msgpack.encode([1, "a"])), 20_000),
    "batch files": (
        Reader.batch_files,
        (
            json.dumps({"events": {"0": 5}}).encode(),
            json.dumps(
                {"checkpoint": "a", "topics": {}, "starts": {"events": {"0": 1}}, "lost": [], "totals": {}}
            ).encode(),
            b'{"ends": {}, "touched": [[1, 2]], "totals": {}}',
            gzip.compress(b'{"dt": "2026-11-24", "run": "r", "published_ms": 1, "manifest": "m"}\n' * 9),
        ),
        2_000,
    ),
}


@pytest.mark.timeout(900 if LONG else 60)
@pytest.mark.parametrize("name", _READERS)
def test_spoilt_bytes_are_read_or_refused(name: str, tmp_path: Path) -> None:
    read, samples, number = _READERS[name]
    rng = Random(f"{SEED} {name}")
    reader = Reader(tmp_path)
    for given in some_spoilt(rng, samples, number if LONG else max(100, number // 100)):
        try:
            read(reader, given)
        except BaseException:
            print(f"seed {SEED}: {given!r}")
            raise

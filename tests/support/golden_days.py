"""Two days of made-up events with every case of the warehouse's definitions, as files of the archive and of the logs.

A day without events follows. The tests state the answers; they were worked out by hand.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from footfall.lake import schema
from footfall.lake.layout import Files
from footfall.warehouse import tables
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.profiles import POINTER, PROFILES_HISTORY, Published
from footfall.warehouse.spark import schemas
from footfall.warehouse.spark.schemas import with_day
from footfall.warehouse.tables import Table

DAY, NEXT, EMPTY = "2026-11-24", "2026-11-25", "2026-11-26"
DAYS = [DAY, NEXT, EMPTY]
RUN = "20261126T000000-0000"
PROFILES_RUN = "20261125T000000-0000"
# Events from this offset on arrived after the manifest was taken.
END = 1000
BERLIN = {"country": "DE", "region": "DE-BE", "city": "Berlin", "latitude": 52.5, "longitude": 13.4}
PHONE = {"device_type": "mobile", "browser": "Firefox", "os": "Android"}


def ms(text: str, day: str = DAY) -> int:
    """The ms since 1970 of a time such as `10:00:00` or `10:00:00.001` on a day."""
    at = datetime.fromisoformat(f"{day} {text}").replace(tzinfo=timezone.utc)
    return round(at.timestamp() * 1000)


def event_id(number: int) -> str:
    """The id of the event with this number."""
    return f"00000000-0000-7000-8000-{number:012}"


def manifest(run: str = RUN) -> Manifest:
    """Reads Kafka's first partition up to `END`, and nothing of the second."""
    return Manifest(run, DAYS, 0, {"0": END}, {}, {})


class Day:
    """Numbers events, and fills in what they have in common. Offsets are ten times the number."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, number: int, app: str, session: str, time: str, kind: str, path: str | None, **more: Any) -> None:
        """An event of a person; `day`, `offset`, `late_ms` and any field may be given."""
        at_ms = ms(time, more.pop("day", DAY))
        received_ms = at_ms + more.pop("late_ms", 50)
        fields = {
            "app_id": app,
            "session_id": session,
            "event_id": event_id(number),
            "event_type": kind,
            "event_time": at_ms * 1000,
            "occurred_at": at_ms * 1000,
            "sent_at": at_ms * 1000,
            "received_at": received_ms * 1000,
            "schema_version": "1.0",
            "anonymous_id": f"visitor of {session}",
            "seq": number,
            "page_path": path,
            "page_section": path and f"section of {path}",
            "page_type": path and ("home" if path == "/" else "product"),
            "consent": "unknown",
            "is_bot": False,
            "backfill": False,
            "kafka_partition": 0,
            "kafka_offset": more.pop("offset", 10 * number),
        }
        self.events.append({**fields, **more})


def _events() -> list[dict[str, Any]]:
    made = Day()
    add = made.add
    # Session A: a visit that lasts exactly to the gap, a run without a page view, a bounce, and a run over midnight.
    google = {"referrer": "https://www.google.co.uk/search", **BERLIN, **PHONE}
    add(1, "shop", "A", "10:00:00", "page_view", "/", page_view_id="A1", request_id="r1", response_ms=100, **google)
    add(2, "shop", "A", "10:00:10", "page_ping", "/", page_view_id="A1", engaged_ms=6000, scroll_pct=40)
    add(3, "shop", "A", "10:00:20", "page_view", "/p", page_view_id="A2", response_ms=1500, page_title="Old")
    own = {"schema_version": "1.1", "event_name": "signup"}
    add(4, "shop", "A", "10:00:30", "custom", "/p", page_view_id="A2", user_id="u1", scroll_pct=70, **own)
    add(5, "shop", "A", "10:00:40", "page_view", "/p", page_view_id="A3", response_ms=300, page_title="New")
    order = {"order_id": "o1", "user_id": "u1"}
    add(6, "shop", "A", "10:01:00", "purchase", "/p", value_cents=500, page_view_id="A3", **order)
    add(7, "shop", "A", "10:01:00", "purchase", "/p", value_cents=250, page_view_id="A3", order_id="o1")
    add(8, "shop", "A", "10:31:00", "page_ping", "/p", page_view_id="A3", engaged_ms=1000)
    add(9, "shop", "A", "11:01:00.001", "click", "/p", page_view_id="A3")
    add(10, "shop", "A", "11:40:00", "page_view", "/", page_view_id="A4", user_id="u2", offset=100)
    # Its repeat differs and has a higher offset; a third one lies in a file that a merge left for an instant.
    add(10, "shop", "A", "11:41:00", "page_view", "/again", page_view_id="A4", offset=101)
    add(10, "shop", "A", "11:40:00", "page_view", "/", page_view_id="A4", user_id="u2", offset=100)
    add(11, "shop", "A", "11:42:00", "page_view", "/later", page_view_id="A5", offset=END)
    add(12, "shop", "A", "11:42:00", "page_view", "/elsewhere", page_view_id="A6", kafka_partition=1, offset=5)
    add(13, "shop", "A", "23:59:00", "page_view", "/p2", page_view_id="A7", utm_source="mail", utm_medium="email")
    add(14, "shop", "A", "00:01:00", "page_ping", "/p2", page_view_id="A7", engaged_ms=3000, scroll_pct=9, day=NEXT)
    add(15, "shop", "A", "00:02:00", "purchase", "/p2", page_view_id="A7", value_cents=70, order_id="o2", day=NEXT)
    # Session B: no consent, a failure, two subscriptions; two tabs use one seq.
    denied = {"consent": "denied", "anonymous_id": "B"}
    add(20, "news", "B", "09:00:00", "page_view", "/", page_view_id="B1", http_status=500, user_id="u1", **denied)
    add(21, "news", "B", "09:00:01", "form_submit", "/", page_view_id="B1", element="newsletter", **denied)
    add(22, "news", "B", "09:00:02", "form_submit", "/", page_view_id="B1", element="newsletter", seq=21, **denied)
    add(23, "news", "B", "09:00:03", "form_submit", "/", page_view_id="B1", element="search", **denied)
    # Session C becomes a bot: one visit of a person, one of a bot, and one of both. The seq is not the order of time.
    add(30, "news", "C", "12:00:00", "page_view", "/x", page_view_id="C1", seq=2, response_ms=10, country="FR")
    bot = {"is_bot": True, "bot_reason": "rate", "country": "US"}
    add(31, "news", "C", "12:00:01", "page_view", "/y", page_view_id="C2", seq=1, response_ms=20, **bot)
    add(32, "news", "C", "12:00:02", "page_view", "/z", page_view_id="C3", seq=3, response_ms=30, **bot)
    # Session D: errors, and an event that was late.
    add(
        40,
        "academy",
        "D",
        "15:00:00",
        "page_view",
        "/",
        page_view_id="D1",
        request_id="r4",
        user_id="u1",
        late_ms=60_001,
    )
    broken = {"error_code": "TypeError", "page_view_id": "D1", "request_id": "r4"}
    add(41, "academy", "D", "15:00:01", "error", "/", error_message="item 7 is gone", **broken)
    add(42, "academy", "D", "15:00:02", "error", "/q", error_message="item 8 is gone", **broken)
    add(
        43,
        "academy",
        "D",
        "15:00:03",
        "error",
        "/q",
        error_message="order 01a213bf-fb7f-77f3-8ce0-b1a4ea94a2c1 is lost",
        **broken,
    )
    # Session E: another city of the same name of a person with the same profile, and a path of three pages.
    add(50, "shop", "E", "18:00:00", "page_view", "/", page_view_id="E1", user_id="u1", **{**BERLIN, "latitude": 52.4})
    add(51, "shop", "E", "18:00:01", "page_view", "/p", page_view_id="E2", response_ms=200, page_title=None)
    add(52, "shop", "E", "18:00:02", "page_view", "/", page_view_id="E3", response_ms=1001, request_id="r1")
    return made.events


def write(files: Files, run: str = RUN, events: Sequence[dict[str, Any]] | None = None) -> None:
    """Writes the archive, the profiles, and the tables of the logs of a run. events: `Day.events`; None: all cases."""
    by_folder: dict[str, list[dict[str, Any]]] = {}
    for number, event in enumerate(_events() if events is None else events):
        day = datetime.fromtimestamp(event["event_time"] / 1e6, timezone.utc).date()
        # Two files, so that repeats lie apart from each other. The first is from before schema 1.1.
        name = f"/events/app_id={event['app_id']}/dt={day}/cafe0001-{number % 2:09}.parquet"
        by_folder.setdefault(name, []).append({key: value for key, value in event.items() if key != "app_id"})
    for name, rows in by_folder.items():
        columns = schema.archived() if name.endswith("1.parquet") else archived_before_1_1()
        files.write(name, _parquet(rows, columns))
    # u1 changes the plan at 10:00:35; u2 was deleted.
    since = {"user_id": "u1", "country": "DE", "birth_year": 1990, "company_size": "10-49", "deleted": False}
    change_ms = ms("10:00:35")
    profiles = [
        {**since, "plan": "free", "valid_from_ms": 0, "valid_to_ms": change_ms},
        {**since, "plan": "pro", "valid_from_ms": change_ms, "valid_to_ms": ms("17:00:00")},
        {**since, "plan": "team", "valid_from_ms": ms("17:00:00"), "valid_to_ms": None, "birth_year": 2009},
        {**since, "user_id": "u2", "plan": "pro", "valid_from_ms": 0, "valid_to_ms": None, "deleted": True},
    ]
    content = _parquet(profiles, to_arrow_schema(schemas.PROFILES_HISTORY))
    use_profiles(files)
    files.write(f"{PROFILES_HISTORY.partition(PROFILES_RUN)}/part-0.parquet", content)
    line = {"app_id": "shop", "logged_ms": ms("10:00:00"), "page_path": "/"}
    of_logs = [{**line, "request_id": "r1", "duration_us": 2_500}, {**line, "request_id": "r9", "duration_us": 9_000}]
    _of_logs(files, tables.FACT_PERFORMANCE, of_logs, run)
    failure = {"app_id": "shop", "error_class": "KeyError", "message": "'x'", "page_path": "/", "fingerprint": "f1"}
    failures = [
        {**failure, "request_id": "r1", "logged_ms": ms("10:00:00")},
        {**failure, "request_id": "r8", "logged_ms": ms("10:00:05"), "message": "'y'", "page_path": "/p"},
    ]
    _of_logs(files, tables.FACT_LOG_ERRORS, failures, run)


def archived_before_1_1() -> pa.Schema:
    """The columns of a file of `/events` that was written before the event had the fields of its schema 1.1."""
    later = ("event_name", "lcp_ms", "inp_ms", "ttfb_ms", "cls_milli", "via")
    return pa.schema([field for field in schema.archived() if field.name not in later])


def use_profiles(files: Files) -> None:
    """Names the run whose profiles are in use."""
    files.write(POINTER, json.dumps(asdict(Published(PROFILES_RUN, "", 0, 4))).encode())


def _of_logs(files: Files, table: Table, rows: list[dict[str, Any]], run: str) -> None:
    columns = StructType([field for field in with_day(table) if field.name != "dt"])
    files.write(f"{table.partition(DAY, run)}/part-0.parquet", _parquet(rows, to_arrow_schema(columns)))


def _parquet(rows: Iterable[dict[str, Any]], columns: pa.Schema) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=columns), content, compression="zstd")
    return content.getvalue()

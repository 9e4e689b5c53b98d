"""A hand-made log of three sites around noon, and the live tables that the live path counts from it.

Read it beside `test_live_questions.py`, whose answers are worked out from it by hand.
"""

from typing import Any, NamedTuple

import orjson

from footfall.events.rejects import Reject, reject_record
from footfall.events.times import parse_rfc3339_ms
from footfall.kafka.topics import Topic
from footfall.questions.sources import Sources
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.questions import HBASE
from footfall.settings import Settings
from tests.support.events import ABSENT, stored_event
from tests.unit.realtime.memory_store import Cells, MemoryStore

EVENTS = Topic("events", "topic-e", 8)
REJECTED = Topic("events.rejected", "topic-r", 1)
_PER_PACK = 4


class Session(NamedTuple):
    """The fields that all events of a session share. Sessions are in several partitions, so that rows are merged."""

    app: str
    anonymous_id: str
    country: str | None
    device: str
    partition: int
    consent: str = "granted"
    bot: bool = False


SESSIONS = {
    "s-ana": Session("shop", "a-ana", "DE", "desktop", 2),
    "s-ana2": Session("news", "a-ana2", "DE", "mobile", 6),
    "s-cat": Session("shop", "s-cat", "DE", "mobile", 5, consent="denied"),
    "s-eve": Session("shop", "a-eve", "FR", "desktop", 2),
    "s-eve2": Session("shop", "a-eve", "FR", "desktop", 0),
    "s-mix": Session("shop", "a-mix", "DE", "desktop", 1),
    "s-bot": Session("shop", "a-bot", "US", "desktop", 4, bot=True),
    "s-old": Session("shop", "a-old", "DE", "desktop", 1),
    "s-ben": Session("news", "a-ben", "FR", "mobile", 0),
    "s-fay": Session("news", "a-fay", "FR", "desktop", 3),
    "s-hal": Session("news", "a-hal", "US", "mobile", 3),
    "s-jon": Session("news", "a-jon", "FR", "desktop", 4),
    "s-dan": Session("academy", "a-dan", None, "tablet", 7),
    "s-gus": Session("academy", "a-gus", "FR", "desktop", 6),
    "s-ida": Session("academy", "a-ida", "DE", "desktop", 0),
}

# Path → section, type, title.
PAGES = {
    "/": ("home", "home", "Welcome"),
    "/list/tea": ("tea", "list", "Tea"),
    "/product/pot": ("tea", "product", "Pot"),
    "/cart": ("till", "cart", "Cart"),
    "/checkout": ("till", "checkout", "Checkout"),
    "/nothing": ("none", "error", "Not here"),
    "/world/rain": ("world", "article", "Rain"),
    "/course/algebra": ("algebra", "course", "Algebra"),
    "/quiz/1": ("algebra", "quiz", "Quiz 1"),
}


def event_id(number: int) -> str:
    """Ids sort as their numbers do."""
    return f"01a20c91-9e0c-7bd6-9e7d-{number:012d}"


def at_ms(time: str) -> int:
    """Epoch ms of a time such as `12:00:30.000`, or `-1 23:50:00.000` for the day before 2026-11-24."""
    day, _, clock = time.rpartition(" ")
    return parse_rfc3339_ms(f"2026-11-{24 + int(day or 0)}T{clock}Z")


def stamp(time: str) -> str:
    """The time as it is stored and returned."""
    day, _, clock = time.rpartition(" ")
    return f"2026-11-{24 + int(day or 0)}T{clock}Z"


def event(
    number: int,
    session: str,
    seq: int,
    time: str,
    kind: str,
    path: str | None = None,
    view: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One stored event. A page view has succeeded unless a status is given; durations are set only if given."""
    of = SESSIONS[session]
    section, page_type, title = PAGES[path] if path else (ABSENT, ABSENT, ABSENT)
    fields = {
        "event_id": event_id(number),
        "event_type": kind,
        "app_id": of.app,
        "session_id": session,
        "anonymous_id": of.anonymous_id,
        "seq": seq,
        "event_time": stamp(time),
        "received_at": stamp(time),
        "page_path": path or ABSENT,
        "page_view_id": view or ABSENT,
        "page_section": section,
        "page_type": page_type,
        "page_title": title,
        "country": of.country or ABSENT,
        "device_type": of.device,
        "consent": of.consent,
        "is_bot": of.bot,
        "bot_reason": "agent" if of.bot else ABSENT,
        "http_status": 200 if kind == "page_view" else ABSENT,
        "response_ms": ABSENT,
        "request_id": ABSENT,
        "item_id": ABSENT,
        "item_type": ABSENT,
        "previous_path": ABSENT,
    }
    return stored_event(at_ms(time), **fields | more)


_U1 = {"user_id": "u-1"}
_IMAGE = {"error_code": "E_IMG", "error_message": "Image missing"}
_QUIZ = {"error_code": "E_QUIZ", "error_message": "No answer"}

# In order of arrival: a partition's offsets are its events' places in this list.
LOG: list[dict[str, Any]] = [
    # Over midnight: a visit of each day.
    event(54, "s-ida", 0, "-1 23:50:00.000", "page_view", "/course/algebra", "v54"),
    event(55, "s-ida", 1, "-1 23:58:00.000", "page_ping", "/course/algebra", "v54", engaged_ms=6000),
    event(56, "s-ida", 2, "00:05:00.000", "page_view", "/quiz/1", "v56"),
    event(57, "s-ida", 3, "00:10:00.000", "page_view", "/course/algebra", "v57"),
    # Half a minute too old for the last hour's errors.
    event(58, "s-gus", 0, "10:59:30.000", "error", "/quiz/1", "v58", **_QUIZ, request_id="r-58"),
    # A gap of exactly half an hour is none; one more millisecond, further down, is.
    event(59, "s-jon", 0, "11:00:00.000", "page_view", "/", "v59"),
    # Ana's first visit.
    event(1, "s-ana", 0, "11:02:00.000", "page_view", "/", "v1", response_ms=40),
    event(2, "s-ana", 1, "11:02:10.000", "page_ping", "/", "v1", engaged_ms=8000),
    event(3, "s-ana", 2, "11:03:00.000", "page_view", "/list/tea", "v3", response_ms=60),
    event(4, "s-ana", 3, "11:05:00.000", "page_ping", "/list/tea", "v3", engaged_ms=15000),
    event(27, "s-dan", 0, "11:20:00.000", "page_view", "/course/algebra", "v27", response_ms=80),
    event(28, "s-dan", 1, "11:21:00.000", "error", "/quiz/1", "v28", **_QUIZ, request_id="r-28"),
    # A millisecond too old for thirty minutes; Ben is just within.
    event(34, "s-fay", 0, "11:29:59.999", "page_view", "/", "v34"),
    event(33, "s-ben", 0, "11:30:00.000", "page_view", "/", "v33", response_ms=45),
    event(60, "s-jon", 1, "11:30:00.000", "page_view", "/world/rain", "v60"),
    event(20, "s-eve", 0, "11:40:00.000", "page_view", "/nothing", "v20", response_ms=12, http_status=404),
    event(21, "s-eve", 1, "11:40:20.000", "page_view", "/", "v21", response_ms=35),
    # The same person on a telephone, on another site; logs out at the end.
    event(39, "s-ana2", 0, "11:45:00.000", "page_view", "/", "v39", response_ms=50, **_U1),
    event(40, "s-ana2", 1, "11:46:00.000", "page_ping", "/", "v39", engaged_ms=10000, **_U1),
    event(41, "s-ana2", 2, "11:47:00.000", "page_view", "/world/rain", "v41", response_ms=55, **_U1),
    event(42, "s-ana2", 3, "11:47:30.000", "logout", **_U1),
    event(43, "s-ana2", 4, "11:48:00.000", "page_view", "/", "v43", response_ms=48),
    # Ana's second visit, in two tabs, arriving out of order; she logs in.
    event(5, "s-ana", 4, "11:50:00.000", "page_view", "/", "v5", response_ms=20),
    event(7, "s-ana", 6, "11:50:40.000", "page_ping", "/", "v5", engaged_ms=4000),
    event(6, "s-ana", 5, "11:50:30.000", "page_view", "/product/pot", "v6", response_ms=100),
    event(8, "s-ana", 7, "11:50:50.000", "login", **_U1),
    event(9, "s-ana", 8, "11:51:00.000", "page_ping", "/product/pot", "v6", engaged_ms=5000, **_U1),
    event(64, "s-ana", 9, "11:51:30.000", "page_ping", "/product/pot", "v6", engaged_ms=2500, **_U1),
    # Both a millisecond before the last five minutes, and Ben's just within.
    event(38, "s-hal", 0, "11:54:59.999", "page_view", "/", "v38"),
    event(62, "s-hal", 1, "11:54:59.999", "error", "/", "v38", **_IMAGE),
    event(36, "s-ben", 2, "11:55:00.000", "page_ping", "/world/rain", "v35", engaged_ms=30000),
    event(63, "s-ben", 3, "11:55:00.000", "error", "/", "v33", **_IMAGE, request_id="r-63"),
    # Both tabs took position 10; the id decides.
    event(11, "s-ana", 10, "11:55:00.500", "page_view", "/cart", "v11", response_ms=250, **_U1),
    event(10, "s-ana", 10, "11:55:00.000", "click", "/product/pot", "v6", element="add", **_U1),
    # Consent denied: the session is the visitor.
    event(15, "s-cat", 0, "11:56:00.000", "page_view", "/", "v15", response_ms=30),
    event(44, "s-bot", 0, "11:57:00.000", "page_view", "/", "v44", response_ms=5),
    event(16, "s-cat", 1, "11:57:00.000", "page_view", "/checkout", "v16", response_ms=1200, http_status=500,
          request_id="r-16"),
    event(45, "s-bot", 1, "11:57:01.000", "page_view", "/nothing", "v45", http_status=404),
    event(46, "s-bot", 2, "11:57:02.000", "page_view", "/checkout", "v46", response_ms=9000, http_status=500),
    event(17, "s-cat", 2, "11:57:30.000", "page_view", "/checkout", "v17", response_ms=300),
    event(18, "s-cat", 3, "11:58:00.000", "purchase", "/checkout", "v17", value_cents=4200, currency="EUR"),
    event(22, "s-eve", 2, "11:58:10.000", "page_view", "/list/tea", "v22", response_ms=61),
    # Late: it happened eighteen minutes before it came.
    event(35, "s-ben", 1, "11:40:00.000", "page_view", "/world/rain", "v35", response_ms=70,
          received_at=stamp("11:58:30.000")),
    event(23, "s-eve", 3, "11:58:40.000", "error", "/list/tea", "v22", **_IMAGE, request_id="r-23"),
    # The same event again with a later time: the first one counts.
    event(23, "s-eve", 3, "11:58:41.000", "error", "/list/tea", "v22", **_IMAGE, request_id="r-23b"),
    event(24, "s-eve", 4, "11:58:50.000", "error", "/list/tea", "v22", **_IMAGE, request_id="r-24"),
    event(37, "s-ben", 4, "11:58:59.999", "click", "/", "v33", element="menu"),
    event(29, "s-dan", 2, "11:58:59.999", "page_view", "/quiz/1", "v29", response_ms=5000, http_status=503,
          error_code="E_DOWN", error_message="Try later", request_id="r-29"),
    event(30, "s-dan", 3, "11:59:00.000", "page_view", "/quiz/1", "v30", response_ms=53),
    # Flagged at the third event: the first two stay a person's.
    event(48, "s-mix", 0, "11:59:00.000", "page_view", "/", "v48", response_ms=25),
    event(49, "s-mix", 1, "11:59:01.000", "page_view", "/list/tea", "v49", response_ms=26),
    event(50, "s-mix", 2, "11:59:02.000", "page_view", "/product/pot", "v50", is_bot=True, bot_reason="rate"),
    event(51, "s-mix", 3, "11:59:03.000", "page_view", "/cart", "v51", is_bot=True, bot_reason="rate"),
    event(25, "s-eve", 5, "11:59:10.000", "search", "/list/tea", "v22", search_term="green"),
    # Backfill for now and for two days ago, which the live tables leave out.
    event(52, "s-old", 0, "11:59:20.000", "page_view", "/", "v52", http_status=500, backfill=True),
    event(53, "s-old", 1, "-2 11:59:20.000", "page_view", "/", "v53", backfill=True),
    event(12, "s-ana", 11, "11:59:30.000", "page_ping", "/cart", "v11", engaged_ms=20000, **_U1),
    event(31, "s-dan", 4, "11:59:40.000", "form_submit", "/quiz/1", "v30"),
    event(47, "s-bot", 3, "11:59:59.000", "page_view", "/list/tea", "v47"),
    event(19, "s-cat", 4, "12:00:00.000", "page_ping", "/checkout", "v17", engaged_ms=9000),
    event(61, "s-jon", 2, "12:00:00.001", "page_view", "/", "v61", response_ms=33),
    event(13, "s-ana", 12, "12:00:10.000", "page_view", "/checkout", "v13", response_ms=900, http_status=500,
          request_id="r-13", **_U1),
    # A client's retry, in another minute than the first.
    event(12, "s-ana", 11, "12:00:20.000", "page_ping", "/cart", "v11", engaged_ms=20000, **_U1),
]  # fmt: skip

REJECTS = [("academy", "11:57:15.000"), ("shop", "11:59:10.000"), ("shop", "11:59:50.000"), ("news", "12:00:05.000")]

# The time up to which each partition was read to its end; the earliest one decides.
CAUGHT_UP = {**dict.fromkeys(range(EVENTS.partitions), "12:00:20.000"), 5: "11:59:30.000"}


def count(cells: Cells, log: list[dict[str, Any]]) -> None:
    """Counts every partition of the log with the live path, in packs of a few records, each with a flush."""
    for number in range(EVENTS.partitions):
        mine = [orjson.dumps(event) for event in log if SESSIONS[event["session_id"]].partition == number]
        if number == 3:
            mine.append(b'{"no": "event"}')
        _count(cells, EVENTS, number, mine, at_ms(CAUGHT_UP[number]))
    rejects = [reject_record(Reject("not_json", "It is no JSON."), b"{", app, at_ms(time)) for app, time in REJECTS]
    _count(cells, REJECTED, 0, [*rejects, b"no record"], at_ms("12:00:20.000"))


def counted(log: list[dict[str, Any]]) -> Cells:
    """The live tables after counting the log."""
    cells = Cells()
    count(cells, log)
    return cells


def sources(cells: Cells, time: str = "12:00:30.000") -> Sources:
    """The sources of questions over these tables, asked at that time."""
    return Sources(Settings(), {HBASE: MemoryStore(cells)}, lambda: at_ms(time))


def _count(cells: Cells, topic: Topic, number: int, records: list[bytes], caught_up_ms: int) -> None:
    partition = Partition(topic, number, MemoryStore(cells))
    for first in range(0, len(records), _PER_PACK):
        values = records[first : first + _PER_PACK]
        partition.offer(Pack(f"{first}", first, first + len(values), 0, None, values))
        partition.flush()
    partition.offer(Pack("end", len(records), len(records), caught_up_ms, None, []))
    partition.write_caught_up()

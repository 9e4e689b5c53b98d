"""Ways to break a counted world. Each returns the text that the report must contain."""

from collections.abc import Callable
from typing import Any

import orjson

from footfall.events.identity import new_uuid7
from footfall.events.times import parse_rfc3339_ms
from footfall.realtime import sketches, tables
from footfall.realtime.tables import Counts, SessionCell
from footfall.sites.visitors.ledger import Entry
from footfall.verification.identity import event_bytes, partition_of
from tests.support.events import ABSENT, NOW_MS
from tests.unit.verification.world import World, newest


def lose_session_cell(world: World) -> str:
    event = newest(world)
    session, event_id = event["session_id"], event_bytes(event["event_id"])
    keep(world, session, {known: cell for known, cell in kept(world, session).items() if known != event_id})
    return str(event["event_id"])


def invent_session_cell(world: World) -> str:
    event, invented = newest(world), new_uuid7(NOW_MS)
    events = kept(world, event["session_id"])
    keep(world, event["session_id"], {**events, event_bytes(invented): events[event_bytes(event["event_id"])]})
    return invented


def move_session_cell(world: World) -> str:
    event = newest(world)
    events, event_id = kept(world, event["session_id"]), event_bytes(event["event_id"])
    offset = events[event_id].offset
    keep(world, event["session_id"], {**events, event_id: events[event_id]._replace(offset=offset + 1)})
    return f"{event['event_id']}: {offset + 1} instead of {offset}"


def raise_a_count(world: World) -> str:
    key, column = row_of(newest(world))
    counts = tables.decode_counts(world.cells.get("minute_metrics", key)[column])
    people = counts.people._replace(events=counts.people.events + 1)
    put(world, "minute_metrics", key, column, tables.encode_counts(counts._replace(people=people)))
    return f"events (people) {people.events} instead of {counts.people.events}"


def shift_an_error(world: World) -> str:
    key = next(key for key in world.cells.tables["minute_metrics"] if b"\0error\0" in key and b"E7" in key)
    ((column, cell),) = world.cells.get("minute_metrics", key).items()
    counts = tables.decode_counts(cell)
    people = counts.people._replace(first_ms=(counts.people.first_ms or 0) - 1)
    put(world, "minute_metrics", key, column, tables.encode_counts(counts._replace(people=people)))
    return "error E7 broken /product/blue-kettle"


def _counted(world: World, is_wanted: Callable[[bytes, Counts], object]) -> tuple[bytes, bytes, Counts]:
    """Key, column and content of the first cell of `minute_metrics` for which `is_wanted` is true."""
    for key, row in world.cells.tables["minute_metrics"].items():
        for column, (_, cell) in row.items():
            if column.startswith(b"f:e") and is_wanted(key, counts := tables.decode_counts(cell)):
                return key, column, counts
    raise AssertionError("no such cell was counted")


def lower_a_count_of_bots(world: World) -> str:
    key, column, counts = _counted(world, lambda _, counts: counts.bots.page_views)
    views = counts.bots.page_views
    fewer = counts._replace(bots=counts.bots._replace(page_views=views - 1))
    put(world, "minute_metrics", key, column, tables.encode_counts(fewer))
    return f"page_views (bots) {views - 1} instead of {views}"


def lose_an_entry(world: World) -> str:
    key, column, counts = _counted(world, lambda _, counts: counts.entries)
    fewer = counts._replace(entries=counts.entries - 1)
    put(world, "minute_metrics", key, column, tables.encode_counts(fewer))
    return f"entries {fewer.entries} instead of {counts.entries}"


def add_an_exit(world: World) -> str:
    key, column, counts = _counted(world, lambda key, _: b"\0page\0" in key)
    more = counts._replace(exits=counts.exits + 1)
    put(world, "minute_metrics", key, column, tables.encode_counts(more))
    return f"exits {more.exits} instead of {counts.exits}"


def move_a_city(world: World) -> str:
    key, column, counts = _counted(world, lambda key, _: b"\0country\0" in key)
    moved = counts._replace(cities={tables.city_text("Atlantis", 0.0, 0.0): 1})
    put(world, "minute_metrics", key, column, tables.encode_counts(moved))
    return "cities {('Atlantis', 0.0, 0.0): 1} instead of"


def _with_vitals(world: World, dimension: str) -> tuple[bytes, bytes, Counts]:
    """The cell of a row that counts two events of web vitals, which are added to the world."""
    values = {"lcp_ms": 2_600, "cls_milli": 90, "ttfb_ms": 300}
    world.visit("news", 2, event_type="web_vitals", response_ms=ABSENT, **values)
    world.count()
    assert world.verify().problems == []
    return _counted(world, lambda key, counts: counts.vitals and f"\0{dimension}\0".encode() in key)


def better_a_vital(world: World) -> str:
    key, column, counts = _with_vitals(world, "app")
    assert counts.vitals is not None
    counts.vitals.lcp.good += 1
    put(world, "minute_metrics", key, column, tables.encode_counts(counts))
    return "good lcp_ms 1 instead of 0"


def move_a_vital(world: World) -> str:
    key, column, counts = _with_vitals(world, "page")
    assert counts.vitals is not None
    found = dict(counts.vitals.ttfb.histogram)
    counts.vitals.ttfb.histogram[400] = 1
    put(world, "minute_metrics", key, column, tables.encode_counts(counts))
    return f"ttfb_ms {found | {400: 1}} instead of {found}"


def forget_the_vitals(world: World) -> str:
    key, column, counts = _with_vitals(world, "device")
    put(world, "minute_metrics", key, column, tables.encode_counts(counts._replace(vitals=None)))
    return "vital views 0 instead of 2"


def add_a_visitor(world: World) -> str:
    key, column = row_of(newest(world))
    found = tables.decode_visitors(world.cells.get("active_users", key)[column])
    more = sketches.Visitors(found.people_sketch)
    more.add(["news\0nobody"])
    put(world, "active_users", key, column, tables.encode_visitors(found.offset, more.stored(), found.bots_sketch))
    return f"visitors (people) {found.people + 1} instead of {found.people}"


def lose_a_visitor(world: World) -> str:
    key, column = row_of(newest(world))
    found = tables.decode_visitors(world.cells.get("active_users", key)[column])
    put(world, "active_users", key, column, tables.encode_visitors(found.offset, sketches.EMPTY, found.bots_sketch))
    return f"visitors (people) 0 instead of {found.people}"


def lose_a_row(world: World) -> str:
    key, column = row_of(event := newest(world))
    del world.cells.tables["active_users"][key][column]
    return f"active_users: {event['event_time'][:16]}Z app: {event['session_id']}/{event['event_id']}"


def lose_both_cells_of_a_row(world: World) -> str:
    key, _ = row_of(event := newest(world), "page", event["page_path"])
    del world.cells.tables["active_users"][key]
    del world.cells.tables["minute_metrics"][key]
    return f"{event['event_time'][:16]}Z page {event['page_path']}"


def invent_a_row(world: World) -> str:
    event = newest(world)
    key, column = row_of(event)
    invented, _ = row_of(event, "page", "/nowhere")
    world.cells.put("minute_metrics", invented, column, world.cells.get("minute_metrics", key)[column], 1)
    return "page /nowhere"


def move_a_row_back(world: World) -> str:
    event = newest(world)
    key, column = row_of(event)
    counts = tables.decode_counts(world.cells.get("minute_metrics", key)[column])
    records = world.log.records["events", partition_of(event["session_id"], world.log.partitions)]
    offset = next(n for n, record in enumerate(records) if orjson.loads(record)["event_id"] == event["event_id"])
    put(world, "minute_metrics", key, column, tables.encode_counts(counts._replace(offset=offset - 1)))
    return str(event["event_id"])


def raise_rejected(world: World) -> str:
    key = tables.encode_row_key("shop", "app", NOW_MS // 60_000, "")
    offset, _ = tables.decode_rejected(world.cells.get("minute_metrics", key)[b"f:r0"])
    put(world, "minute_metrics", key, b"f:r0", tables.encode_rejected(offset, 2))
    return "2026-11-24T08:00Z app: rejected 2 instead of 1"


def lose_rejected(world: World) -> str:
    key = tables.encode_row_key("shop", "app", NOW_MS // 60_000, "")
    del world.cells.tables["minute_metrics"][key][b"f:r0"]
    return "events.rejected/0 offset 1"


def promise_an_event(world: World) -> str:
    """Adds an event to the ledger that was answered 202 but is in no store."""
    event_id, session = new_uuid7(NOW_MS), newest(world, "shop")["session_id"]
    world.ledger["shop"] += [
        Entry("attempted", NOW_MS, event_id, session, seq=9, event_type="click"),
        Entry("accepted", NOW_MS + 1, event_id, session),
    ]
    return f"{session}/{event_id}"


def promise_a_reject(world: World) -> str:
    event_id = new_uuid7(NOW_MS)
    world.ledger["shop"].append(Entry("rejected", NOW_MS, event_id, new_uuid7(NOW_MS), reason="too_old"))
    return event_id


def forget_an_attempt(world: World) -> str:
    event_id = newest(world, "academy")["event_id"]
    world.ledger["academy"] = [entry for entry in world.ledger["academy"] if entry.event_id != event_id]
    return str(event_id)


def renumber_an_attempt(world: World) -> str:
    event = newest(world, "academy")
    world.ledger["academy"] = [
        Entry("attempted", e.ms, e.event_id, e.session_id, 77, e.event_type)
        if e.event_id == event["event_id"] and e.kind == "attempted"
        else e
        for e in world.ledger["academy"]
    ]
    return f"{event['event_id']}: seq {event['seq']} instead of 77"


def misplace_a_record(world: World) -> str:
    """Writes a record to a partition that a producer with another partitioner could choose."""
    event = newest(world)
    right = partition_of(event["session_id"], world.log.partitions)
    wrong = (right + 1) % world.log.partitions
    world.log.records["events", wrong].append(orjson.dumps({**event, "backfill": True}))
    world.count()
    return f"{event['event_id']} in events/{wrong}"


def put(world: World, table: str, key: bytes, column: bytes, cell: bytes) -> None:
    stamp, _ = world.cells.tables[table][key][column]
    world.cells.tables[table][key][column] = (stamp, cell)


def row_of(event: dict[str, Any], dimension: str = "app", value: str = "") -> tuple[bytes, bytes]:
    minute = parse_rfc3339_ms(event["event_time"]) // 60_000
    key = tables.encode_row_key(event["app_id"], dimension, minute, value)
    return key, tables.events_column(partition_of(event["session_id"], 8))


def kept(world: World, session_id: str) -> dict[bytes, SessionCell]:
    """The session cells of a session, by the bytes of their event_ids."""
    return tables.session_events(world.cells.get("sessions", session_id.encode()))


def keep(world: World, session_id: str, events: dict[bytes, SessionCell]) -> None:
    """Replaces the session cells of a session."""
    row = world.cells.tables["sessions"][session_id.encode()]
    stamp = max(stamp for stamp, _ in row.values())
    row.clear()
    row.update({column: (stamp, cell) for column, cell in tables.session_cells(list(events.items())).items()})

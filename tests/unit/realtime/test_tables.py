"""Cells are decoded as they were encoded. Keys sort as questions scan them, and no two rows share one."""

from typing import Any, cast
from uuid import UUID

import msgpack
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.events.validate import SCHEMA
from footfall.metrics.web_vitals import Vital, Vitals
from footfall.realtime import sketches, tables
from footfall.realtime.aggregate_row import MutablePopulation
from footfall.realtime.event_parser import Unparsable, read_event, read_rejected
from footfall.realtime.tables import Counts, Population, Progress, RowKey, SessionCell
from tests.support.events import stored_event

# The texts that the schema allows: no NUL, no other control characters, no half of a surrogate pair.
SAID = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
# A few characters that keys are made of, so that two texts meet often.
AWKWARD = (
    st.text("0:|a", max_size=3)
    | SAID
    | st.sampled_from(["\\0", "%00", "00000001", "app", "\U0010ffff", "\x7e", "\xa0", "\x85"])
)
APPS = st.sampled_from(["shop", "news", "academy"])
DIMENSIONS = st.sampled_from(tables.DIMENSIONS)
MINUTES = st.integers(0, 99_999_999)
KEYS = st.builds(RowKey, APPS, DIMENSIONS, MINUTES, AWKWARD)
OFFSETS = st.integers(0, 2**63 - 1)
AMOUNTS = st.integers(0, 2**63 - 1)
TIMES = st.integers(0, 5_999_999_940_000)
POPULATIONS = st.builds(
    Population,
    *[AMOUNTS] * 4,
    st.dictionaries(st.integers(0, 524), st.integers(1, 2**40), max_size=8),
    st.none() | TIMES,
    st.none() | TIMES,
    st.none() | AWKWARD,
    AMOUNTS,
)
SESSION_CELLS = st.builds(
    SessionCell,
    OFFSETS,
    st.integers(0, 1_000_000),
    TIMES,
    TIMES,
    AWKWARD,
    APPS,
    AWKWARD,
    *[st.none() | AWKWARD] * 6,
    *[st.none() | st.integers(0, 600_000)] * 2,
    st.booleans(),
    st.none() | AWKWARD,
)


@given(KEYS)
def test_row_keys_are_decoded_as_encoded(key: RowKey) -> None:
    assert tables.decode_row_key(tables.encode_row_key(*key)) == key


@given(KEYS, KEYS)
def test_row_keys_never_collide(one: RowKey, other: RowKey) -> None:
    assert (tables.encode_row_key(*one) == tables.encode_row_key(*other)) == (one == other)


@settings(max_examples=40)
@given(APPS, DIMENSIONS, MINUTES, MINUTES, AWKWARD, KEYS)
def test_a_scan_finds_an_apps_minutes_and_nothing_else(
    app: str, dimension: str, first: int, end: int, value: str, other: RowKey
) -> None:
    start, stop = tables.encode_row_key(app, dimension, first, ""), tables.encode_row_key(app, dimension, end, "")
    for key in (other, RowKey(app, dimension, other.minute, value)):
        meant = (key.app_id, key.dimension) == (app, dimension) and first <= key.minute < end
        assert (start <= tables.encode_row_key(*key) < stop) == meant


@given(APPS, AWKWARD, AWKWARD, MINUTES, MINUTES)
def test_rows_are_in_order_of_their_minutes(app: str, value: str, other: str, minute: int, later: int) -> None:
    keys = [tables.encode_row_key(app, "page", minute, value), tables.encode_row_key(app, "page", later, other)]
    if minute != later:
        assert (keys[0] < keys[1]) == (minute < later)


IDS = st.from_regex(SCHEMA["$defs"]["id"]["pattern"], fullmatch=True)
PERSONS = st.tuples(st.sampled_from("au"), AWKWARD | IDS, IDS)


@given(PERSONS, PERSONS)
def test_persons_rows_never_collide(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (tables.person_key(*one) == tables.person_key(*other)) == (one == other)


@settings(max_examples=40)
@given(st.sampled_from("au"), AWKWARD, PERSONS)
def test_a_persons_rows_are_found_by_their_beginning(kind: str, person: str, other: tuple[str, str, str]) -> None:
    start = tables.person_key(kind, person, "")
    for key in (other, (kind, person, other[2]), (kind, person + other[1], other[2])):
        assert tables.person_key(*key).startswith(start) == (key[:2] == (kind, person))


LONGEST = {"path": 1024, "name": 128, "text": 2048}


def longest(kind: str) -> str:
    """A valid text of the greatest length that the schema allows, in characters of four bytes."""
    most = SCHEMA["$defs"][kind]["maxLength"]
    assert most == LONGEST[kind]
    return str("/" if kind == "path" else "") + "\U0001f600" * (most - (kind == "path"))


def test_the_longest_texts_fit_a_row_key() -> None:
    # HBase stores a key's length as a signed 16-bit number and refuses longer keys every time.
    event = stored_event(
        event_type="error",
        error_code=longest("name"),
        error_message=longest("text"),
        page_path=longest("path"),
        page_section=longest("name"),
        user_id=longest("name"),
        session_id="s" * 64,
        app_id="academy",
    )
    counted = read_event(0, orjson.dumps(event))
    assert counted is not None
    keys = [key.encode() for key in counted.all_rows]
    assert len(keys) == 6
    assert all(tables.decode_row_key(key).app_id == "academy" for key in keys)
    keys.append(tables.person_key("u", event["user_id"], event["session_id"]))
    assert max(map(len, keys)) <= 2**15 - 1
    assert max(map(len, keys)) > 12_000


@pytest.mark.parametrize(
    "field",
    ["app_id", "session_id", "anonymous_id", "user_id", "page_path", "page_section", "country", "device_type"],
)
def test_a_nul_never_becomes_part_of_a_key(field: str) -> None:
    for text in ("\0", "a\0page\x0000000001\0b"):
        with pytest.raises(Unparsable):
            read_event(0, orjson.dumps(stored_event(**{field: text})))


@pytest.mark.parametrize("field", ["error_code", "error_message", "page_path"])
def test_a_nul_never_becomes_part_of_an_errors_key(field: str) -> None:
    with pytest.raises(Unparsable):
        read_event(0, orjson.dumps(stored_event(event_type="error", **{field: "/a\0b"})))


def test_a_nul_in_a_reject_is_refused_too() -> None:
    with pytest.raises(Unparsable):
        read_rejected(orjson.dumps({"app_id": "shop\0app", "rejected_at": "2026-11-24T08:00:00.000Z"}))


@settings(max_examples=40)
@given(APPS, AWKWARD.filter(bool), AWKWARD.filter(bool), AWKWARD, AWKWARD)
def test_the_key_that_an_event_names_is_the_one_that_questions_read(
    app: str, path: str, section: str, country: str, device: str
) -> None:
    fields = {"page_path": path, "page_section": section, "country": country, "device_type": device}
    event = stored_event(app_id=app, event_time="2026-11-24T08:00:59.999Z", **fields)
    counted = read_event(0, orjson.dumps(event))
    assert counted is not None
    values = {"app": "", "page": path, "section": section, "country": country, "device": device}
    minute = 1_795_507_200_000 // 60_000
    assert {key.encode() for key in counted.all_rows} == {
        tables.encode_row_key(app, dimension, minute, value) for dimension, value in values.items()
    }


def test_columns_of_partitions_differ() -> None:
    columns = {tables.events_column(partition) for partition in range(64)}
    columns |= {tables.rejected_column(partition) for partition in range(64)}
    assert len(columns) == 128
    assert tables.events_column(0) == b"f:e0"
    assert tables.rejected_column(0) == b"f:r0"
    assert tables.progress_key("events", 11) != tables.progress_key("events1", 1)
    assert tables.progress_key("events", 0) != tables.progress_key("events.rejected", 0)


@given(st.uuids())
def test_a_sessions_column_is_its_first_events_id(event_id: UUID) -> None:
    assert tables.session_column(event_id.bytes) == b"f:" + event_id.bytes


@settings(max_examples=40)
@given(OFFSETS, POPULATIONS, POPULATIONS)
def test_counts_are_read_as_written(offset: int, people: Population, bots: Population) -> None:
    counts = Counts(offset, people, bots)
    assert tables.decode_counts(tables.encode_counts(counts)) == counts
    # As they were written before there were entries, exits, cities, values and vitals.
    older = msgpack.packb(counts[:3])
    assert tables.decode_counts(older) == counts


HISTOGRAMS = st.dictionaries(st.integers(0, 524), st.integers(1, 2**40), max_size=8)
VITAL = st.builds(Vital, HISTOGRAMS, AMOUNTS, AMOUNTS)


@settings(max_examples=40)
@given(st.builds(Vitals, AMOUNTS, VITAL, VITAL, VITAL, VITAL))
def test_vitals_are_read_as_written(vitals: Vitals) -> None:
    nobody = Population(0, 0, 0, 0, {}, None, None, None, 0)
    counts = Counts(7, nobody, nobody, vitals=vitals)
    cell = tables.encode_counts(counts)
    assert tables.decode_counts(cell) == counts
    # Arrays without names keep the cell small.
    assert msgpack.unpackb(cell, strict_map_key=False)[-1] == [
        vitals.views,
        *([vital.histogram, vital.good, vital.poor] for vital in (vitals.lcp, vitals.inp, vitals.cls, vitals.ttfb)),
    ]


@settings(max_examples=40)
@given(POPULATIONS)
def test_a_population_is_stored_alike_while_it_grows(people: Population) -> None:
    assert MutablePopulation.__struct_fields__ == Population._fields
    growing = cast(Population, MutablePopulation(*people))
    assert tables.encode_counts(Counts(7, growing, growing)) == tables.encode_counts(Counts(7, people, people))


@given(OFFSETS, AMOUNTS)
def test_rejected_are_read_as_written(offset: int, count: int) -> None:
    assert tables.decode_rejected(tables.encode_rejected(offset, count)) == (offset, count)


@settings(max_examples=40)
@given(OFFSETS, st.sets(AWKWARD.filter(bool), max_size=5), st.sets(AWKWARD.filter(bool), max_size=5))
def test_visitors_are_read_as_written(offset: int, people: set[str], bots: set[str]) -> None:
    stored = []
    for names in (people, bots):
        visitors = sketches.Visitors()
        if names:
            visitors.add(names)
        stored.append(visitors.stored())
    cell = tables.encode_visitors(offset, *stored)
    assert tables.decode_visitor_sketches(cell) == (offset, *stored)
    assert tables.decode_visitors(cell) == (offset, len(people), len(bots), *stored)


@settings(max_examples=40)
@given(st.dictionaries(st.binary(min_size=16, max_size=16), SESSION_CELLS, min_size=1, max_size=5))
def test_session_cells_are_read_as_written(events: dict[bytes, SessionCell]) -> None:
    cells = tables.session_cells(list(events.items()))
    assert list(cells) == [tables.session_column(next(iter(events)))]
    assert tables.session_events(cells) == events


def test_a_cell_of_many_events_is_small() -> None:
    event = SessionCell(0, 0, 0, 0, "click", "shop", "a" * 36, None, "v" * 36, "/cart", *[None] * 5, False)
    events = [(number.to_bytes(16, "big"), event._replace(offset=number, seq=number)) for number in range(100)]
    (cell,) = tables.session_cells(events).values()
    assert len(cell) < len(tables.session_cells(events[:1])[tables.session_column(bytes(16))]) * 100 / 5
    assert tables.session_events({tables.session_column(bytes(16)): cell}) == dict(events)


@given(SESSION_CELLS, st.binary(min_size=16, max_size=16))
def test_an_old_cell_of_a_single_event_is_read(cell: SessionCell, event_id: bytes) -> None:
    assert tables.session_events({tables.session_column(event_id): msgpack.packb(cell)}) == {event_id: cell}


def test_an_older_event_without_a_name_is_read() -> None:
    event, event_id = SessionCell(7, 0, 0, 0, "click", "shop", "a", *[None] * 8, False), b"e" * 16
    for fields in (event[:-1], event):
        cells = tables.session_cells([(event_id, fields)])
        assert tables.session_events(cells) == {event_id: event}


def test_no_session_cell_grows_too_large_for_hbase() -> None:
    unsaid = SessionCell(0, 0, 0, 0, "click", "shop", "a", *[None] * 8, False)
    events = [
        (number.to_bytes(16, "big"), unsaid._replace(offset=number, page_title="x" * 300_000)) for number in range(9)
    ]
    cells = tables.session_cells(events)
    assert 3 <= len(cells) < 9
    assert max(map(len, cells.values())) <= 2**20
    assert tables.session_events(cells) == dict(events)
    # A single event that is too large cannot be split.
    assert len(tables.session_cells([(bytes(16), unsaid._replace(page_title="x" * 2**21))])) == 1


def test_an_event_in_two_cells_has_the_lower_offset() -> None:
    event = SessionCell(7, 0, 0, 0, "click", "shop", "a", *[None] * 8, False)
    other, event_id = b"o" * 16, b"e" * 16
    cells = {
        **tables.session_cells([(event_id, event)]),
        **tables.session_cells([(other, event._replace(offset=8)), (event_id, event._replace(offset=9))]),
    }
    for ordered in (cells, dict(reversed(cells.items()))):
        assert {found: cell.offset for found, cell in tables.session_events(ordered).items()} == {event_id: 7, other: 8}


@given(st.builds(Progress, AWKWARD, st.integers(1, 64), st.integers(-1, 2**63 - 1), AMOUNTS))
def test_progress_is_read_as_written(progress: Progress) -> None:
    assert tables.decode_progress(tables.encode_progress(progress)) == progress


def test_the_fields_of_an_event_are_in_its_session_cell() -> None:
    event = stored_event(
        event_type="page_view",
        user_id="u-1",
        element="buy",
        schema_version="1.1",
        event_name="signup",
        engaged_ms=900,
        seq=7,
        received_at="2026-11-24T08:00:01.500Z",
    )
    counted = read_event(41, orjson.dumps(event))
    assert counted is not None
    cell: dict[str, Any] = SessionCell(*counted.cell)._asdict()
    assert cell.pop("offset") == 41
    assert cell.pop("event_time_ms") == 1_795_507_199_500
    assert cell.pop("received_at_ms") == 1_795_507_201_500
    assert cell == {name: event[name] for name in cell}

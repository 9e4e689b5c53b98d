"""Sessions as columns: the same visits as one by one, each identity once, and no session torn between batches."""

import random
from typing import Any, NamedTuple

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics import visits
from footfall.metrics.visits import LONGEST_GAP_MS, VisitEvent
from footfall.warehouse.spark import sessions

DAY_MS = 20_000 * 86_400_000
COLUMNS = [*sessions.ORDER, "is_bot", "seq", "kafka_partition", "kafka_offset"]


class Sent(NamedTuple):
    """An event as the archive holds it."""

    session_id: str
    app_id: str
    event_id: str
    event_ms: int
    is_bot: bool
    seq: int


EVENTS = st.lists(
    st.builds(
        Sent,
        st.sampled_from(["a", "b", "ä"]),
        st.sampled_from(["shop", "news"]),
        st.sampled_from([f"e{number}" for number in range(8)]),
        st.integers(0, 12).map(lambda step: DAY_MS + step * (LONGEST_GAP_MS // 2 + 1)),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=40,
)


def table(events: list[Sent]) -> pa.Table:
    """The events in this order as offsets, sorted by session as Spark does, and otherwise shuffled."""
    rows = [
        {**event._asdict(), "dt": "2024-10-04", "kafka_partition": 0, "kafka_offset": offset}
        for offset, event in enumerate(events)
    ]
    random.Random(7).shuffle(rows)
    rows.sort(key=lambda row: str(row["session_id"]).encode())
    schema = pa.schema(
        [(name, pa.string()) for name in ("dt", "session_id", "app_id", "event_id")]
        + [("event_ms", pa.int64()), ("is_bot", pa.bool_()), ("seq", pa.int32())]
        + [("kafka_partition", pa.int32()), ("kafka_offset", pa.int64())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def by_hand(events: list[Sent]) -> dict[tuple[str, str], tuple[str, str]]:
    """By identity: both visit ids, from the definition that takes one session at a time."""
    first: dict[tuple[str, str], Sent] = {}
    for event in events:
        first.setdefault((event.session_id, event.event_id), event)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for session_id, app_id in {(event.session_id, event.app_id) for event in first.values()}:
        mine = [event for event in first.values() if (event.session_id, event.app_id) == (session_id, app_id)]
        for event in mine:
            found[session_id, event.event_id] = ("", "")
        for which, populations in enumerate(((True, False), (None,))):
            for population in populations:
                chosen = [
                    VisitEvent(event.event_id, event.seq, event.event_ms, "click", app_id, False)
                    for event in mine
                    if population in (None, event.is_bot)
                ]
                for number, visit in enumerate(visits.cut(chosen), 1):
                    for one in visit:
                        ids = list(found[session_id, one.event_id])
                        ids[which] = f"{app_id}:{session_id}:2024-10-04:{number}"
                        found[session_id, one.event_id] = (ids[0], ids[1])
    return found


def rows_of(batches: list[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


@given(EVENTS, st.integers(1, 7))
def test_columns_are_cut_as_single_sessions_are(events: list[Sent], size: int) -> None:
    batches = table(events).combine_chunks().to_batches(max_chunksize=size)
    made = rows_of(list(sessions.cut(iter(batches), [*COLUMNS, "visit_id", "visit_id_all"])))
    assert {(row["session_id"], row["event_id"]): (row["visit_id"], row["visit_id_all"]) for row in made} == by_hand(
        events
    )
    keys = [
        tuple(str(row[name]).encode() if name != "event_ms" else row[name] for name in sessions.ORDER) for row in made
    ]
    assert keys == sorted(keys)
    assert len({(row["session_id"], row["event_id"]) for row in made}) == len(made)


@given(EVENTS)
def test_the_lowest_offset_of_an_identity_counts(events: list[Sent]) -> None:
    made = sessions.with_visits(table(events)).to_pylist()
    lowest: dict[tuple[str, str], int] = {}
    for offset, event in enumerate(events):
        lowest.setdefault((event.session_id, event.event_id), offset)
    assert {(row["session_id"], row["event_id"]): row["kafka_offset"] for row in made} == lowest


@given(st.lists(st.integers(1, 5), max_size=8), st.integers(1, 6))
def test_a_table_ends_where_a_session_ends(sizes: list[int], size: int) -> None:
    ids = [f"s{number}" for number, count in enumerate(sizes) for _ in range(count)]
    events = pa.table({"dt": ["2024-10-04"] * len(ids), "session_id": pa.array(ids, pa.string())})
    tables = list(sessions.whole_sessions(events.to_batches(max_chunksize=size)))
    assert [one for part in tables for one in part["session_id"].to_pylist()] == ids
    owners = [set(part["session_id"].to_pylist()) for part in tables]
    assert sum(map(len, owners)) == len(set().union(*owners))
    # A worker must not wait for the end: at most one session and one batch are held.
    assert all(len(part) < size + 5 + size for part in tables)

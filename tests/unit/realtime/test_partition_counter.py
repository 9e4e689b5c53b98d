"""The stored figures equal a naive count of the log, despite repeats, reordering, crashes and late events."""

import itertools
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgpack
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.kafka.topics import Topic
from footfall.metrics.web_vitals import Vitals
from footfall.realtime import aggregator as rows_module
from footfall.realtime import known_values, tables
from footfall.realtime.partition_counter import Pack, Partition
from footfall.verification import recount
from tests.support.events import NOW_MS, stored_event
from tests.unit.realtime.memory_store import Cells, Crash, MemoryStore

TOPIC = Topic("events", "topic-1", 8)
IDS = [f"01a20c91-9e0c-7bd6-9e7d-{n:012d}" for n in range(12)]


def made(number: int, session: int, kind: str, when: int, bot: bool, page: int = 0) -> bytes:
    """An event whose identity is (session, number); a repeat of an identity may say something else.

    when: in half minutes. page: tells also its place in the session, its site and its city.
    """
    fields: dict[str, Any] = {
        "event_type": kind,
        "is_bot": bot,
        "country": "DE" if session else None,
        "page_path": f"/{page}",
        "seq": page,
        "app_id": "news" if page == 3 else "shop",
        "city": (None, "Köln", "Köln", "Bonn")[page],
        "latitude": (None, 50.9, -0.0, 50.7)[page],
    }
    if kind == "error":
        fields |= {"error_code": "E1", "error_message": "broken", "http_status": None, "response_ms": None}
    if kind == "failed":
        fields |= {"event_type": "page_view", "http_status": 500}
    if kind == "web_vitals":
        lcp_ms = (None, 2_500, 2_501, 4_001)[page]
        fields |= {"lcp_ms": lcp_ms, "inp_ms": 60 * number, "cls_milli": 30 * number, "ttfb_ms": number or None}
    if kind == "backfill":
        fields |= {"event_type": "page_view", "backfill": True}
    if kind in ("paid", "server error"):
        pages = dict.fromkeys(("page_view_id", "page_path", "page_section", "page_type"))
        fields |= {"event_type": "error" if kind == "server error" else "purchase", "via": "server", **pages}
    event = stored_event(
        event_id=IDS[number],
        session_id=f"s{session}",
        anonymous_id=f"a{session}",
        event_time=format_rfc3339_ms(NOW_MS + when * 30_000),
        **fields,
    )
    return b"{not json" if kind == "garbage" else orjson.dumps(event)


KINDS = st.sampled_from(
    [
        *("page_view", "page_view", "ping", "error", "failed", "web_vitals", "backfill", "garbage"),
        *("paid", "server error"),
    ]
)
# Some minutes apart, exactly half an hour, more than that, and before and after midnight (16 hours later).
TIMES = st.sampled_from([0, 1, 2, 3, 60, 61, 62, 121, 122, 180, 1919, 1920, 1921])
RECORDS = st.lists(
    st.builds(
        made,
        st.integers(0, 11),
        st.integers(0, 2),
        KINDS,
        TIMES,
        st.sampled_from([False, False, False, True]),
        st.sampled_from([0, 0, 1, 1, 2, 2, 3]),
    ),
    max_size=40,
)


def oracle(log: list[bytes]) -> tuple[dict[recount.AggregateKey, recount.Recounted], dict[tuple[str, str], int], int]:
    """Rows, first offsets of identities, and unparsable records, counted one by one."""
    rows: dict[recount.AggregateKey, recount.Recounted] = {}
    firsts: dict[tuple[str, str], int] = {}
    unparsable = 0
    visits, values = recount.Visits(), recount.Values()
    for offset, value in enumerate(log):
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError:
            unparsable += 1
            continue
        identity = (event["session_id"], event["event_id"])
        if event.get("backfill") or identity in firsts:
            continue
        firsts[identity] = offset
        for row in map(values.admit, recount.rows_of(event, parse_rfc3339_ms(event["event_time"]))):
            recount.add(rows.setdefault(row, recount.new_figures()), event)
        for page, entries, exits in visits.add(event, parse_rfc3339_ms(event["event_time"])):
            row = values.row(page)
            rows[row].people.entries += entries
            rows[row].people.exits += exits
    return rows, firsts, unparsable


def check(cells: Cells, log: list[bytes]) -> None:
    rows, firsts, unparsable = oracle(log)
    stored = cells.tables.get("minute_metrics", {})
    assert {recount.AggregateKey(*tables.decode_row_key(key)) for key in stored} == set(rows)
    assert set(cells.tables.get("active_users", {})) == set(stored)
    for key in stored:
        expected = rows[recount.AggregateKey(*tables.decode_row_key(key))]
        counts = tables.decode_counts(cells.get("minute_metrics", key)[b"f:e3"])
        visitors = tables.decode_visitors(cells.get("active_users", key)[b"f:e3"])
        for found, distinct, wanted in (
            (counts.people, visitors.people, expected.people),
            (counts.bots, visitors.bots, expected.bots),
        ):
            assert found[:5] == (
                wanted.events,
                wanted.page_views,
                wanted.errors,
                wanted.not_found,
                dict(wanted.responses),
            )
            assert distinct == len(wanted.visitors)
        assert (counts.entries, counts.exits) == (expected.people.entries, expected.people.exits)
        if b"\0country\0" in key:
            assert {
                tuple(tables.city_of(city)): n for city, n in (counts.cities or {}).items()
            } == expected.people.cities
        else:
            assert counts.cities is None
        check_vitals(tables.decode_row_key(key).dimension, counts.vitals, expected.people)
    sessions = {
        (key.decode(), str(UUID(bytes=event_id))): event.offset
        for key in cells.tables.get("sessions", {})
        for event_id, event in tables.session_events(cells.get("sessions", key)).items()
    }
    assert sessions == firsts
    progress = MemoryStore(cells).read_progress("events", 3)
    assert (progress.offset + 1 if progress else 0) == len(log)
    assert (progress.unparsable if progress else 0) == unparsable


def check_vitals(dimension: str, found: Vitals | None, expected: recount.Figures) -> None:
    """The rows of apps, pages and devices hold them if there are any; no other row does."""
    if dimension not in ("app", "page", "device") or not expected.vital_views:
        assert found is None
        return
    assert found is not None
    assert found.views == expected.vital_views
    for name, vital in zip(("lcp_ms", "inp_ms", "cls_milli", "ttfb_ms"), found.by_field.values(), strict=True):
        wanted = expected.vitals[name]
        assert (vital.histogram, vital.good, vital.poor) == (wanted.histogram, wanted.good, wanted.poor)


def packs_of(log: list[bytes], cuts: list[int], start: int) -> list[Pack]:
    edges = sorted({start, len(log), *(cut for cut in cuts if start < cut < len(log))})
    return [Pack(f"{first}-{end}", first, end, 0, None, log[first:end]) for first, end in itertools.pairwise(edges)]


@pytest.mark.parametrize(("remembered", "most_values"), [(1, 1000), (1000, 1000), (1, 1), (1000, 1), (1, 2), (1000, 2)])
@given(data=st.data(), log=RECORDS)
@settings(max_examples=150, deadline=None)
def test_any_order_of_packs_and_crashes_gives_the_naive_figures(
    remembered: int, most_values: int, data: st.DataObject, log: list[bytes]
) -> None:
    # Forgetting is under test.
    with (
        patch.multiple(rows_module, MAX_ROWS=remembered, MAX_SESSIONS=remembered),
        patch.object(known_values, "MOST_VALUES", most_values),
        patch.object(recount, "MOST_VALUES", most_values),
    ):
        course(data, log)


def course(data: st.DataObject, log: list[bytes]) -> None:
    """Several processes use one store, one after the other. Each crashes somewhere, except the last one."""
    cells = Cells()
    committed = 0
    late: list[tuple[str, Any, int]] = []
    lives = data.draw(st.lists(st.integers(0, 60), max_size=4), label="rows that each life writes")
    for writes_left in [*lives, None]:
        store = MemoryStore(cells, writes_left)
        partition = Partition(TOPIC, 3, store)
        packs = packs_of(log, data.draw(st.lists(st.integers(1, 40), max_size=6)), committed)
        # The first process gets its first pack first; otherwise packs come in any order, some of them twice.
        order = (
            data.draw(st.permutations(packs + data.draw(st.lists(st.sampled_from(packs), max_size=3)))) if packs else []
        )
        if partition.next is None and packs:
            order = [packs[0], *order]
        done: set[str] = set()
        try:
            for number, pack in enumerate(order):
                done |= set(partition.offer(pack._replace(id=f"{number}")))
                if data.draw(st.booleans()):
                    done |= set(partition.flush())
            done |= set(partition.flush())
            # A process that was declared dead but still runs writes its last cells again.
            for table, rows, stamp in data.draw(st.lists(st.sampled_from(late), max_size=3)) if late else []:
                MemoryStore(cells).write(table, rows, stamp)
        except Crash:
            pass
        else:
            if packs:
                assert done == {str(number) for number in range(len(order))}
                # Acked packs may be committed, and committed records are not read again.
                committed = data.draw(st.integers(committed, len(log)))
        late += store.written
    check(cells, log)


def test_a_failed_flush_is_written_later_unchanged() -> None:
    log = [made(n, 0, "page_view", 0, False) for n in range(5)]
    cells = Cells()
    store = MemoryStore(cells, 2)
    partition = Partition(TOPIC, 3, store)
    partition.offer(Pack("a", 0, 5, 0, None, log))
    with pytest.raises(Crash):
        partition.flush()
    partition.offer(Pack("b", 5, 6, 0, None, [made(5, 0, "ping", 0, False)]))
    store.writes_left = None
    assert partition.flush() == ["a"]
    assert partition.flush() == ["b"]
    check(cells, [*log, made(5, 0, "ping", 0, False)])


def test_old_rows_of_a_visit_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Store(MemoryStore):
        def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
            read.extend(tables.decode_row_key(key).minute - NOW_MS // 60_000 for key in keys)
            return super().read_cells(table, column, keys)

    monkeypatch.setattr(rows_module, "MAX_ROWS", 1)
    partition = Partition(TOPIC, 3, Store(Cells()))
    # One session: a page view each minute, then a ping.
    kinds = ["page_view", "page_view", "page_view", "ping"]
    for number, kind in enumerate(kinds):
        read.clear()
        partition.offer(Pack("a", number, number + 1, 0, None, [made(number, 0, kind, 2 * number, False, 1)]))
        partition.flush()
        # Apart from its own minute, only that of the page view before, if this one replaces it as the exit.
        assert set(read) == ({number, number - 1} if kind == "page_view" and number else {number})


def test_only_changed_rows_are_written() -> None:
    """A row of visitors is written when it has a new visitor, a person's row when an hour has passed."""
    partition = Partition(TOPIC, 3, store := MemoryStore(Cells()))

    def written(number: int, after_ms: int = 0, **fields: Any) -> dict[str, int]:
        fields = {"anonymous_id": "b", "user_id": "u", "event_time": format_rfc3339_ms(NOW_MS + after_ms), **fields}
        event = stored_event(event_id=IDS[number], session_id="s", **fields)
        partition.offer(Pack("a", number, number + 1, 0, None, [orjson.dumps(event)]))
        store.written.clear()
        partition.flush()
        return {table: len(rows) for table, rows, _ in store.written if table != "progress"}

    every = {"sessions": 1, "minute_metrics": 5}
    assert written(0, anonymous_id="a") == {**every, "user_pages": 2, "active_users": 5}
    assert written(1, anonymous_id="a") == every
    assert written(2) == {**every, "user_pages": 2, "active_users": 5}
    assert written(3, page_path="/elsewhere")["active_users"] == 1
    assert "user_pages" not in written(4, tables.INDEX_EVERY_MS - 1)
    assert written(5, tables.INDEX_EVERY_MS)["user_pages"] == 2


def test_a_pack_that_arrives_too_early_waits() -> None:
    partition = Partition(TOPIC, 3, MemoryStore(Cells()))
    partition.offer(Pack("a", 0, 1, 0, None, [made(0, 0, "ping", 0, False)]))
    partition.offer(Pack("c", 2, 3, 0, None, [made(2, 0, "ping", 0, False)]))
    assert partition.flush() == ["a"]
    assert partition.ready() == 0
    partition.offer(Pack("b", 1, 2, 0, None, [made(1, 0, "ping", 0, False)]))
    assert partition.flush() == ["b", "c"]
    assert partition.offer(Pack("again", 1, 2, 0, None, [made(1, 0, "ping", 0, False)])) == ["again"]


def test_a_hole_is_reported_and_counting_goes_on() -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells), now_s=lambda: 7.0)
    partition.offer(Pack("a", 0, 4, 0, [1, 3], [made(0, 0, "ping", 0, False), made(1, 0, "ping", 0, False)]))
    partition.offer(Pack("b", 4, 9, 0, [], []))
    partition.flush()
    lost = msgpack.unpackb(cells.get("progress", b"events|3")[tables.LOST_COLUMN])
    assert lost == [[0, 1, 7000], [2, 3, 7000], [4, 9, 7000]]
    assert partition.next == 9


def test_a_later_process_keeps_the_losses_that_an_earlier_one_reported() -> None:
    cells = Cells()
    for first, end in ((0, 3), (3, 9)):
        partition = Partition(TOPIC, 3, MemoryStore(cells), now_s=lambda: 7.0)
        partition.offer(Pack("a", first, end, 0, [], []))
        partition.flush()
    lost = msgpack.unpackb(cells.get("progress", b"events|3")[tables.LOST_COLUMN])
    assert lost == [[0, 3, 7000], [3, 9, 7000]]


def test_ticks_report_how_far_the_partition_is_counted() -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells))
    assert partition.offer(Pack("t", 0, 0, 5_000, None, [])) == ["t"]
    partition.write_caught_up()
    assert msgpack.unpackb(cells.get("progress", b"events|3")[tables.CAUGHT_UP_COLUMN]) == 5_000


def test_a_tick_never_replaces_packs_that_wait() -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells))
    log = [made(number, 0, "page_view", 0, False) for number in range(4)]
    partition.offer(Pack("a", 0, 2, 0, None, log[:2]))
    partition.offer(Pack("b", 2, 4, 0, None, log[2:]))
    assert partition.offer(Pack("t", 4, 4, 5_000, None, [])) == ["t"]
    assert partition.flush() == ["a", "b"]
    check(cells, log)
    assert tables.LOST_COLUMN not in cells.get("progress", b"events|3")


def test_a_tick_beyond_the_counted_offset_reports_a_loss() -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells), now_s=lambda: 7.0)
    partition.offer(Pack("a", 0, 1, 0, None, [made(0, 0, "ping", 0, False)]))
    partition.flush()
    assert partition.offer(Pack("t", 5, 5, 5_000, None, [])) == []
    assert partition.flush() == ["t"]
    assert msgpack.unpackb(cells.get("progress", b"events|3")[tables.LOST_COLUMN]) == [[1, 5, 7000]]


def test_a_log_that_lost_its_tail_is_refused() -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells))
    partition.offer(Pack("a", 0, 1, 0, None, [made(0, 0, "ping", 0, False)]))
    partition.flush()
    again = Partition(TOPIC, 3, MemoryStore(cells))
    assert again.offer(Pack("t", 0, 0, 5_000, None, [])) == []
    assert again.refused is not None
    assert "rebuild live" in again.refused
    assert again.offer(Pack("b", 1, 2, 0, None, [made(1, 0, "ping", 0, False)])) == []
    assert again.flush() == []


@pytest.mark.parametrize("topic", [Topic("events", "topic-2", 8), Topic("events", "topic-1", 9)])
def test_another_topic_is_refused(topic: Topic) -> None:
    cells = Cells()
    partition = Partition(TOPIC, 3, MemoryStore(cells))
    partition.offer(Pack("a", 0, 1, 0, None, [made(0, 0, "ping", 0, False)]))
    partition.flush()
    assert Partition(topic, 3, MemoryStore(cells)).refused is not None


def test_rejected_events_are_counted_by_site_and_minute() -> None:
    cells = Cells()
    topic = Topic("events.rejected", "topic-r", 1)
    record = orjson.dumps({"app_id": "news", "rejected_at": format_rfc3339_ms(NOW_MS)})
    for life in range(2):
        # A second process without progress counts the whole log again.
        cells.tables.pop("progress", None)
        partition = Partition(topic, 0, MemoryStore(cells))
        partition.offer(Pack(f"{life}", 0, 3, 0, None, [record, b"nonsense", record]))
        partition.flush()
    key = tables.encode_row_key("news", "app", NOW_MS // 60_000, "")
    assert tables.decode_rejected(cells.get("minute_metrics", key)[b"f:r0"]) == (2, 2)
    progress = MemoryStore(cells).read_progress("events.rejected", 0)
    assert progress is not None
    assert progress.unparsable == 1

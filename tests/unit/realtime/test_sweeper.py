"""The sweeper deletes by the age relative to the newest counted event, step by step, each cell at its own timestamp."""

from pathlib import Path
from typing import cast

import orjson
import pytest

from footfall.kafka.topics import Topic
from footfall.realtime import sketches, sweeper, tables
from footfall.realtime.alerts.alert import Alert
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import Counts, Population, SessionCell
from footfall.settings import Settings
from tests.support.events import NOW_MS, stored_event
from tests.unit.realtime.memory_store import Cells, MemoryStore

DAY_MS = 86_400_000
# 2020-01-01 and 2100-01-01: whatever day it is, one lies far behind and one far ahead.
PAST_MS, FUTURE_MS = 1_577_836_800_000, 4_102_444_800_000
NOBODY = Population(0, 0, 0, 0, {}, None, None, None, 0)
IDS = [bytes([number]) * 16 for number in range(6)]


def sweep_once(cells: Cells, now_ms: int = FUTURE_MS, live_days: int = 8) -> sweeper.Cleared:
    store = cast(HBaseStore, MemoryStore(cells))
    return sweeper.clear(store, store, live_days, now_ms)


def swept(cells: Cells, live_days: int = 8) -> int:
    """Sweeps until nothing is left that is past its retention."""
    deleted = sweep_once(cells, live_days=live_days).cells
    return deleted + (swept(cells, live_days) if deleted else 0)


def seen(cells: Cells, ms: int, app: str = "shop", offset: int = 99) -> None:
    """The aggregate rows of an event of that minute."""
    key = tables.encode_row_key(app, "app", ms // 60_000, "")
    visitors = sketches.Visitors()
    visitors.add(["someone"])
    cells.put("active_users", key, b"f:e0", tables.encode_visitors(offset, visitors.stored(), b""), offset + 1)
    cells.put("minute_metrics", key, b"f:e0", tables.encode_counts(Counts(offset, NOBODY, NOBODY)), offset + 1)


def session_event(cells: Cells, session: str, number: int, received_ms: int, happened_ms: int, offset: int = 9) -> None:
    unsaid = [None] * 8
    cell = SessionCell(offset, number, happened_ms, received_ms, "click", "shop", "a", *unsaid, False)
    for column, value in tables.session_cells([(IDS[number], cell)]).items():
        cells.put("sessions", session.encode(), column, value, offset + 1)


def minutes(cells: Cells, table: str) -> list[tuple[str, int]]:
    return [(key.app_id, key.minute) for key in map(tables.decode_row_key, sorted(cells.tables.get(table, {})))]


@pytest.mark.parametrize("newest_ms", [PAST_MS, FUTURE_MS])
def test_events_of_sessions_are_kept_eight_days_of_their_arrival(newest_ms: int) -> None:
    cells = Cells()
    seen(cells, newest_ms)
    before = newest_ms - 8 * DAY_MS
    session_event(cells, "old", 0, before - 1, before - 1)
    session_event(cells, "both", 1, before - 1, before - 1)
    # A late event is kept by its time of arrival: it must be known as long as a repeat may arrive.
    session_event(cells, "both", 2, before, before - 2 * DAY_MS)
    session_event(cells, "new", 3, newest_ms, newest_ms)
    assert swept(cells) == 2
    kept = {session: set(cells.get("sessions", session)) for session in cells.tables["sessions"]}
    assert kept == {b"both": {tables.session_column(IDS[2])}, b"new": {tables.session_column(IDS[3])}}


@pytest.mark.parametrize("newest_ms", [PAST_MS, FUTURE_MS])
def test_aggregates_are_kept_eight_days_of_their_minute(newest_ms: int) -> None:
    cells = Cells()
    limit = newest_ms // 60_000 - 8 * 24 * 60
    for minute in (limit - 1, limit, limit + 1, newest_ms // 60_000):
        seen(cells, minute * 60_000 + 59_999)
        seen(cells, minute * 60_000, app="news")
    rejected = [tables.encode_row_key("academy", "app", minute, "") for minute in (limit - 1, limit)]
    for key in rejected:
        cells.put("minute_metrics", key, b"f:r0", tables.encode_rejected(5, 1), 6)
    assert swept(cells) == 5
    kept = [limit, limit + 1, newest_ms // 60_000]
    wanted = [(app, minute) for app in ("news", "shop") for minute in kept]
    assert minutes(cells, "active_users") == wanted
    assert minutes(cells, "minute_metrics") == [("academy", limit), *wanted]


def test_the_index_of_a_person_is_kept_as_long_as_the_sessions_may_be() -> None:
    cells = Cells()
    seen(cells, PAST_MS)
    # An event that happened three days before the limit may have arrived at the limit, so its session is kept. Its
    # index cell may have the time of an earlier event, from within the hour before.
    limit = PAST_MS - 8 * DAY_MS - 3 * DAY_MS - tables.INDEX_EVERY_MS
    for person, ms in (("gone", limit - 1), ("kept", limit), ("new", PAST_MS)):
        cells.put("user_pages", tables.person_key("a", person, "s"), tables.INDEX_COLUMN, tables.encode_index(7, ms), 8)
    assert swept(cells) == 1
    assert set(cells.tables["user_pages"]) == {tables.person_key("a", person, "s") for person in ("kept", "new")}


def test_days_are_counted_back_from_the_newest_event_of_any_app() -> None:
    cells = Cells()
    for app, days in (("shop", 20), ("news", 0), ("academy", 9)):
        seen(cells, PAST_MS - days * DAY_MS, app)
    assert swept(cells) == 4
    assert minutes(cells, "active_users") == [("news", PAST_MS // 60_000)]


def test_a_long_pause_deletes_nothing() -> None:
    cells = Cells()
    seen(cells, PAST_MS)
    session_event(cells, "s", 0, PAST_MS, PAST_MS)
    # No event arrived for years. A repeat that a spool still holds must be recognised.
    assert swept(cells) == 0
    assert swept(Cells()) == 0


def test_an_event_stamped_a_month_ahead_deletes_nothing() -> None:
    cells = Cells()
    for days in range(8):
        seen(cells, PAST_MS - days * DAY_MS)
        session_event(cells, f"s{days}", 0, PAST_MS - days * DAY_MS, PAST_MS - days * DAY_MS)
    before = minutes(cells, "active_users")
    seen(cells, PAST_MS + 30 * DAY_MS)
    # The clock is right: it still stands at the newest of the other events.
    assert sweep_once(cells, PAST_MS) == (0, 0)
    assert len(cells.tables["sessions"]) == 8
    # The event stays until its own time has passed.
    assert minutes(cells, "active_users") == [*before, ("shop", PAST_MS // 60_000 + 30 * 24 * 60)]


def test_a_clock_a_month_ahead_costs_one_day_per_sweep() -> None:
    cells = Cells()
    for days in range(8):
        seen(cells, PAST_MS - days * DAY_MS)
        session_event(cells, f"s{days}", 0, PAST_MS - days * DAY_MS, PAST_MS - days * DAY_MS)
    seen(cells, PAST_MS + 30 * DAY_MS)
    wrong_ms = PAST_MS + 30 * DAY_MS
    assert sweep_once(cells, wrong_ms) == (3, 7)
    assert set(cells.tables["sessions"]) == {f"s{days}".encode() for days in range(7)}
    # The clock is right again: nothing more goes.
    assert sweep_once(cells, PAST_MS) == (0, 0)


def test_a_gap_costs_no_steps() -> None:
    cells = Cells()
    for days in (400, 9, 0):
        seen(cells, PAST_MS - days * DAY_MS)
    assert sweep_once(cells) == (2, 1)
    assert sweep_once(cells) == (2, 0)


def test_a_sweep_says_what_it_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Cells()
    for days in (12, 10, 9, 0):
        seen(cells, PAST_MS - days * DAY_MS)
    store = MemoryStore(cells)
    monkeypatch.setattr(store, "close", lambda: None, raising=False)
    monkeypatch.setattr(sweeper, "HBaseStore", lambda *_: store)
    told = "2 cells deleted; 2 more days are past their retention, and one sweep deletes one day"
    assert sweeper.sweep(Settings(home=tmp_path)) == told


def test_the_configured_number_of_days_is_kept() -> None:
    cells = Cells()
    for days in range(5):
        seen(cells, PAST_MS - days * DAY_MS)
    assert swept(cells, live_days=2) == 4
    assert len(minutes(cells, "active_users")) == 3


def test_progress_is_never_swept() -> None:
    cells = Cells()
    seen(cells, FUTURE_MS)
    cells.put("progress", b"events|0", tables.PROGRESS_COLUMN, b"anything", 1)
    swept(cells)
    assert set(cells.tables["progress"]) == {b"events|0"}


def test_a_row_that_is_counted_again_after_the_sweep_is_stored() -> None:
    cells = Cells()
    old = PAST_MS - 9 * DAY_MS
    seen(cells, PAST_MS)
    seen(cells, old, offset=40)
    assert swept(cells) == 2
    # Timestamps are offsets: the next write of the row is only just above the one deleted, far below any clock.
    seen(cells, old, offset=41)
    assert ("shop", old // 60_000) in minutes(cells, "active_users")
    assert swept(cells) == 2
    # A dead worker's late write of a deleted cell stays deleted.
    seen(cells, old, offset=41)
    assert minutes(cells, "active_users") == [("shop", PAST_MS // 60_000)]


def test_each_cell_is_deleted_at_its_own_timestamp_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_BATCH_CELLS", 2)
    cells = Cells()
    seen(cells, PAST_MS)
    for number, session in enumerate(("a", "a", "b", "b", "c")):
        session_event(cells, session, number, 0, 0, offset=number % 3)
    assert swept(cells) == 5
    assert cells.tables["sessions"] == {}
    for number, session in enumerate(("a", "a", "b", "b", "c")):
        session_event(cells, session, number, PAST_MS, PAST_MS, offset=number % 3 + 1)
    assert {session: len(row) for session, row in cells.tables["sessions"].items()} == {b"a": 2, b"b": 2, b"c": 1}


def test_a_row_that_grows_during_the_scan_keeps_its_new_cells() -> None:
    cells = Cells()
    seen(cells, PAST_MS)
    old = PAST_MS - 9 * DAY_MS
    seen(cells, old, offset=40)
    store = MemoryStore(cells)
    found = list(sweeper.expired("active_users", store.stamped("active_users"), PAST_MS - 8 * DAY_MS))
    key = tables.encode_row_key("shop", "app", old // 60_000, "")
    assert found == [(key, b"f:e0", 41)]
    seen(cells, old, offset=50)
    store.delete("active_users", {key: [b"f:e0"]}, 41)
    assert cells.tables["active_users"][key][b"f:e0"][0] == 51


def test_everything_that_the_live_path_writes_is_swept() -> None:
    cells = Cells()
    partition = Partition(Topic("events", "topic-1", 8), 0, MemoryStore(cells))
    for number, days in enumerate((12, 0)):
        event = stored_event(NOW_MS - days * DAY_MS, session_id=f"s{days}", anonymous_id=f"a{days}", user_id="u")
        partition.offer(Pack(f"{number}", number, number + 1, 0, None, [orjson.dumps(event)]))
        partition.flush()
    # One event each in sessions, two persons' rows, five aggregate rows in two tables.
    assert swept(cells) == 1 + 2 + 5 + 5
    assert set(cells.tables["sessions"]) == {b"s0"}
    assert set(cells.tables["user_pages"]) == {b"a:a0\0s0", b"u:u\0s0"}
    assert len(cells.tables["minute_metrics"]) == len(cells.tables["active_users"]) == 5


def test_alerts_are_kept_eight_days_after_they_ended_and_as_long_as_they_last() -> None:
    cells = Cells()
    seen(cells, FUTURE_MS)
    before = FUTURE_MS - 8 * DAY_MS
    opened = Alert("slow", "shop", None, "warning", "open", PAST_MS, PAST_MS, None, 0.5, 0.05, 20, 1e-9, None)
    for resolved_ms in (None, before - 1, before):
        state = "open" if resolved_ms is None else "resolved"
        alert = opened._replace(state=state, resolved_ms=resolved_ms, started_ms=resolved_ms or PAST_MS)
        cells.put("alerts", tables.alert_key(alert), tables.ALERT_COLUMN, tables.encode_alert(alert), before)
    assert swept(cells) == 1
    kept = [tables.decode_alert(cells.get("alerts", key)[tables.ALERT_COLUMN]) for key in cells.tables["alerts"]]
    assert {alert.resolved_ms for alert in kept} == {None, before}

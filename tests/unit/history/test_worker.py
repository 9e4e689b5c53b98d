"""The worker processes: how they share the days, and what they write to the ledger, hour by hour."""

import multiprocessing
from datetime import date, timedelta
from pathlib import Path

from footfall.history.event_recorder import StoredEvent
from footfall.history.worker import Order, StartedDays, days, sites, write
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.visitors import ledger

_HOUR_MS = 1_795_478_400_000 // ledger.HOUR_MS * ledger.HOUR_MS


def _made(at_ms: int, seq: int) -> StoredEvent:
    return StoredEvent(at_ms + 40, at_ms, seq, "click", f"event-{seq}", "session", b"{}")


def test_the_ledger_reads_what_was_written_hour_by_hour(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    events = [_made(_HOUR_MS + n * 20 * 60_000, n) for n in range(6)]
    written = ledger.Ledger(settings, "shop")
    write(written, "attempted", events)
    write(written, "accepted", events[:4])
    written.close()
    entries = list(ledger.read(settings, "shop"))
    assert [(e.event_id, e.seq, e.event_type) for e in entries if e.kind == "attempted"] == [
        (f"event-{n}", n, "click") for n in range(6)
    ]
    assert [e.event_id for e in entries if e.kind == "accepted"] == [f"event-{n}" for n in range(4)]
    assert [path.name for path in ledger.hour_files(settings, "shop")] == [
        ledger.hour_name(_HOUR_MS),
        ledger.hour_name(_HOUR_MS + ledger.HOUR_MS),
    ]


def _order(app: DemoSite, many: int, tmp_path: Path) -> Order:
    first = date(2026, 11, 1)
    return Order(Settings(home=tmp_path), app, tuple(first + timedelta(days=n) for n in range(many)), 1000, first)


def _begun() -> StartedDays:
    return {app: multiprocessing.Value("i", 0) for app in DEMO_SITES}


def test_each_day_is_made_by_one_process(tmp_path: Path) -> None:
    begun, order = _begun()["shop"], _order("shop", 5, tmp_path)
    first, second = days(order, begun), days(order, begun)
    assert [next(first), next(second), next(second)] == list(order.days[:3])
    assert [*first, *second] == list(order.days[3:])


def test_a_finished_process_helps_where_most_days_are_left(tmp_path: Path) -> None:
    begun = _begun()
    helping = sites(_order("news", 9, tmp_path), begun)
    assert next(helping) == "news"
    begun["news"].value, begun["shop"].value, begun["academy"].value = 10, 3, 5
    assert next(helping) == "shop"
    begun["shop"].value = 10
    assert next(helping) == "academy"
    # The last day's own process is as fast.
    begun["academy"].value = 8
    assert list(helping) == []


def test_a_single_day_of_a_site_without_a_process_is_made(tmp_path: Path) -> None:
    begun, order = _begun(), _order("shop", 1, tmp_path)
    made = [(app, day) for app in sites(order, begun) for day in days(order, begun[app])]
    assert sorted(made) == sorted((app, order.days[0]) for app in DEMO_SITES)

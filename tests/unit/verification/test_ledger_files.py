"""The ledgers on disk report the hour from which their lines are complete."""

from pathlib import Path

from footfall.settings import Settings
from footfall.sites.visitors.ledger import DAY_MS, HOUR_MS, Entry, Ledger
from footfall.sites.visitors.ledger_retention import compact
from footfall.verification.ledger_files import LedgerFiles

NOW_MS = 20_000 * DAY_MS + 5 * HOUR_MS


def test_lines_are_complete_from_the_hour_after_the_last_totals(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    ledger = Ledger(settings, "shop")
    old, new = NOW_MS - 8 * DAY_MS, NOW_MS
    for ms in (old - HOUR_MS, old, new):
        ledger.write([Entry("accepted", ms, f"event-{ms}", "s")])
    files = LedgerFiles(settings)
    assert files.complete_from("shop") == 0
    assert len(list(files.entries("shop", 0))) == 3
    compact(settings, NOW_MS)
    assert files.complete_from("shop") == old // HOUR_MS + 1
    assert [entry.ms for entry in files.entries("shop", 0)] == [new]
    assert files.complete_from("news") == 0

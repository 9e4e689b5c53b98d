"""What a site's process writes beside Kafka: the ledger's lines, in the hours in which things happened."""

from pathlib import Path

from footfall.history.scribe import Made
from footfall.history.worker import write
from footfall.settings import Settings
from footfall.sites.visitors import ledger

_HOUR_MS = 1_795_478_400_000 // ledger.HOUR_MS * ledger.HOUR_MS


def _made(at_ms: int, seq: int) -> Made:
    return Made(at_ms + 40, at_ms, seq, "click", f"event-{seq}", "session", b"{}")


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

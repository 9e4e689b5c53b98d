"""Reduces old hours of the ledgers to counts. Only the watchdog does this, never the visitors."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from footfall.settings import Settings
from footfall.sites.visitors.ledger import DAY_MS, TOTALS, hour_files, hour_name, parse, read_totals


def compact(settings: Settings, now_ms: int) -> int:
    """Reduces the files of all sites that are older than `retention.ledger_days` to one line of counts per hour.

    The totals are replaced by one rename before the hour's file is deleted, so an interruption neither loses an hour
    nor counts it twice. Returns the number of removed hourly files.
    """
    oldest_kept = hour_name(now_ms - settings.retention.ledger_days * DAY_MS)
    removed = 0
    for folder in sorted(settings.ledger_dir.glob("*/")):
        app = folder.name
        expired = [path for path in hour_files(settings, app) if path.name < oldest_kept]
        if not expired:
            continue
        totals = read_totals(settings, app)
        known = {total["hour"] for total in totals}
        totals += [_total(path) for path in expired if path.stem not in known]
        draft = folder / f"{TOTALS}.new"
        draft.write_bytes(b"".join(orjson.dumps(total) + b"\n" for total in totals))
        draft.replace(folder / TOTALS)
        for path in expired:
            path.unlink(missing_ok=True)
        removed += len(expired)
    return removed


def _total(path: Path) -> dict[str, Any]:
    attempted: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    accepted = replayed = 0
    for entry in filter(None, map(parse, path.read_bytes().split(b"\n"))):
        if entry.kind == "attempted":
            attempted[entry.event_type or "unknown"] += 1
        elif entry.kind == "accepted":
            accepted += 1
        elif entry.kind == "replayed":
            replayed += 1
        else:
            (rejected if entry.kind == "rejected" else dropped)[entry.reason or "unknown"] += 1
    return {
        "hour": path.stem,
        "attempted": dict(attempted),
        "accepted": accepted,
        "rejected": dict(rejected),
        "dropped": dict(dropped),
        "replayed": replayed,
    }

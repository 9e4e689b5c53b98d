"""The golden archive: two days of events, log lines and profiles as readable files, for every engine to be tested with.

`records.jsonl` has the events as Kafka holds them, `logs/` the raw lines, `profiles.json` the history of the profiles,
and `answers/` what each question answers, worked out by hand by reading these files. The days are Monday 2026-11-23
and Tuesday 2026-11-24.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.lake.layout import Part
from footfall.lake.schema import archived as archive_schema
from tests.support import archived

FROM_DT: Final = "2026-11-23"
TO_DT: Final = "2026-11-24"
_HERE: Final = Path(__file__).parent
_CHECKPOINT: Final = "00000000"
_PROFILES: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("valid_from_ms", pa.int64()),
        ("valid_to_ms", pa.int64()),
        ("plan", pa.string()),
        ("country", pa.string()),
        ("birth_year", pa.int32()),
        ("company_size", pa.string()),
        ("deleted", pa.bool_()),
    ]
)


def records() -> list[dict[str, Any]]:
    """Each record with the columns of an archived event and `app_id`, retries included; times are datetimes."""
    pages = json.loads((_HERE / "pages.json").read_text("utf-8"))
    session: dict[str, Any] = {}
    found: list[dict[str, Any]] = []
    retries: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(_lines()):
        # Offsets of one partition may have gaps, so the line's number serves for all of them.
        if "repeats" in line:
            retries.append((line["repeats"], _times(line) | {"kafka_offset": number}))
        elif "n" not in line:
            session = line
        else:
            own = {name: value for name, value in line.items() if name not in ("n", "at", "received")}
            page = pages[session["app_id"]].get(line.get("page_path"), {})
            shared = {"schema_version": "1.0", "consent": "unknown", "is_bot": False, "kafka_offset": number}
            if line["event_type"] == "page_view":
                shared["http_status"] = 200
            found.append({"event_id": event_id(line["n"]), **shared, **page, **session, **own, **_times(line)})
    by_id = {one["event_id"]: one for one in found}
    return found + [{**by_id[event_id(number)], **changed} for number, changed in retries]


def events() -> list[dict[str, Any]]:
    """The records that the archive keeps: of each identity the one with the lowest offset."""
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(records(), key=lambda record: record["kafka_offset"], reverse=True):
        kept[one["session_id"], one["event_id"]] = one
    return sorted(kept.values(), key=lambda record: record["kafka_offset"])


def event_id(number: int) -> str:
    """The id of the event with this number."""
    return f"00000000-0000-7000-8000-{number:012d}"


def write_archive(root: Path, every_record: bool = False) -> None:
    """Writes the archive to `ROOT/app_id=…/dt=…/`, with the archive's columns and file names.

    Some rows are there twice, as they are for a moment during a compaction. every_record: also writes the retries, as
    no archive holds them, each on the day of its own event time.
    """
    kept = records() if every_record else events()
    for name, rows in ((Part(_CHECKPOINT, 1, 1, 0).name, kept), (Part(_CHECKPOINT, 0, 1, 1).name, kept[::5])):
        archived.write(root, rows, name.removesuffix(".parquet"), archive_schema())


def write_logs(root: Path) -> dict[str, list[Path]]:
    """Writes the raw lines to `ROOT/KIND/dt=…/golden.log`; returns the files of each kind."""
    written: dict[str, list[Path]] = {}
    for source in sorted((_HERE / "logs").glob("*/*.txt")):
        target = root / source.parent.name / f"dt={source.stem}" / "golden.log"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written.setdefault(source.parent.name, []).append(target)
    return written


def write_profiles(root: Path) -> Path:
    """Writes the history of the profiles to `ROOT/profiles_history.parquet`; returns the file."""
    rows = json.loads((_HERE / "profiles.json").read_text("utf-8"))
    for row in rows:
        for name in ("valid_from", "valid_to"):
            text = row.pop(name)
            row[f"{name}_ms"] = None if text is None else int(_at(text.removesuffix("Z")).timestamp() * 1000)
    root.mkdir(parents=True, exist_ok=True)
    path = root / "profiles_history.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=_PROFILES), path)
    return path


def _lines() -> Iterator[dict[str, Any]]:
    for line in (_HERE / "records.jsonl").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield json.loads(line)


def _times(line: dict[str, Any]) -> dict[str, datetime]:
    happened = _at(f"2026-11-{line['at']}")
    received = _at(f"2026-11-{line['received']}") if "received" in line else happened + timedelta(seconds=1)
    return {"event_time": happened, "occurred_at": happened, "sent_at": received, "received_at": received}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)

"""Checks a run before it is published, and records what was found in `data_quality` and `offending_rows`."""

import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.hive import Hive
from footfall.hive.metastore import Metastore
from footfall.lake import archive_reader, damaged_files, layout
from footfall.settings import Settings
from footfall.warehouse import checks, published, registration
from footfall.warehouse import manifest as manifests
from footfall.warehouse.arrow_schema import schema_of
from footfall.warehouse.errors import PublishRefused
from footfall.warehouse.manifest import RUNS, Manifest
from footfall.warehouse.partitions import with_partitions
from footfall.warehouse.tables import DATA_QUALITY, OFFENDING_ROWS, Table

OK: Final = "ok"
WARNING: Final = "warning"
FAILED: Final = "failed"
# Days of the same weekday differ by less, unless something is missing or twice there.
_VOLUME_CHANGE: Final = 0.5
_WEEK: Final = timedelta(days=7)
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check of one day. observed, threshold: as in the table `data_quality`."""

    day: str
    check_name: str
    table_name: str
    observed: float
    threshold: float
    status: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The results of a day. blocks: sentences about what keeps the day from being published."""

    day: date
    blocks: list[str]
    warnings: list[str]


def audit(settings: Settings, run: str) -> list[Verdict]:
    """Checks all days of a run. Raises ManifestMissing, HdfsUnavailable, HiveUnavailable and ArchiveRefused."""
    hdfs, taken = Hdfs(settings), manifests.load(Hdfs(settings), run)
    partitions = dict.fromkeys(taken.days, run)
    with Hive(settings) as hive:
        results = [
            *_archive_results(hdfs, hive, taken, partitions),
            *_check_results(hive, taken, partitions),
            *_share_results(hive, taken, partitions),
            *_volume_results(hdfs, hive, taken, partitions),
        ]
        rows = _offending_rows(hive, results, partitions)
        _write(hdfs, DATA_QUALITY, run, taken.days, _quality_rows(results))
        _write(hdfs, OFFENDING_ROWS, run, taken.days, rows)
        registration.register(Metastore(settings), hdfs, run, taken.days, (DATA_QUALITY, OFFENDING_ROWS))
    verdicts = [_verdict(day, [one for one in results if one.day == day.isoformat()]) for day in taken.dates]
    layout.put(hdfs, _path(run), json.dumps([asdict(one) | {"day": str(one.day)} for one in verdicts]).encode())
    return verdicts


def verdicts_of(hdfs: Hdfs, run: str) -> list[Verdict]:
    """The verdicts of a run that was audited. Raises PublishRefused if it was not, and HdfsUnavailable."""
    content = hdfs.read(_path(run))
    if content is None:
        raise PublishRefused(f"The run {run} was not audited. Run `./footfall batch audit --run {run}` first.")
    return [
        Verdict(date.fromisoformat(one["day"]), list(one["blocks"]), list(one["warnings"]))
        for one in json.loads(content)
    ]


def _path(run: str) -> str:
    return f"{RUNS}/{run}-audit.json"


def _verdict(day: date, results: Sequence[Result]) -> Verdict:
    def sentences(status: str) -> list[str]:
        return [
            f"{one.check_name} in {one.table_name}: {one.observed:g} (at most {one.threshold:g})"
            for one in results
            if one.status == status
        ]

    return Verdict(day, sentences(FAILED), sentences(WARNING))


def _archive_results(hdfs: Hdfs, hive: Hive, taken: Manifest, partitions: Mapping[str, str]) -> list[Result]:
    """Compares the identities in the archive with the rows of `fact_events`, by day and site."""
    counted = hive.rows(with_partitions("SELECT dt, app_id, count(*) FROM fact_events GROUP BY dt, app_id", partitions))
    rows = {(dt, app): int(n) for dt, app, n in counted}
    stored: dict[tuple[str, str], int] = {}
    for values, folder in layout.folders(hdfs, layout.EVENTS).items():
        app, dt = values
        if dt in partitions:
            stored[dt, app] = _identities(hdfs, folder, taken)
    return [
        Result(dt, "rows differ from the archive", "fact_events", float(difference), 0.0, FAILED if difference else OK)
        for dt in taken.days
        for difference in [
            sum(abs(stored.get(key, 0) - rows.get(key, 0)) for key in stored.keys() | rows.keys() if key[0] == dt)
        ]
    ]


def _identities(hdfs: Hdfs, folder: str, taken: Manifest) -> int:
    """The number of distinct identities of a folder before the manifest's end."""
    rows = _archived(hdfs, folder)
    if rows is None:
        return 0
    ends = pa.array([taken.archive_ends.get(str(n), 0) for n in range(1 + pc.max(rows["kafka_partition"]).as_py())])
    before = pc.less(rows["kafka_offset"], pc.take(ends, rows["kafka_partition"]))
    return int(rows.filter(before).group_by(["session_id", "event_id"]).aggregate([]).num_rows)


def _archived(hdfs: Hdfs, folder: str) -> pa.Table | None:
    """The identities and positions of all rows of a folder; None if it has none."""
    columns = ["session_id", "event_id", "kafka_partition", "kafka_offset"]
    for _ in range(_ATTEMPTS):
        listed = damaged_files.refuse_empty(layout.parts(hdfs, folder))
        try:
            tables = [group for file in listed for group in archive_reader.groups(hdfs, file, columns)]
        except HdfsUnavailable:
            if all(hdfs.exists(file.path) for file in listed):
                raise
            continue  # A file was merged into another one, which is in the next listing.
        rows = pa.concat_tables(tables) if tables else None
        return rows if rows is not None and rows.num_rows else None
    raise HdfsUnavailable(f"The files in {folder} are being merged again and again.")


def _check_results(hive: Hive, taken: Manifest, partitions: Mapping[str, str]) -> list[Result]:
    statements = checks.counts(partitions)
    found = {(number, dt): int(n) for statement in statements for number, dt, n in hive.rows(statement)}
    return [
        Result(dt, check.name, check.table, float(n), 0.0, FAILED if n else OK)
        for number, check in enumerate(checks.CHECKS)
        for dt in taken.days
        for n in [found.get((number, dt), 0)]
    ]


def _share_results(hive: Hive, taken: Manifest, partitions: Mapping[str, str]) -> list[Result]:
    results = []
    for number, dt, part, whole in hive.rows(checks.shares(partitions)):
        share = checks.SHARES[number]
        observed = int(part or 0) / int(whole) if whole else 0.0
        results.append(
            Result(dt, share.name, share.table, observed, share.most, WARNING if observed > share.most else OK)
        )
    return sorted(results, key=lambda one: (one.day, one.check_name))


def _volume_results(hdfs: Hdfs, hive: Hive, taken: Manifest, partitions: Mapping[str, str]) -> list[Result]:
    """Compares the number of events with that of the same weekday a week earlier, if that day is published."""
    known = published.read(hdfs)
    earlier = {day: known[day - _WEEK].run for day in taken.dates if day - _WEEK in known}
    wanted = {**{str(day - _WEEK): run for day, run in earlier.items()}, **partitions}
    select = "SELECT dt, run, events FROM day_summary WHERE population = 'all' AND app_id = 'all'"
    events = {(dt, run): int(n) for dt, run, n in hive.rows(with_partitions(select, wanted))}
    results = []
    for day, run in earlier.items():
        before, now = events.get((str(day - _WEEK), run), 0), events.get((str(day), taken.run), 0)
        change = abs(now - before) / before if before else 0.0
        status = WARNING if change > _VOLUME_CHANGE else OK
        results.append(Result(str(day), "change to a week before", "fact_events", change, _VOLUME_CHANGE, status))
    return results


def _offending_rows(
    hive: Hive, results: Sequence[Result], partitions: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    failed = {(one.check_name, one.table_name) for one in results if one.status == FAILED}
    rows: dict[str, list[dict[str, Any]]] = {}
    for check in checks.CHECKS:
        if (check.name, check.table) in failed:
            for dt, key, detail in hive.rows(checks.offending(check, partitions)):
                rows.setdefault(dt, []).append(
                    {"check_name": check.name, "table_name": check.table, "row_key": key, "detail": detail}
                )
    return rows


def _quality_rows(results: Sequence[Result]) -> dict[str, list[dict[str, Any]]]:
    now_ms = int(time.time() * 1000)
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in results:
        rows.setdefault(one.day, []).append(
            {name: value for name, value in asdict(one).items() if name != "day"} | {"checked_ms": now_ms}
        )
    return rows


def _write(
    hdfs: Hdfs, table: Table, run: str, days: Sequence[str], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Writes a small table: one file a day, also if it has no rows."""
    for day in days:
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows.get(day, ())), schema=schema_of(table)), buffer)
        layout.put(hdfs, f"{table.partition(day, run)}/part-0.parquet", buffer.getvalue())

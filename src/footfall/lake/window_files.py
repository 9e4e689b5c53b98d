"""The published windows in HDFS: `/aggregates/windows_{1m,5m}/dt=YYYY-MM-DD/hour-HH.parquet`, by the window's start.

A file is replaced atomically, by a rename. It does not say whether a window is final, since that depends on the time of
reading (72 hours after the window). `/aggregates/_closed.json` holds the minute before which every minute is closed and
published; a closed minute without a row had no visitors.
"""

import json
import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.hdfs import HdfsUnavailable
from footfall.lake import layout
from footfall.lake.layout import Files

# Minutes.
HOUR: Final = 60
FIVE: Final = 5
NAMES: Final = {1: "windows_1m", FIVE: "windows_5m"}
MINUTE_MS: Final = 60_000

ROOT: Final = "/aggregates"
_CLOSED: Final = f"{ROOT}/_closed.json"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_KEY: Final = ("window_start_at", "app_id", "dimension", "value")
COUNTS: Final = ("events", "page_views", "visits", "visitors", "engaged_ms", "errors", "error_n")
PERCENTILES: Final = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}


class VitalColumns(NamedTuple):
    """The columns of one web vital: its percentile, and how many values there are, how many good, how many poor."""

    p75: str
    values: str
    good: str
    poor: str


# The events that have web vitals; then those by the event's fields. A layout shift is in thousandths.
VITAL_VIEWS: Final = "vital_views"
VITAL_COLUMNS: Final = {
    "lcp_ms": VitalColumns("lcp_p75_ms", "lcp_n", "lcp_good", "lcp_poor"),
    "inp_ms": VitalColumns("inp_p75_ms", "inp_n", "inp_good", "inp_poor"),
    "cls_milli": VitalColumns("cls_p75_milli", "cls_n", "cls_good", "cls_poor"),
    "ttfb_ms": VitalColumns("ttfb_p75_ms", "ttfb_n", "ttfb_good", "ttfb_poor"),
}
# Files from before web vitals lack these. There, the counts are 0 and the percentiles null.
_VITAL_PERCENTILES: Final = tuple(names.p75 for names in VITAL_COLUMNS.values())
_VITAL_COUNTS: Final = (VITAL_VIEWS, *(name for names in VITAL_COLUMNS.values() for name in names[1:]))
SCHEMA: Final = pa.schema(
    [
        pa.field("window_start_at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("window_end_at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("app_id", pa.string(), nullable=False),
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("page_title", pa.string()),
        *(pa.field(name, pa.int64(), nullable=False) for name in COUNTS),
        *(pa.field(name, pa.int64()) for name in PERCENTILES),
        *(pa.field(name, pa.int64(), nullable=False) for name in _VITAL_COUNTS),
        *(pa.field(name, pa.int64()) for name in _VITAL_PERCENTILES),
        pa.field("revision", pa.int64(), nullable=False),
    ]
)
_FIGURES: Final = ("page_title", *COUNTS, *PERCENTILES, *_VITAL_COUNTS, *_VITAL_PERCENTILES)

log = logging.getLogger("streaming")


class Damaged(HdfsUnavailable):
    """A published file is damaged or has the wrong columns; the message is a sentence."""


def path_of(length: int, hour: int) -> str:
    """The path of an hour's windows. length: minutes. hour: since 1970."""
    start = _EPOCH + timedelta(hours=hour)
    return f"{ROOT}/{NAMES[length]}/dt={start:%Y-%m-%d}/hour-{start:%H}.parquet"


def read(files: Files, length: int, hour: int) -> pa.Table | None:
    """An hour's published windows; None if there are none. Raises HdfsUnavailable, or its subclass Damaged."""
    path = path_of(length, hour)
    content = files.read(path)
    if content is None:
        return None
    try:
        found = pq.ParquetFile(pa.BufferReader(content)).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        message = (str(error).splitlines() or [""])[0][:200]
        raise Damaged(f"{path} is damaged and will be recomputed at its next update: {message}") from None
    if _VITAL_COUNTS[0] not in found.column_names:
        found = _with_vitals(found)
    if not found.schema.equals(SCHEMA):
        raise Damaged(f"{path} does not have the expected columns and will be recomputed at its next update.")
    return found


def publish(files: Files, length: int, starts: Collection[int], rows: pa.Table, ignore_old: bool = False) -> set[int]:
    """Replaces the windows that start at `starts` (minutes since 1970) with their newly computed rows.

    length: minutes. rows: the rows of these windows as `window_figures.windows` returns them; a window without rows
    loses its published rows. ignore_old: the existing files are ignored, and revisions start again.
    A row's `revision` starts at 1 and grows when its figures change. An unchanged file is not written.

    Returns the hours (since 1970) whose files are damaged. These files stay as they are, and a warning is logged; the
    caller must compute all their windows and publish them with `ignore_old`. Raises HdfsUnavailable.
    """
    fresh = _shaped(length, rows)
    hour_of = pc.divide(pc.cast(fresh["window_start_at"], pa.int64()), HOUR * MINUTE_MS)
    damaged = set()
    for hour in sorted({start // HOUR for start in starts}):
        try:
            old = None if ignore_old else read(files, length, hour)
        except Damaged as error:
            log.warning("%s", error)
            damaged.add(hour)
            continue
        mine = [start for start in starts if start // HOUR == hour]
        content = _replaced(old, mine, fresh.filter(pc.equal(hour_of, hour)))
        if content is not None:
            _write(files, path_of(length, hour), content)
    return damaged


def write_closed(files: Files, closed_until: int) -> None:
    """Records that all minutes before `closed_until` (since 1970) are closed and published. Raises HdfsUnavailable."""
    layout.put(files, _CLOSED, json.dumps({"closed_until": closed_until}).encode())


def read_closed(files: Files) -> int | None:
    """The minute that `write_closed` recorded last, or None. Raises HdfsUnavailable, or its subclass Damaged."""
    content = files.read(_CLOSED)
    if content is None:
        return None
    try:
        return int(json.loads(content)["closed_until"])
    except (ValueError, TypeError, KeyError):
        raise Damaged(f"{_CLOSED} is damaged; it is written again within a minute.") from None


def _with_vitals(older: pa.Table) -> pa.Table:
    """The rows of a file from before web vitals with all columns."""
    for name in (*_VITAL_COUNTS, *_VITAL_PERCENTILES):
        value = pa.scalar(0 if name in _VITAL_COUNTS else None, pa.int64())
        older = older.append_column(SCHEMA.field(name), pa.repeat(value, len(older)))
    return older.select(sorted(older.column_names, key=SCHEMA.get_field_index))


def _shaped(length: int, rows: pa.Table) -> pa.Table:
    """Computed rows with the columns of a file; each has revision 1."""
    start_ms = pc.multiply(pc.cast(rows["window_start"], pa.int64()), MINUTE_MS)
    columns: dict[str, Any] = {name: rows[name] for name in SCHEMA.names if name in rows.column_names}
    columns["window_start_at"] = start_ms.cast(pa.timestamp("ms", "UTC"))
    columns["window_end_at"] = pc.add(start_ms, length * MINUTE_MS).cast(pa.timestamp("ms", "UTC"))
    columns["revision"] = pa.chunked_array([pa.repeat(pa.scalar(1, pa.int64()), len(rows))], pa.int64())
    return pa.table([columns[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA)


def _replaced(old: pa.Table | None, starts: Iterable[int], fresh: pa.Table) -> pa.Table | None:
    """The new content of an hour's file, sorted; None if nothing changed."""
    if old is None:
        return _sorted(fresh) if len(fresh) else None
    times = pa.array([start * MINUTE_MS for start in starts], pa.int64()).cast(pa.timestamp("ms", "UTC"))
    touched = pc.is_in(old["window_start_at"], value_set=times)
    before = old.filter(touched)
    published = dict(zip(_tuples(before, _KEY), _tuples(before, (*_FIGURES, "revision")), strict=True))
    changed = len(before) != len(fresh)
    revisions = []
    for key, figures in zip(_tuples(fresh, _KEY), _tuples(fresh, _FIGURES), strict=True):
        *last, revision = published.get(key, (None, 0))
        same = tuple(last) == figures
        revisions.append(revision if same else revision + 1)
        changed = changed or not same
    if not changed:
        return None
    index = SCHEMA.get_field_index("revision")
    fresh = fresh.set_column(index, SCHEMA.field(index), pa.array(revisions, pa.int64()))
    return _sorted(pa.concat_tables([old.filter(pc.invert(touched)), fresh]))


def _tuples(rows: pa.Table, names: Iterable[str]) -> list[tuple[Any, ...]]:
    # Times are compared as integers: thousands of datetime objects would take longer than all the rest.
    integers = {"window_start_at": pa.int64()}
    columns = [(rows[name].cast(integers[name]) if name in integers else rows[name]).to_pylist() for name in names]
    return list(zip(*columns, strict=True))


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in _KEY])


def _write(files: Files, path: str, rows: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    layout.put(files, path, sink.getvalue().to_pybytes())

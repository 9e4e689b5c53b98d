"""The windows that the running platform publishes equal, digit by digit, what DuckDB counts over the archive."""

import time
from itertools import count
from pathlib import Path
from typing import Any

from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake import layout, window_files
from tests.support import window_oracle
from tests.support.platform import Platform, await_true

_MINUTES = 8
# Twice the time that the batch of a late event may take.
_LATE_S = 60
_FIGURES = ("page_views", "visits", "visitors", "engaged_ms", "errors", "p50_ms", "p95_ms", "p99_ms")
_Figures = dict[tuple[Any, ...], tuple[Any, ...]]


def _download(hdfs: Hdfs, target: Path) -> None:
    for values, folder in layout.folders(hdfs, layout.EVENTS).items():
        for file in layout.parts(hdfs, folder):
            content = hdfs.read(file.path)
            # None if the file was merged meanwhile into another, which is read below or was read already.
            if content is not None:
                path = target / f"app_id={values[0]}" / f"dt={values[1]}" / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def _keyed(rows: list[dict[str, Any]]) -> _Figures:
    return {
        (row["window_minutes"], row["window_start"], row["app_id"], row["dimension"], row["value"]): tuple(
            row[name] for name in _FIGURES
        )
        for row in rows
    }


def test_published_windows_are_what_duckdb_counts(busy_platform: Platform, tmp_path: Path) -> None:
    hdfs = Hdfs(busy_platform.settings)
    asked_at = int(time.time()) // 60

    def closed() -> bool:
        return (window_files.read_closed(hdfs) or 0) >= asked_at

    await_true(closed, "this minute's beginning to be closed and published", 180, every=2)
    # Rows of these minutes that arrive from now on are late, and few events are more than some minutes late.
    end = asked_at - 2
    minutes, fives = range(end - _MINUTES, end), range(end - _MINUTES, end - 4)
    deadline = time.monotonic() + _LATE_S
    for attempt in count():
        published = {**_published(busy_platform, "1m", minutes), **_published(busy_platform, "5m", fives)}
        copy = tmp_path / str(attempt)
        _download(hdfs, copy)
        expected = _keyed(window_oracle.figures(copy, minutes, fives))
        # A late event may have arrived in between. Its windows are computed again within seconds of its batch.
        if published == expected or time.monotonic() > deadline:
            break
        time.sleep(2)
    for length in (1, 5):
        assert sum(key[0] == length for key in expected) > 50
    assert published == expected


def _published(platform: Platform, window: str, starts: range) -> _Figures:
    """The figures of windows of one length that begin in these minutes."""
    span = ["--from", format_rfc3339_ms(starts[0] * 60_000), "--to", format_rfc3339_ms(starts[-1] * 60_000 + 60_000)]
    found: _Figures = {}
    for by in ("app", "page", "section", "country", "device"):
        rows = platform.query("windowed-metrics", "--window", window, "--by", by, *span)
        for row in rows:
            row["window_minutes"] = int(window[:-1])
            row["window_start"] = parse_rfc3339_ms(row["window_start_at"]) // 60_000
        found |= _keyed(rows)
    return found

"""What the running platform publishes of its windows is, to the digit, what DuckDB counts over the archive in HDFS."""

import time
from pathlib import Path
from typing import Any

import pytest

from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake import layout, window_files
from tests.support import window_oracle
from tests.support.platform import Platform, await_true

_MINUTES = 8
_FIGURES = ("page_views", "visits", "visitors", "engaged_ms", "errors", "p50_ms", "p95_ms", "p99_ms")


def _download(hdfs: Hdfs, target: Path) -> None:
    for values, folder in layout.folders(hdfs, layout.EVENTS).items():
        for file in layout.parts(hdfs, folder):
            content = hdfs.read(file.path)
            # Merged into another meanwhile, which is read below or was read already.
            if content is not None:
                path = target / f"app_id={values[0]}" / f"dt={values[1]}" / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def _keyed(rows: list[dict[str, Any]], start: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        (row[start], row["app_id"], row["dimension"], row["value"]): tuple(row[name] for name in _FIGURES)
        for row in rows
    }


@pytest.mark.parametrize(("window", "length"), [("1m", 1), ("5m", 5)])
def test_published_windows_are_what_duckdb_counts(
    busy_platform: Platform, tmp_path: Path, window: str, length: int
) -> None:
    hdfs = Hdfs(busy_platform.settings)
    asked_at = int(time.time()) // 60

    def closed() -> bool:
        return (window_files.read_closed(hdfs) or 0) >= asked_at

    await_true(closed, "this minute's beginning to be closed and published", 180, every=2)
    # Rows of these minutes that come from now on are late, and few minutes after their own nobody is late.
    end = asked_at - 2
    starts = range(end - _MINUTES, end - length + 1)
    span = ["--from", format_rfc3339_ms(starts[0] * 60_000), "--to", format_rfc3339_ms(starts[-1] * 60_000 + 60_000)]
    for attempt in range(3):
        published: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for by in ("app", "page", "section", "country", "device"):
            rows = busy_platform.query("windowed-metrics", "--window", window, "--by", by, *span)
            for row in rows:
                row["window_start"] = parse_rfc3339_ms(row["window_start_at"]) // 60_000
            published |= _keyed(rows, "window_start")
        copy = tmp_path / str(attempt)
        _download(hdfs, copy)
        wanted = window_oracle.figures(copy, starts if length == 1 else (), () if length == 1 else starts)
        expected = _keyed(wanted, "window_start")
        assert len(expected) > 50
        if published == expected:
            break
        # A late event came in between; its windows are computed anew within seconds of its batch.
        time.sleep(20)
    assert published == expected

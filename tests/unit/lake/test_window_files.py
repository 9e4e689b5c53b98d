"""Files of windows: only the computed windows are replaced, revisions count changes, readers see whole files."""

import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.hdfs import HdfsUnavailable
from footfall.lake import layout, window_files
from footfall.lake.window_files import SCHEMA, Damaged
from tests.support.archived import minute
from tests.support.local_files import Died, LocalFiles

NOON = minute("2026-11-24 12:00")
HOUR = NOON // 60
FILE = "/aggregates/windows_1m/dt=2026-11-24/hour-12.parquet"


def row(start: int, value: str | None = "/", views: int = 1, length: int = 1, **more: Any) -> dict[str, Any]:
    """A row as it is computed."""
    return {
        "window_minutes": length,
        "window_start": start,
        "app_id": "shop",
        "dimension": "page",
        "value": value,
        "page_title": "Title",
        **dict.fromkeys(("visits", "visitors", "errors", "engaged_ms"), 0),
        **dict.fromkeys(("events", "page_views", "error_n"), views),
        **dict.fromkeys(("p50_ms", "p95_ms", "p99_ms"), 7),
        **dict.fromkeys(VITAL_COUNTS, 0),
        **more,
    }


VITALS = ("lcp", "inp", "cls", "ttfb")
VITAL_COUNTS = ("vital_views", *(f"{name}_{what}" for name in VITALS for what in ("n", "good", "poor")))
VITAL_PERCENTILES = ("lcp_p75_ms", "inp_p75_ms", "cls_p75_milli", "ttfb_p75_ms")

# The types that Spark gives.
COMPUTED = pa.schema(
    [
        ("window_minutes", pa.int32()),
        ("window_start", pa.int64()),
        *((name, pa.string()) for name in ("app_id", "dimension", "value", "page_title")),
        *(
            (name, pa.int64())
            for name in ("events", "page_views", "visits", "visitors", "engaged_ms", "errors", "error_n")
        ),
        *((name, pa.int32()) for name in ("p50_ms", "p95_ms", "p99_ms")),
        *((name, pa.int64()) for name in (*VITAL_COUNTS, *VITAL_PERCENTILES)),
    ]
)


def publish(files: LocalFiles, starts: list[int], *rows: dict[str, Any], **more: Any) -> set[int]:
    return window_files.publish(files, 1, starts, pa.Table.from_pylist(list(rows), schema=COMPUTED), **more)


def published(files: LocalFiles, hour: int = HOUR) -> list[tuple[int, str | None, int, int]]:
    """Minute after noon, value, page views, revision; as they stand in the file."""
    table = window_files.read(files, 1, hour)
    if table is None:
        return []
    return [
        (int(one["window_start_at"].timestamp()) // 60 - NOON, one["value"], one["page_views"], one["revision"])
        for one in table.to_pylist()
    ]


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """An hour with three windows."""
    found = LocalFiles(tmp_path)
    publish(found, [NOON, NOON + 1, NOON + 2], row(NOON), row(NOON + 1, "/b"), row(NOON + 1, "/a"), row(NOON + 2, None))
    return found


def test_a_first_file_has_all_rows_sorted_of_revision_one(files: LocalFiles) -> None:
    assert published(files) == [(0, "/", 1, 1), (1, "/a", 1, 1), (1, "/b", 1, 1), (2, None, 1, 1)]
    content = files.read(FILE)
    assert content is not None
    table = pq.read_table(pa.BufferReader(content))
    assert table.schema.equals(SCHEMA)
    assert table.slice(0, 1).drop_columns(["window_start_at", "window_end_at"]).to_pylist() == [
        {
            "app_id": "shop",
            "dimension": "page",
            "value": "/",
            "page_title": "Title",
            "events": 1,
            "page_views": 1,
            "visits": 0,
            "visitors": 0,
            "engaged_ms": 0,
            "errors": 0,
            "error_n": 1,
            "p50_ms": 7,
            "p95_ms": 7,
            "p99_ms": 7,
            **dict.fromkeys(VITAL_COUNTS, 0),
            **dict.fromkeys(VITAL_PERCENTILES),
            "revision": 1,
        }
    ]
    # Nothing but the file is left, hidden or not.
    assert [file.path for file in files.list(FILE.rpartition("/")[0])] == [FILE]


def test_a_file_from_before_web_vitals_is_read_and_keeps_its_revisions(files: LocalFiles) -> None:
    content = files.read(FILE)
    assert content is not None
    whole = pq.read_table(pa.BufferReader(content))
    sink = pa.BufferOutputStream()
    pq.write_table(whole.drop_columns([*VITAL_COUNTS, *VITAL_PERCENTILES]), sink)
    layout.put(files, FILE, sink.getvalue().to_pybytes())
    assert window_files.read(files, 1, HOUR) == whole
    publish(files, [NOON], row(NOON))
    assert window_files.read(files, 1, HOUR) == whole
    publish(files, [NOON], row(NOON, vital_views=1, lcp_n=1, lcp_good=1, lcp_p75_ms=900))
    assert published(files) == [(0, "/", 1, 2), (1, "/a", 1, 1), (1, "/b", 1, 1), (2, None, 1, 1)]


def test_only_changed_rows_get_a_new_revision(files: LocalFiles) -> None:
    publish(files, [NOON + 1], row(NOON + 1, "/a"), row(NOON + 1, "/b", 2), row(NOON + 1, "/c"))
    assert published(files) == [(0, "/", 1, 1), (1, "/a", 1, 1), (1, "/b", 2, 2), (1, "/c", 1, 1), (2, None, 1, 1)]
    publish(files, [NOON + 1, NOON + 2], row(NOON + 1, "/b", 3), row(NOON + 2, None, p50_ms=None))
    assert published(files) == [(0, "/", 1, 1), (1, "/b", 3, 3), (2, None, 1, 2)]


def test_a_window_without_rows_loses_its_old_rows(files: LocalFiles) -> None:
    publish(files, [NOON, NOON + 2])
    assert published(files) == [(1, "/a", 1, 1), (1, "/b", 1, 1)]
    publish(files, [NOON + 1])
    assert published(files) == []


@pytest.mark.parametrize("changed", ["page_title", "visits", "visitors", "engaged_ms", "errors", "p95_ms", "p99_ms"])
def test_every_figure_counts_as_a_change(files: LocalFiles, changed: str) -> None:
    publish(files, [NOON], row(NOON, **{changed: None if changed == "page_title" else 99}))
    assert published(files)[0] == (0, "/", 1, 2)


def test_a_file_in_which_nothing_changes_is_not_written(files: LocalFiles) -> None:
    before = files.changes
    publish(files, [NOON, NOON + 1, NOON + 3], row(NOON + 1, "/a"), row(NOON), row(NOON + 1, "/b"))
    publish(files, [minute("2026-11-24 15:00")])
    assert files.changes == before


def test_windows_lie_in_the_file_of_their_start(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    late = minute("2028-02-28 23:59")
    computed = pa.Table.from_pylist([row(late, length=5), row(late + 1, length=5)], schema=COMPUTED)
    window_files.publish(files, 5, [late, late + 1], computed)
    assert [window_files.path_of(5, start // 60) for start in (late, late + 1)] == [
        "/aggregates/windows_5m/dt=2028-02-28/hour-23.parquet",
        "/aggregates/windows_5m/dt=2028-02-29/hour-00.parquet",
    ]
    for start in (late, late + 1):
        table = window_files.read(files, 5, start // 60)
        assert table is not None
        (found,) = table.to_pylist()
        assert [found[name].timestamp() // 60 for name in ("window_start_at", "window_end_at")] == [start, start + 5]


def damage(files: LocalFiles, content: bytes) -> None:
    files.write(FILE, content)


def other_columns() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), sink)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text", b"PAR1" + bytes(100) + b"PAR1", other_columns()])
def test_a_damaged_file_is_named_and_kept_until_it_is_computed_again(
    files: LocalFiles, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    damage(files, content)
    with pytest.raises(Damaged, match=f"^{FILE} .*will be recomputed at its next update"):
        window_files.read(files, 1, HOUR)
    with caplog.at_level(logging.WARNING):
        assert publish(files, [NOON, NOON + 60], row(NOON), row(NOON + 60)) == {HOUR}
    assert FILE in caplog.text
    assert files.read(FILE) == content
    # Other hours are published.
    assert published(files, HOUR + 1) == [(60, "/", 1, 1)]
    assert publish(files, list(range(NOON, NOON + 60)), row(NOON, views=5), ignore_old=True) == set()
    assert published(files) == [(0, "/", 5, 1)]


def test_a_file_that_was_cut_off_is_damaged(files: LocalFiles) -> None:
    content = files.read(FILE)
    assert content is not None
    for end in (len(content) // 2, len(content) - 1):
        damage(files, content[:end])
        assert publish(files, [NOON], row(NOON)) == {HOUR}


def test_a_crash_at_any_point_leaves_whole_files_and_is_repaired(tmp_path: Path) -> None:
    starts, rows = [NOON, NOON + 60], [row(NOON, views=2), row(NOON + 60, views=2)]
    for mortal in range(5):
        files = LocalFiles(tmp_path / str(mortal))
        publish(files, starts, row(NOON), row(NOON + 60))
        files.mortal = files.changes + mortal
        if mortal < 4:
            with pytest.raises(Died):
                publish(files, starts, *rows)
        else:
            publish(files, starts, *rows)
        files.mortal = None
        # Each hour takes a write and a rename.
        assert published(files) == [(0, "/", 2, 2) if mortal >= 2 else (0, "/", 1, 1)]
        assert published(files, HOUR + 1) == [(60, "/", 2, 2) if mortal >= 4 else (60, "/", 1, 1)]
        publish(files, starts, *rows)
        assert published(files) + published(files, HOUR + 1) == [(0, "/", 2, 2), (60, "/", 2, 2)]


def test_leftovers_of_a_crash_are_hidden_from_readers(files: LocalFiles) -> None:
    files.mortal = files.changes + 1
    with pytest.raises(Died):
        publish(files, [NOON], row(NOON, views=2))
    names = {file.name for file in files.list(FILE.rpartition("/")[0])}
    assert names == {"hour-12.parquet", "_hour-12.parquet"}


def test_the_last_closed_minute_is_read_back(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    assert window_files.read_closed(files) is None
    window_files.write_closed(files, 5)
    window_files.write_closed(files, NOON)
    assert window_files.read_closed(files) == NOON
    files.write("/aggregates/_closed.json", b"{")
    with pytest.raises(HdfsUnavailable, match="is damaged"):
        window_files.read_closed(files)

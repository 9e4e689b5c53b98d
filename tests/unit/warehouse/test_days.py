"""Which days can be run, are missing, or are dirty."""

import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.warehouse import days, manifest
from footfall.warehouse.errors import DaysRefused
from footfall.warehouse.manifest import Manifest, ManifestMissing
from tests.support.local_files import LocalFiles

TODAY = date(2026, 11, 29)
DAY = date(2026, 11, 27)
RUN = "20261128T020000-1a2b"


def archive(files: LocalFiles, day: date, name: str, rows: list[tuple[int, int]]) -> str:
    """Writes a file of events. rows: partition and offset."""
    path = f"/events/app_id=shop/dt={day}/{name}.parquet"
    buffer = pa.BufferOutputStream()
    table = pa.table(
        {
            "kafka_partition": pa.array([partition for partition, _ in rows], pa.int32()),
            "kafka_offset": pa.array([offset for _, offset in rows], pa.int64()),
        }
    )
    pq.write_table(table, buffer)
    files.write(path, buffer.getvalue().to_pybytes())
    return path


def taken(ends: dict[str, int], taken_ms: int = 0, logs: list[str] | None = None) -> Manifest:
    return Manifest(RUN, [str(DAY)], taken_ms, ends, {"access": {str(DAY): logs or []}}, {})


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (date(2026, 11, 28), date(2026, 11, 27), "before it begins"),
        (TODAY, TODAY, "2026-11-29 is not over yet (UTC). The last day that can be run is 2026-11-28."),
        (date(2027, 1, 1), date(2027, 1, 2), "2027-01-01 is not over yet"),
        (date(1999, 1, 1), date(2026, 11, 28), "at most 90"),
    ],
)
def test_a_wrong_range_is_refused(first: date, last: date, sentence: str) -> None:
    with pytest.raises(DaysRefused) as refused:
        days.span(first, last, TODAY)
    assert sentence in str(refused.value)


def test_a_range_includes_both_ends() -> None:
    assert days.span(DAY, date(2026, 11, 28), TODAY) == (DAY, date(2026, 11, 28))


def test_a_day_whose_events_are_past_their_retention_is_refused() -> None:
    oldest = date(2026, 11, 22)
    assert days.span(oldest, oldest, TODAY, kept_days=7) == (oldest,)
    with pytest.raises(DaysRefused) as refused:
        days.span(date(1900, 1, 1), date(1900, 1, 1), TODAY, kept_days=7)
    assert str(refused.value) == (
        "The events of 1900-01-01 are past their retention of 7 days. The first day that can be run is 2026-11-22."
    )
    with pytest.raises(DaysRefused, match="2026-11-21 are past"):
        days.span(date(2026, 11, 21), oldest, TODAY, kept_days=7)


def test_a_day_has_data_if_it_has_events_lines_or_rejects(files: LocalFiles) -> None:
    archive(files, date(2026, 11, 24), "a", [(0, 1)])
    files.write("/logs/error/dt=2026-11-25/one.log", b"line\n")
    files.write("/events_rejected/dt=2026-11-26/00000000-000000001.parquet", b"PAR1")
    files.write("/logs/error/dt=2026-11-27/_open.log.tmp", b"line\n")
    files.write("/logs/access/dt=2026-11-27/empty.log", b"")
    asked = [date(2026, 11, day) for day in (28, 27, 26, 25, 24)]
    assert days.with_data(files, asked) == [date(2026, 11, day) for day in (24, 25, 26)]


def test_missing_days_are_archived_over_and_not_published(files: LocalFiles) -> None:
    for day in (25, 26, 27, 29):
        archive(files, date(2026, 11, day), "a", [(0, 1)])
    assert days.missing(files, [date(2026, 11, 26)], TODAY, 5) == [date(2026, 11, 25), DAY]
    assert days.missing(files, [date(2026, 11, 26)], TODAY, 3) == [DAY], "the 25th is past its retention"


def test_a_day_is_dirty_if_an_event_came_after_its_manifest(files: LocalFiles) -> None:
    archive(files, DAY, "00000001-000000001", [(0, 5), (3, 9)])
    manifest.store(files, taken({"0": 6, "3": 10}))
    assert days.dirty(files, {DAY: RUN}) == []
    archive(files, DAY, "00000001-000000002", [(0, 2), (3, 10)])
    assert days.dirty(files, {DAY: RUN}) == [DAY]


def test_a_file_from_before_the_manifest_is_not_read(files: LocalFiles) -> None:
    path = archive(files, DAY, "00000001-000000001", [(0, 5)])
    written_ms = files.list(path.rpartition("/")[0])[0].modified_ms
    manifest.store(files, taken({"0": 1}, taken_ms=written_ms + 1))
    assert days.dirty(files, {DAY: RUN}) == []


def test_a_new_log_file_makes_a_day_dirty_and_an_open_one_does_not(files: LocalFiles) -> None:
    manifest.store(files, taken({}, logs=[f"/logs/access/dt={DAY}/one.log"]))
    files.write(f"/logs/access/dt={DAY}/one.log", b"line\n")
    files.write(f"/logs/access/dt={DAY}/_two.log.tmp", b"line\n")
    assert days.dirty(files, {DAY: RUN}) == []
    files.write(f"/logs/performance/dt={DAY}/three.log", b"line\n")
    assert days.dirty(files, {DAY: RUN}) == [DAY]


def test_a_run_without_a_manifest_is_a_sentence(files: LocalFiles) -> None:
    with pytest.raises(ManifestMissing, match="has no manifest"):
        days.dirty(files, {DAY: RUN})


def test_the_run_that_was_published_last_is_remembered_also_if_it_began_first(files: LocalFiles) -> None:
    manifest.store(files, taken({}))
    other = date(2026, 11, 26)
    manifest.record_published(files, "20261128T030000-ffff", [DAY])
    manifest.record_published(files, RUN, [DAY, other])
    os.utime(files.root / f"{manifest.RUNS}/20261128T030000-ffff-published.json".lstrip("/"), (50, 50))
    os.utime(files.root / f"{manifest.RUNS}/{RUN}-published.json".lstrip("/"), (60, 60))
    assert manifest.last_published(files) == {DAY: (RUN, 60_000), other: (RUN, 60_000)}
    manifest.record_published(files, "20261128T030000-ffff", [DAY])
    os.utime(files.root / f"{manifest.RUNS}/20261128T030000-ffff-published.json".lstrip("/"), (70, 70))
    assert manifest.last_published(files) == {DAY: ("20261128T030000-ffff", 70_000), other: (RUN, 60_000)}

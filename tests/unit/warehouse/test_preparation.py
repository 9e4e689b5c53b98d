"""The manifest of a run: what it lists, and what it keeps of a day whose log lines are gone."""

from datetime import date
from pathlib import Path
from typing import cast

import pytest

from footfall.hdfs import Hdfs
from footfall.lake.layout import REJECTED
from footfall.logs import layout as log_layout
from footfall.names import LOG_KINDS
from footfall.settings import Settings
from footfall.warehouse import days, manifest, preparation, published
from footfall.warehouse.errors import NothingArrived
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.published import Published
from tests.support.local_files import LocalFiles

_DAY, _OTHER = date(2026, 10, 1), date(2026, 10, 2)
_OLD, _NEW = "20261003T010203-aaaa", "20261120T010203-bbbb"


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """Two days with a file of each kind of log and one of rejects; the first day is published."""
    files = LocalFiles(tmp_path)
    for day in (_DAY, _OTHER):
        for path in _paths(day):
            files.write(path, b"line\n")
    manifest.store(files, _taken(files, _OLD))
    published.replace(files, {_DAY: Published(_DAY, _OLD, 1, manifest.path(_OLD))})
    return files


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a home in which no site and no Flume has written anything."""
    return Settings(home=tmp_path / "home")


def _paths(day: date) -> list[str]:
    logs = [f"{log_layout.ROOT}/{kind}/dt={day}/flume-1.log" for kind in LOG_KINDS]
    return [*logs, f"{REJECTED.root}/dt={day}/00000000-000000001.parquet"]


def _taken(files: LocalFiles, run: str) -> Manifest:
    return preparation.take(files, [_DAY, _OTHER], run, 1)


def test_a_manifest_lists_the_files_of_each_kind_and_day(files: LocalFiles) -> None:
    taken = _taken(files, _NEW)
    for day in (_DAY, _OTHER):
        *logs, rejected = _paths(day)
        assert [taken.logs[kind][str(day)] for kind in LOG_KINDS] == [[path] for path in logs]
        assert taken.rejected[str(day)] == [rejected]
    assert taken.lines_kept == {}


def test_days_without_data_are_left_out_of_a_run_and_named(files: LocalFiles) -> None:
    said: list[str] = []
    asked = [_DAY, _OTHER, date(2026, 10, 3), date(2026, 10, 4)]
    assert preparation.days_to_run(files, asked, said.append) == [_DAY, _OTHER]
    assert said == [
        "HDFS has no events and no log lines of these days, which are left out: 2026-10-03, 2026-10-04.",
    ]
    assert preparation.days_to_run(files, [_DAY], said.append) == [_DAY]
    assert len(said) == 1


def test_many_days_without_data_are_not_all_named(files: LocalFiles) -> None:
    said: list[str] = []
    preparation.days_to_run(files, [date(2026, 10, day) for day in range(1, 31)], said.append)
    assert said[0].endswith(": 2026-10-03, 2026-10-04, 2026-10-05 and more (28 in all).")


@pytest.mark.parametrize(
    ("days", "named"),
    [((3,), "2026-10-03"), ((3, 4, 5), "any day from 2026-10-03 to 2026-10-05")],
)
def test_a_run_of_days_without_data_is_refused(files: LocalFiles, days: tuple[int, ...], named: str) -> None:
    with pytest.raises(NothingArrived) as refused:
        preparation.days_to_run(files, [date(2026, 10, day) for day in days], print)
    assert str(refused.value) == f"HDFS has no events and no log lines of {named}, so there is nothing to run."


def test_days_without_data_are_known_before_a_run(files: LocalFiles, settings: Settings) -> None:
    hdfs, said = cast(Hdfs, files), list[str]()
    empty = date(2026, 10, 3)
    assert preparation.at_hand(settings, hdfs, [_OTHER, empty, _DAY], {}, said.append) == [_DAY, _OTHER]
    assert [str(empty) in sentence for sentence in said] == [True]
    with pytest.raises(NothingArrived):
        preparation.at_hand(settings, hdfs, [empty], {}, said.append)


def test_days_are_not_refused_while_their_data_may_be_on_its_way(files: LocalFiles, settings: Settings) -> None:
    hdfs, empty = cast(Hdfs, files), date(2026, 10, 3)
    # Kafka has held ten records for long, and the archive none of them.
    assert preparation.at_hand(settings, hdfs, [empty], {("events", 0): 10}, print) == [empty]
    log = settings.logs_dir / "sites" / "shop" / "access-20261003T08.log"
    log.parent.mkdir(parents=True)
    log.write_text("a line that Flume has not read\n")
    assert preparation.at_hand(settings, hdfs, [empty], {}, print) == [empty]
    log.unlink()
    files.write(f"{log_layout.ROOT}/access/dt={empty}/_flume-1.log.tmp", b"line\n")
    assert preparation.at_hand(settings, hdfs, [empty], {}, print) == [empty]


@pytest.mark.parametrize("gone", range(len(LOG_KINDS) + 1))
def test_a_published_day_keeps_its_tables_once_a_file_of_it_is_gone(files: LocalFiles, gone: int) -> None:
    files.delete(_paths(_DAY)[gone].rpartition("/")[0])
    files.delete(_paths(_OTHER)[gone].rpartition("/")[0])
    late = f"{log_layout.ROOT}/access/dt={_DAY}/flume-2.log"
    files.write(late, b"late\n")
    taken = _taken(files, _NEW)
    # The other day was never published, so it has no tables to keep.
    assert taken.lines_kept == {str(_DAY): _OLD}
    assert sorted(
        [*(path for kind in LOG_KINDS for path in taken.logs[kind][str(_DAY)]), *taken.rejected[str(_DAY)]]
    ) == (sorted([*_paths(_DAY), late]))
    assert days.log_files(files, _DAY, taken) == [], "the day would be dirty for ever"


def test_a_stored_manifest_is_read_again(files: LocalFiles) -> None:
    files.delete(_paths(_DAY)[0])
    taken = _taken(files, _NEW)
    manifest.store(files, taken)
    assert manifest.load(files, _NEW) == taken

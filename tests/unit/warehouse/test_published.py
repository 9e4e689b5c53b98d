"""The file that names the published run of each day."""

import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from footfall.hdfs import HdfsUnavailable
from footfall.warehouse import published
from footfall.warehouse.published import Published
from tests.support.local_files import Died, LocalFiles

_FILE = "warehouse/footfall/published_days/days.json.gz"
_FIRST = Published(date(2026, 11, 24), "20261125T020000-0001", 1_795_000_000_000, "/warehouse/footfall/_runs/1.json")
_SECOND = Published(date(2026, 11, 23), "20261125T020000-0001", 1_795_000_000_000, "/warehouse/footfall/_runs/1.json")


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


def test_nothing_is_published_at_first(files: LocalFiles) -> None:
    assert published.read(files) == {}


def test_what_was_published_is_read_in_the_order_of_days(files: LocalFiles) -> None:
    published.replace(files, {_FIRST.day: _FIRST, _SECOND.day: _SECOND})
    assert list(published.read(files).items()) == [(_SECOND.day, _SECOND), (_FIRST.day, _FIRST)]
    later = _FIRST._replace(run="20261126T020000-0002")
    published.replace(files, {later.day: later})
    assert published.read(files) == {later.day: later}


def test_hive_finds_a_line_of_json_for_each_day(files: LocalFiles, tmp_path: Path) -> None:
    published.replace(files, {_FIRST.day: _FIRST})
    [line] = gzip.decompress((tmp_path / _FILE).read_bytes()).splitlines()
    assert json.loads(line) == {
        "dt": "2026-11-24",
        "run": _FIRST.run,
        "published_ms": _FIRST.published_ms,
        "manifest": _FIRST.manifest,
    }


def test_a_crash_while_publishing_leaves_what_was_published(files: LocalFiles, tmp_path: Path) -> None:
    published.replace(files, {_FIRST.day: _FIRST})
    with pytest.raises(Died):
        published.replace(LocalFiles(tmp_path, mortal=1), {_SECOND.day: _SECOND})
    assert published.read(files) == {_FIRST.day: _FIRST}
    # Hive ignores files whose names begin with an underscore or a dot.
    shown = [path.name for path in (tmp_path / _FILE).parent.iterdir() if path.name[0] not in "._"]
    assert shown == ["days.json.gz"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"no json\n", mtime=0), gzip.compress(b'{"dt": 5}\n', mtime=0)],
    ids=["empty", "no gzip", "no JSON", "no day"],
)
def test_a_damaged_file_is_a_sentence(files: LocalFiles, tmp_path: Path, content: bytes) -> None:
    (tmp_path / _FILE).parent.mkdir(parents=True)
    (tmp_path / _FILE).write_bytes(content)
    with pytest.raises(HdfsUnavailable, match=r"published_days/days\.json\.gz is damaged"):
        published.read(files)

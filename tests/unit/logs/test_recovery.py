"""Open files are finished when they are old enough; no other file is overwritten and none is lost."""

import pytest

from footfall.cluster.engines import flume
from footfall.logs import recovery
from footfall.logs.layout import ABANDONED_S
from footfall.settings import Settings
from tests.unit.logs.fake_hdfs import Files

_NOW_S = 1_800_000_000
_DAY = "/logs/access/dt=2026-11-24"


class _Leases:
    """A fake lease recovery that closes a file after `looks` checks; None: never."""

    def __init__(self, files: Files, looks: int | None = 0) -> None:
        self.files, self.looks = files, looks
        self.begun: list[str] = []

    def begin(self, path: str) -> None:
        self.begun.append(path)
        self.look(0)

    def look(self, _: float) -> None:
        if self.looks == 0:
            self.files.written.difference_update(self.begun)
        elif self.looks:
            self.looks -= 1


def _recover(
    files: Files, older_than_s: float = 0, patience_s: float = 0, looks: int | None = 0
) -> tuple[recovery.Recovered, list[str]]:
    by = _Leases(files, looks)
    recovered = recovery.recover(files.as_hdfs(), by.begin, _NOW_S, older_than_s, patience_s, by.look)
    return recovered, by.begun


def _left_open(files: Files, path: str, content: bytes = b"", modified_s: float = 0) -> str:
    files.written.add(path)
    return files.put(path, content, modified_s)


def test_an_open_file_gets_its_final_name() -> None:
    files = Files()
    left = _left_open(files, f"{_DAY}/_box.17.log.tmp", b"a line\n")
    # The file is closed, but its writer died before the rename.
    files.put("/logs/error/dt=2026-11-20/_box.18.log.tmp", b"an error\n")
    assert _recover(files) == ((2, []), [left])
    assert files.content == {f"{_DAY}/box.17.log": b"a line\n", "/logs/error/dt=2026-11-20/box.18.log": b"an error\n"}


def test_finished_and_foreign_files_are_left_alone() -> None:
    files = Files()
    for path in (f"{_DAY}/box.17.log", f"{_DAY}/_SUCCESS", "/logs/access/_box.1.log.tmp", "/logs/other/_box.1.log.tmp"):
        files.put(path)
    before = dict(files.content)
    assert _recover(files) == ((0, []), [])
    assert files.content == before


def test_an_existing_name_is_not_used_again() -> None:
    files = Files()
    files.put(f"{_DAY}/_box.17.log.tmp", b"new")
    files.put(f"{_DAY}/box.17.log", b"old")
    files.put(f"{_DAY}/box.17-1.log", b"older")
    assert _recover(files)[0] == (1, [])
    assert files.content == {
        f"{_DAY}/box.17.log": b"old",
        f"{_DAY}/box.17-1.log": b"older",
        f"{_DAY}/box.17-2.log": b"new",
    }


def test_a_running_flume_keeps_its_open_files() -> None:
    files = Files()
    young = _left_open(files, f"{_DAY}/_box.17.log.tmp", modified_s=_NOW_S - ABANDONED_S + 1)
    old = _left_open(files, f"{_DAY}/_box.16.log.tmp", modified_s=_NOW_S - ABANDONED_S)
    assert _recover(files, older_than_s=ABANDONED_S) == ((1, []), [old])
    assert set(files.content) == {young, f"{_DAY}/box.16.log"}
    assert files.written == {young}


def test_a_file_that_was_renamed_unclosed_is_closed_however_young() -> None:
    files = Files()
    path = _left_open(files, f"{_DAY}/box.17.log", b"a line\n", modified_s=_NOW_S)
    assert _recover(files, older_than_s=ABANDONED_S) == ((1, []), [path])
    assert files.content == {path: b"a line\n"}
    assert files.written == set()


def test_a_file_that_stays_open_is_reported_and_kept() -> None:
    files = Files()
    path = _left_open(files, f"{_DAY}/_box.17.log.tmp", b"a line\n")
    assert _recover(files, looks=None)[0] == (0, [f"{path} is still open."])
    assert files.content == {path: b"a line\n"}


def test_a_lease_recovery_is_requested_once_and_awaited() -> None:
    files = Files()
    path = _left_open(files, f"{_DAY}/_box.17.log.tmp")
    assert _recover(files, patience_s=60, looks=5) == ((1, []), [path])


def test_a_file_that_flume_finished_meanwhile_is_not_an_error() -> None:
    files = Files()
    path = _left_open(files, f"{_DAY}/_box.17.log.tmp", b"a line\n")

    def finishes(_: float) -> None:
        files.written.discard(path)
        files.rename(path, f"{_DAY}/box.17.log")

    recovered = recovery.recover(files.as_hdfs(), lambda _: None, _NOW_S, 0, 60, finishes)
    assert recovered == (0, [])
    assert files.content == {f"{_DAY}/box.17.log": b"a line\n"}


def test_flume_starts_without_hdfs(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    assert _recover(Files(away=True))[0] == (
        0,
        ["Some open log files in HDFS could not be finished. HDFS does not answer."],
    )
    # Nothing listens on that port.
    flume.finish_open_files(settings)
    assert "could not be finished. HDFS does not answer" in capsys.readouterr().out

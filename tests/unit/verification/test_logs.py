"""The log lines of the sites are compared with those in HDFS, and missing lines are reported."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import HdfsUnavailable, Unreadable
from footfall.logs import layout
from footfall.names import LogKind
from footfall.settings import Settings
from footfall.verification.cut import Cut
from footfall.verification.findings import HOUR_MS, Findings, Problem
from footfall.verification.patience import Patience
from footfall.verification.report import Tally
from footfall.verification.site_lines import OWN_TIME, site_files
from footfall.verification.stores import stores_of
from footfall.verification.stores.logs import LogsStore, first_compared_ms
from footfall.verification.stores.store import Comparison
from tests.support.events import NOW_MS  # 2026-11-24T08:00:00.000Z
from tests.unit.logs.fake_hdfs import Files

DAY_MS = 24 * HOUR_MS
CUT = Cut(NOW_MS, {}, {}, {})
TODAY, YESTERDAY, TOMORROW = "2026-11-24", "2026-11-23", "2026-11-25"


@dataclass
class Store(Files):
    """HDFS in memory; `unreadable` says how often reading a file fails."""

    unreadable: dict[str, int] = field(default_factory=dict)
    fails: int = 0

    def list(self, path: str) -> Any:
        self.fails -= 1
        if self.fails >= 0:
            raise HdfsUnavailable("HDFS does not answer.")
        return super().list(path)

    def rename(self, path: str, target: str) -> bool:
        modified_ms = self.modified_ms.get(path, 0)
        renamed = super().rename(path, target)
        self.modified_ms[target] = modified_ms
        return renamed

    def read(self, path: str) -> bytes | None:
        if self.unreadable.get(path, 0) > 0:
            self.unreadable[path] -= 1
            raise Unreadable("HDFS refused (403): no length")
        return super().read(path)


@dataclass
class World:
    """The sites' files and HDFS."""

    settings: Settings
    hdfs: Store = field(default_factory=Store)
    progress: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)

    def site(self, *lines: bytes, kind: str = "access", app: str = "shop", opened_ms: int = NOW_MS) -> Path:
        """A site's file with these lines."""
        digits = format_rfc3339_ms(opened_ms).translate({ord(c): None for c in "-:"})
        path = self.settings.logs_dir / "sites" / app / f"{kind}-{digits}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    def flume(self, *lines: bytes, kind: str = "access", day: str = TODAY, name: str = "box.1.log") -> str:
        """A file in HDFS with these lines, closed an hour after now."""
        content = b"".join(line + b"\n" for line in lines)
        return self.hdfs.put(f"{layout.ROOT}/{kind}/dt={day}/{name}", content, (NOW_MS + HOUR_MS) / 1000)

    def problems(self, since_ms: int = 0, wait_s: float = 0) -> list[Problem]:
        findings = Findings()
        store = LogsStore(self.settings, self.hdfs.as_hdfs(), since_ms)
        store.begin(NOW_MS, Patience(0, str))
        store.await_cut(CUT, Patience(wait_s, self.progress.append))
        assert store.compare(Comparison(CUT, 0, findings, Tally(), str)) == ()
        self.report = dict(store.summarise())
        return findings.problems()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Settings(home=tmp_path / "home", ports={"namenode_http": 1}))  # type: ignore[arg-type]


def access(word: str, ms: int = NOW_MS) -> bytes:
    at = format_rfc3339_ms(ms)
    return f'10.1.2.0 - - [24/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x" shop {word} 12 {at}'.encode()


def failure(word: str, ms: int = NOW_MS) -> bytes:
    fields = {"logged_at": format_rfc3339_ms(ms), "app_id": "news", "request_id": word, "level": "error"}
    return json.dumps(fields | {"status": 500, "message": "broken", "page_path": "/"}, separators=(",", ":")).encode()


def test_arrived_lines_agree_in_any_file_and_any_number_of_copies(world: World) -> None:
    world.site(access("a"), access("b"), b"", access("c", NOW_MS - DAY_MS))
    world.site(access("d"), opened_ms=NOW_MS + HOUR_MS, app="academy")
    world.site(failure("e"), kind="error", app="news")
    world.flume(access("a"), access("b"), access("a"), access("older, whose file is deleted"))
    world.flume(access("b"), access("d"), name="_box.2.log.tmp")
    world.flume(access("c", NOW_MS - DAY_MS), day=YESTERDAY)
    world.flume(failure("e"), kind="error")
    assert world.problems() == []
    assert world.report == {
        "compared": True,
        "written": {"access": 4, "error": 1, "performance": 0},
        "arrived": {"access": 4, "error": 1, "performance": 0},
        "repeats": {"access": 2, "error": 0, "performance": 0},
        "files_from": "2026-11-24T08:00:00.000Z",
    }


def test_nothing_written_agrees(world: World) -> None:
    assert world.problems() == []
    assert world.report["files_from"] is None


def test_sites_that_share_a_folder_are_reported_one_by_one(world: World) -> None:
    recipes = access("b").replace(b" shop b ", b" recipes b ")
    world.site(access("a"), recipes, b"torn", app=layout.ADDED)
    world.flume(access("a"))
    found = [(problem.app_id, problem.count, problem.ids) for problem in world.problems()]
    assert found == [(layout.ADDED, 1, ("torn",)), ("recipes", 1, ("b",))]
    world.flume(recipes, b"torn", name="box.2.log")
    assert world.problems() == []


def test_missing_lines_are_reported_by_site_kind_and_hour(world: World) -> None:
    world.site(access("a"), access("b", NOW_MS - 1), access("c", NOW_MS - 1), access("b", NOW_MS - 1))
    world.site(failure("e"), kind="error", app="news")
    world.flume(access("a"))
    found = {(p.store, p.kind, p.app_id, p.hour): (p.count, p.ids) for p in world.problems()}
    assert found == {
        ("logs", "access_missing", "shop", NOW_MS // HOUR_MS - 1): (2, ("b", "c")),
        ("logs", "error_missing", "news", NOW_MS // HOUR_MS): (1, ("e",)),
    }
    assert world.report["written"] == {"access": 3, "error": 1, "performance": 0}
    assert world.report["arrived"] == {"access": 1, "error": 0, "performance": 0}


def test_a_line_of_another_kind_or_under_another_day_is_missing(world: World) -> None:
    world.site(access("a"), access("b", NOW_MS - DAY_MS))
    world.flume(access("b", NOW_MS - DAY_MS))
    world.flume(access("a"), kind="error")
    assert [problem.ids for problem in world.problems()] == [("b",), ("a",)]


def test_a_line_that_was_cut_off_is_not_counted(world: World) -> None:
    path = world.site(access("a"))
    path.write_bytes(path.read_bytes() + access("torn")[:40])
    world.flume(access("a"))
    assert world.problems() == []
    assert world.report["written"]["access"] == 1
    # A truncated line in HDFS does not count as the line either.
    whole = world.flume(access("a"))
    world.hdfs.content[whole] = world.hdfs.content[whole][:-1]
    assert [problem.ids for problem in world.problems()] == [("a",)]


@pytest.mark.parametrize(
    ("day", "arrived"), [(YESTERDAY, False), (TODAY, True), (TOMORROW, True), ("2026-12-20", True)]
)
def test_a_line_without_a_time_lies_under_a_day_since_its_file_was_begun(world: World, day: str, arrived: bool) -> None:
    impossible = b'{"logged_at":"2026-02-31T08:00:00.000Z","x":1}'
    world.site(b"no time", impossible, kind="error")
    world.flume(b"no time", impossible, kind="error", day=day)
    found = [(problem.hour, problem.ids) for problem in world.problems()]
    assert found == ([] if arrived else [(NOW_MS // HOUR_MS, ("no time", impossible.decode()))])


def test_hours_before_the_first_are_left_out(world: World) -> None:
    old = NOW_MS - 5 * HOUR_MS
    world.site(access("old", old), b"no time", access("a"), opened_ms=old)
    assert [problem.ids for problem in world.problems(NOW_MS)] == [("a",)]
    assert world.report["written"]["access"] == 1


def test_files_in_hdfs_from_before_the_sites_own_are_not_read(world: World) -> None:
    world.site(access("a"))
    before = world.flume(access("older"), name="box.0.log")
    world.hdfs.modified_ms[before] = NOW_MS - HOUR_MS
    new = world.flume(access("a"))
    assert world.problems() == []
    assert world.hdfs.read_paths == [new]


def test_a_file_that_is_finished_meanwhile_is_found_by_its_new_name(world: World) -> None:
    world.site(access("a"), access("b"))
    opened = world.flume(access("a"), access("b"), access("a"), name="_box.1.log.tmp")
    recovered = layout.final_name(opened, 1)

    def finish() -> None:
        # The first listing is that of the days.
        if world.hdfs.listed == 2:
            world.hdfs.rename(opened, recovered)

    world.hdfs.after_listing = finish
    assert world.problems() == []
    assert world.report["repeats"]["access"] == 1
    assert world.hdfs.read_paths == [opened, recovered]


def test_waits_for_lines_on_their_way_and_reads_closed_files_once(world: World) -> None:
    world.site(access("a"), access("b"))
    closed = world.flume(access("a"), access("a"))
    opened = world.flume(access("a"), name="_box.2.log.tmp")

    def flush() -> None:
        if world.hdfs.listed == 5:
            world.flume(access("a"), access("b"), name="_box.2.log.tmp")

    world.hdfs.after_listing = flush
    assert world.problems(wait_s=30) == []
    assert world.hdfs.read_paths == [closed, opened, opened]
    assert world.report["repeats"]["access"] == 2


def test_a_file_that_cannot_be_read_is_waited_for(world: World) -> None:
    world.site(access("a"))
    path = world.flume(access("a"))
    world.hdfs.unreadable = {path: 1}
    assert world.problems(wait_s=30) == []


def test_a_file_that_stays_unreadable_is_reported_with_its_lines(world: World) -> None:
    world.site(access("a"))
    path = world.flume(access("a"))
    world.hdfs.unreadable = {path: 99}
    assert [(problem.kind, path in problem.detail) for problem in world.problems()] == [
        ("unreadable", True),
        ("access_missing", False),
    ]


def test_an_unreadable_file_whose_lines_lie_elsewhere_too_is_no_problem(world: World) -> None:
    world.site(access("a"))
    world.hdfs.unreadable = {world.flume(access("a")): 99}
    world.flume(access("a"), name="box.2.log")
    assert world.problems() == []


def test_a_file_that_is_deleted_meanwhile_does_not_hide_its_lines(world: World) -> None:
    path = world.site(access("a"), access("b"))
    world.flume(access("a"))
    world.hdfs.after_listing = lambda: path.unlink(missing_ok=True)
    (problem,) = world.problems()
    assert (problem.kind, problem.detail) == (
        "access_missing",
        "1 access lines of files that have been deleted meanwhile are not in HDFS.",
    )


@pytest.mark.parametrize("fails", [1, 2])
def test_hdfs_that_comes_back_is_waited_for(world: World, fails: int) -> None:
    world.site(access("a"))
    world.flume(access("a"), access("a"))
    world.hdfs.fails = fails
    assert world.problems(wait_s=30) == []
    assert world.report["repeats"]["access"] == 1


def test_a_pause_after_the_last_missing_line_was_found_hides_no_repeat(world: World) -> None:
    world.site(access("a"))
    world.flume(access("a"))
    last = world.flume(access("a"), name="box.2.log")
    read: Callable[[str], bytes | None] = world.hdfs.read
    calls: list[str] = []

    def pausing(path: str) -> bytes | None:
        calls.append(path)
        if path == last and calls.count(last) == 1:
            raise HdfsUnavailable("HDFS does not answer.")
        return read(path)

    world.hdfs.read = pausing  # type: ignore[method-assign]
    assert world.problems(wait_s=30) == []
    assert world.report["repeats"]["access"] == 1


def test_hdfs_that_stays_away_ends_the_comparison(world: World) -> None:
    (world.settings.run_dir).mkdir(parents=True)
    (world.settings.run_dir / "wanted.json").write_text('["flume"]', "utf-8")
    world.site(access("a"))
    (store,) = (store for store in stores_of(world.settings, None) if store.name == "logs")
    store.begin(NOW_MS, Patience(0, str))
    with pytest.raises(HdfsUnavailable, match="HDFS does not answer"):
        store.await_cut(CUT, Patience(0, str))


def test_without_flume_nothing_is_compared(world: World) -> None:
    (store,) = (store for store in stores_of(world.settings, None) if store.name == "logs")
    assert store.summarise() == {"compared": False, "reason": "not part of this profile"}


def test_days_that_hdfs_may_have_deleted_are_left_out(world: World) -> None:
    kept_ms = NOW_MS - 8 * HOUR_MS - (world.settings.retention.hdfs_logs_days - 1) * DAY_MS
    assert first_compared_ms(world.settings, NOW_MS, None) == kept_ms
    assert first_compared_ms(world.settings, NOW_MS, 5) == kept_ms
    assert first_compared_ms(world.settings, NOW_MS, NOW_MS + 5) == NOW_MS


def test_the_same_files_are_read_as_flume_reads(world: World) -> None:
    path = world.site(access("a"))
    for name in ("access.log", "other-20261124T080000.000Z.log", "access-20261124T080000.000Z.log.gz"):
        (path.parent / name).write_bytes(access("b") + b"\n")
    assert [file.path for file in site_files(world.settings, 0)] == [path]


@pytest.mark.parametrize("name", ["access-of-somebody.log", "access-20269924T080000.000Z.log"])
def test_a_file_without_a_time_in_its_name_is_compared_with_all(world: World, name: str) -> None:
    world.site(access("a"), access("b")).rename(world.settings.logs_dir / "sites" / "shop" / name)
    world.hdfs.modified_ms[world.flume(access("a"))] = NOW_MS - DAY_MS
    assert [problem.ids for problem in world.problems()] == [("b",)]
    assert world.report["files_from"] is None


@pytest.mark.parametrize("kind", ["access", "error"])
def test_the_day_of_a_line_is_the_one_that_flume_uses(world: World, kind: LogKind) -> None:
    conf = configure.render(world.settings, BY_NAME["flume"])["flume.conf"].splitlines()
    (pattern,) = [line.split(" = ", 1)[1] for line in conf if ".interceptors.own.regex = " in line]
    assert OWN_TIME.pattern.decode() == pattern
    found = OWN_TIME.match((access("a") if kind == "access" else failure("a")) + b"\n")
    assert found is not None
    assert found[1] == b"2026-11-24T08:00:00.000Z"

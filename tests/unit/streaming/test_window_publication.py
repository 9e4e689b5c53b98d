"""From archived events to published windows: late rows, repeats, crashes, damaged files."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.lake import window_files
from footfall.streaming.window_publication import compute_and_publish
from footfall.streaming.window_schedule import Pending, WindowSet
from tests.support.archived import at, event, minute, windows_of, write
from tests.support.local_files import Died, LocalFiles

DAY = "2026-11-24"
NOON = minute(f"{DAY} 12:00")
CLOSED = NOON + 20


class World:
    """An archive, and the part of the driver that computes its windows."""

    def __init__(self, root: Path) -> None:
        self.files = LocalFiles(root)
        self.pending = Pending()
        self.batches = 0
        self.asked: list[WindowSet] = []

    def archive(self, *events: dict[str, Any]) -> None:
        write(self.files.root / "events", events, str(self.batches))
        minutes = [int(one["event_time"].timestamp()) // 60 for one in events]
        self.pending = self.pending.touch(("c", self.batches), minutes, CLOSED)
        self.batches += 1

    def windows(self, window_set: WindowSet) -> pa.Table:
        self.asked.append(window_set)
        return windows_of(self.files.root / "events", window_set.minutes, window_set.fives)

    def compute(self) -> None:
        while (window_set := self.pending.due(CLOSED)) is not None:
            compute_and_publish(self.files, self.windows, window_set)
            self.pending = self.pending.done(window_set)

    def published(self, length: int, path: str, hour: int = NOON // 60) -> dict[int, tuple[int, int, int]]:
        """Events, visits and revision of a page's windows, by their start in minutes after noon."""
        table = window_files.read(self.files, length, hour)
        assert table is not None
        return {
            int(row["window_start_at"].timestamp()) // 60 - NOON: (row["events"], row["visits"], row["revision"])
            for row in table.to_pylist()
            if (row["dimension"], row["value"]) == ("page", path)
        }


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Ana is on a page in the sixth minute after noon, Ben on another in the tenth."""
    found = World(tmp_path)
    found.archive(
        event(1, "s-ana", f"{DAY} 12:06:00", "click", "/ana"),
        event(2, "s-ben", f"{DAY} 12:10:00", "click", "/ben"),
    )
    found.compute()
    return found


def test_windows_of_both_lengths_are_published(world: World) -> None:
    assert world.published(1, "/ana") == {6: (1, 1, 1)}
    assert world.published(5, "/ana") == dict.fromkeys((2, 3, 4, 5, 6), (1, 1, 1))
    assert world.published(5, "/ben") == dict.fromkeys((6, 7, 8, 9, 10), (1, 1, 1))
    (asked,) = world.asked
    assert asked.spans() == [(NOON + 2, NOON + 15)]
    assert window_files.read_closed(world.files) == CLOSED


def test_a_late_event_changes_its_own_windows_alone(world: World) -> None:
    world.archive(event(3, "s-cat", f"{DAY} 12:08:59.999", "click", "/ana", received_at=at(f"{DAY} 12:19:00")))
    world.compute()
    assert world.published(1, "/ana") == {6: (1, 1, 1), 8: (1, 1, 1)}
    both, alone = (2, 2, 2), (1, 1, 1)
    assert world.published(5, "/ana") == {2: alone, 3: alone, 4: both, 5: both, 6: both, 7: alone, 8: alone}
    assert world.published(5, "/ben") == dict.fromkeys((6, 7, 8, 9, 10), (1, 1, 1))


def test_a_window_over_midnight_belongs_to_the_day_of_its_start(world: World) -> None:
    world.archive(event(3, "s-ana", f"{DAY} 00:01:00", "click", "/ana"))
    world.compute()
    midnight = minute(f"{DAY} 00:00")
    assert list(world.published(5, "/ana", midnight // 60)) == [midnight - NOON, midnight - NOON + 1]
    assert list(world.published(5, "/ana", midnight // 60 - 1)) == [
        midnight - NOON - 3,
        midnight - NOON - 2,
        midnight - NOON - 1,
    ]
    assert "dt=2026-11-23" in window_files.path_of(5, midnight // 60 - 1)


def test_computing_again_writes_nothing(world: World) -> None:
    window_set = Pending().touch(("c", 9), [NOON + 6, NOON + 10], CLOSED).due(CLOSED)
    assert window_set is not None
    before = {path: path.stat().st_mtime_ns for path in world.files.root.rglob("hour-*")}
    compute_and_publish(world.files, world.windows, window_set)
    assert {path: path.stat().st_mtime_ns for path in world.files.root.rglob("hour-*")} == before


def test_a_crash_between_the_files_is_repaired(world: World) -> None:
    world.archive(event(3, "s-cat", f"{DAY} 12:06:30", "click", "/ana"))
    # One file is replaced; the other is only staged.
    world.files.mortal = world.files.changes + 3
    with pytest.raises(Died):
        world.compute()
    assert world.published(1, "/ana") == {6: (2, 2, 2)}
    assert world.published(5, "/ana") == dict.fromkeys((2, 3, 4, 5, 6), (1, 1, 1))
    world.files.mortal = None
    world.compute()
    assert world.published(1, "/ana") == {6: (2, 2, 2)}
    assert world.published(5, "/ana") == dict.fromkeys((2, 3, 4, 5, 6), (2, 2, 2))


def test_a_damaged_hour_is_computed_again_with_a_warning(world: World, caplog: pytest.LogCaptureFixture) -> None:
    path = window_files.path_of(5, NOON // 60)
    world.files.write(path, b"damage")
    world.archive(event(3, "s-cat", f"{DAY} 12:06:30", "click", "/ana"))
    with caplog.at_level(logging.WARNING):
        world.compute()
    assert path in caplog.text
    # The file also has its other windows again; the file of the other length keeps its revisions.
    assert world.published(5, "/ana") == dict.fromkeys((2, 3, 4, 5, 6), (2, 2, 1))
    assert world.published(5, "/ben") == dict.fromkeys((6, 7, 8, 9, 10), (1, 1, 1))
    assert world.published(1, "/ana") == {6: (2, 2, 2)}


def test_old_days_are_computed_by_the_hour_and_close_no_minute(world: World) -> None:
    old = at(f"{DAY} 12:30:00") - timedelta(days=2)
    world.asked.clear()
    world.archive(event(3, "s-old", old, "click", "/old", backfill=True))
    window_files.write_closed(world.files, NOON)
    world.compute()
    assert world.published(1, "/old", NOON // 60 - 48) == {30 - 2880: (1, 1, 1)}
    (asked,) = world.asked
    assert asked.spans() == [(NOON - 2880, NOON - 2880 + 64)]
    assert window_files.read_closed(world.files) == NOON

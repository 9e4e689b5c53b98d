"""A history of its own for the evaluation, as files of the archive in a local folder, away from any platform.

Every visit is played anew, and people belong to planted groups. The groups go to a file beside the archive, which
nothing that learns reads.
"""

import csv
import gc
import io
import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.history import planted_truth
from footfall.history.day import DayMaker
from footfall.lake.layout import EVENTS, Part
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.streaming import record_decoder
from tests.support.local_files import LocalFiles

# Clocks do not change in these days: the hours of a window are those of its last day.
FIRST: Final = date(2026, 11, 1)
TRUTH: Final = "planted.csv"
_CHECKPOINT: Final = "cafe0001"
# A process makes so many days of a site in one go, and keeps the site's pages for the next ones.
_DAYS_AT_ONCE: Final = 4
# As the processes of `footfall history`.
_GC_THRESHOLDS: Final = (100_000, 50, 100)


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated. people: of each site. events_per_day: of all sites together. strength: of tastes."""

    seed: int
    strength: float
    people: int
    days: int
    events_per_day: int

    @property
    def dates(self) -> list[str]:
        """Its days, YYYY-MM-DD."""
        return [str(FIRST + timedelta(days=number)) for number in range(self.days)]

    def settings(self, settings: Settings) -> Settings:
        """The settings of these people."""
        given = {"seed": self.seed, "population": self.people, "taste_strength": self.strength, "planted_groups": True}
        return settings.model_copy(update=given)


def make(world: World, settings: Settings, folder: Path) -> int:
    """Writes the archive of all days below a folder, and the planted groups. Returns the number of events.

    One process a core plays the visits.
    """
    own = world.settings(settings)
    planted_truth.write(own, folder / TRUTH)
    spans = [(world, own, app, first, folder) for app in DEMO_SITES for first in range(0, world.days, _DAYS_AT_ONCE)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(os.sched_getaffinity(0)), _begin) as pool:
        return sum(pool.imap_unordered(_make, spans))


def groups(folder: Path) -> Mapping[str, str]:
    """The planted group of each subject, that is of each `anonymous_id` and `user_id`."""
    found = {}
    with (folder / TRUTH).open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            found[row["anonymous_id"]] = row["group"]
            if row["user_id"]:
                found[row["user_id"]] = row["group"]
    return found


def _begin() -> None:
    gc.set_threshold(*_GC_THRESHOLDS)


def _make(span: tuple[World, Settings, DemoSite, int, Path]) -> int:
    world, settings, app, first, folder = span
    files, maker, count = LocalFiles(folder), _maker(settings.model_dump_json(), app, world.events_per_day), 0
    for number in range(first, min(first + _DAYS_AT_ONCE, world.days)):
        events = maker.make(FIRST + timedelta(days=number), with_lines=False).events
        count += len(events)
        for at, day, rows in _archived([event.value for event in events], app, number):
            name = Part(_CHECKPOINT, number, number, 0).name
            files.write(f"{EVENTS.root}/app_id={at}/dt={day}/{name}", _parquet(rows))
    return count


@cache
def _maker(settings: str, app: DemoSite, events_per_day: int) -> DayMaker:
    """Kept while the process lives, with the pages of its site."""
    return DayMaker(Settings.model_validate_json(settings), app, events_per_day, repeats=False)


def _archived(values: list[bytes], app: DemoSite, number: int) -> list[tuple[str, str, pa.Table]]:
    """Events by file, with offsets of one partition for each site, ascending with the day."""
    if not values:
        return []
    partition = pa.array([DEMO_SITES.index(app)] * len(values), pa.int32())
    offsets = pa.array(range(number << 32, (number << 32) + len(values)), pa.int64())
    read = record_decoder.read(pa.array([True] * len(values)), partition, offsets, pa.array(values, pa.binary()))
    if read.events.num_rows != len(values):
        raise SystemExit(f"{len(values) - read.events.num_rows} events of {app} cannot be archived.")
    return list(record_decoder.by_folder(read.events))


def _parquet(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()

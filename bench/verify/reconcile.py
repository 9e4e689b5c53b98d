"""Measures the comparing part of `verify` without engines: `PYTHONPATH=src:. python -m bench.verify.reconcile`."""

import argparse
import cProfile
import json
import pstats
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.live.visits import stored_records, visits
from footfall import names
from footfall.events.times import parse_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake.progress import Current, Journal
from footfall.realtime.partition_counter import Pack, Partition
from footfall.settings import load_settings
from footfall.site_registry import DEMO_SITES
from footfall.verification.archive_files import ArchiveFiles
from footfall.verification.findings import HOUR_MS
from footfall.verification.identity import partition_of
from footfall.verification.live_progress import LiveProgress
from footfall.verification.patience import Patience
from footfall.verification.reconcile import reconcile, take_cut
from footfall.verification.report import Report
from footfall.verification.spools import SpoolState
from footfall.verification.stores.archive import ArchiveStore
from footfall.verification.stores.kafka import KafkaStore
from footfall.verification.stores.ledger import LedgerStore
from footfall.verification.stores.live import LiveStore
from footfall.verification.stores.rejected import RejectedStore
from footfall.verification.stores.store import Store
from tests.support.local_files import LocalFiles
from tests.unit.realtime.memory_store import Cells, MemoryStore
from tests.unit.verification.world import MemoryTables, World, all_partitions

_PACK: Final = 256
_SESSION_EVENTS: Final = 40
_HOURS: Final = 12


class Tables:
    """Implements `live_tables.LiveTables` with a layout that makes reading nearly free."""

    def __init__(self, cells: Cells) -> None:
        self.progress = MemoryTables(cells).progress
        self._sessions = [
            (key, cells.get(names.TABLE_SESSIONS, key)) for key in cells.tables.get(names.TABLE_SESSIONS, {})
        ]
        self._cells: dict[tuple[str, bytes], list[tuple[bytes, bytes]]] = defaultdict(list)
        for table in (names.TABLE_MINUTE_METRICS, names.TABLE_ACTIVE_USERS):
            for key in cells.tables.get(table, {}):
                for column, cell in cells.get(table, key).items():
                    self._cells[table, column].append((key, cell))

    def newest_minute(self) -> int | None:
        # Nothing is swept.
        return None

    def close(self) -> None:
        pass

    def sessions(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        return iter(self._sessions)

    def session(self, session_id: str) -> Mapping[bytes, bytes]:
        return next((cells for key, cells in self._sessions if key.decode() == session_id), {})

    def cells(self, table: str, column: bytes, since_minute: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._cells[table, column])


def made(events: int, live: float, root: Path) -> World:
    """A world with this number of events over half a day: the live ones counted, all in files like the archive's."""
    now_ms = int(time.time() * 1000)
    first_ms = now_ms - _HOURS * HOUR_MS
    crowd = visits(load_settings(), events // _SESSION_EVENTS, first_ms, seed=1)
    counted = {visit.session_id for visit in crowd[: int(len(crowd) * live)]}
    world = World()
    rows: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    known: set[tuple[str, str]] = set()
    for session, value in stored_records(crowd, events, first_ms, now_ms, 0.005, seed=2):
        event = orjson.loads(value)
        if session not in counted:
            event["backfill"] = True
        number = partition_of(session, world.log.partitions)
        records = world.log.records[names.TOPIC_EVENTS, number]
        records.append(orjson.dumps(event))
        if (session, event["event_id"]) not in known:
            known.add((session, event["event_id"]))
            row = (session, event["event_id"], parse_rfc3339_ms(event["event_time"]), number, len(records) - 1)
            rows[event["app_id"], event["event_time"][:10]].append(row)
    for (app, day), of_day in rows.items():
        sessions, ids, times, partitions, offsets = map(list, zip(*of_day, strict=True))
        table = pa.table(
            {
                "session_id": sessions,
                "event_id": ids,
                "event_time": pa.array(times, pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("us", tz="UTC")),
                "kafka_partition": pa.array(partitions, pa.int32()),
                "kafka_offset": pa.array(offsets, pa.int64()),
            }
        )
        folder = root / "events" / f"app_id={app}" / f"dt={day}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "0000000a-000000000.parquet", compression="zstd")
    starts = {partition: len(world.log.records[partition]) for partition in all_partitions(world.log.topics)}
    Journal(LocalFiles(root)).begin(Current("0000000a", {}, starts))
    for topic, number in all_partitions(world.log.topics):
        records = world.log.records[topic, number]
        partition = Partition(world.log.topics[topic], number, MemoryStore(world.cells))
        for begin in range(0, len(records), _PACK):
            values = records[begin : begin + _PACK]
            partition.offer(Pack(f"{begin}", begin, begin + len(values), 0, None, values))
            partition.flush()
    return world


def compare(world: World, live: Tables, root: Path, spent: dict[str, float]) -> Report:
    """Verifies the world, and adds the processor seconds of each part to `spent`."""
    settings = load_settings()
    progress = LiveProgress(live)
    stores: list[Store] = [
        LedgerStore(world, lambda app: SpoolState(app, 0, True, None, 0), DEMO_SITES, ()),
        KafkaStore(),
        ArchiveStore(ArchiveFiles(cast(Hdfs, LocalFiles(root))), settings.retention.hdfs_events_days),
        LiveStore(live, progress, settings.retention.live_days),
        RejectedStore(live, progress),
    ]
    cut = take_cut(world.log, world.log.topics, stores, int(time.time() * 1000), lambda: Patience(0, lambda _: None))
    part, since = "", time.process_time()

    def say(sentence: str) -> None:
        nonlocal part, since
        now = time.process_time()
        if part:
            spent[part] = spent.get(part, 0.0) + now - since
        part, since = sentence.partition("/")[0].rstrip("."), now

    report = reconcile(world.log, stores, cut, settings.retention, None, say)
    say("")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--live", type=float, default=0.25, help="share of the events that the live path counts")
    parser.add_argument("--profile", action="store_true", help="where the time goes; slower by itself")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        world = made(options.events, options.live, Path(scratch))
        live = Tables(world.cells)
        before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent: dict[str, float] = {}
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(compare, world, live, Path(scratch), spent)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            return
        report = compare(world, live, Path(scratch), spent)
    if not report.ok:
        raise SystemExit(f"The generated world does not agree: {report.problems[:3]}.")
    total = sum(spent.values())
    document = {
        "events": options.events,
        "live": options.live,
        "cpu_s": {part: round(seconds, 2) for part, seconds in spent.items()},
        "cpu_s_in_all": round(total, 2),
        "us_an_event": round(total / options.events * 1e6, 1),
        "more_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mib),
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()

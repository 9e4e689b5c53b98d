"""A small world to verify: visits in ledgers, records in a log, and live tables that the real counting made of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from footfall.events.identity import new_uuid7
from footfall.events.rejects import Reject, reject_record
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.kafka.topics import Topic, TopicPartition
from footfall.lake.progress import Current, Loss, Progress, Totals
from footfall.realtime import tables
from footfall.realtime.lag import PartitionState
from footfall.realtime.partition_counter import Pack, Partition
from footfall.setting_groups import Retention
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.ledger import Entry
from footfall.verification.archive_files import Archived
from footfall.verification.cut import Cut, bounds
from footfall.verification.findings import HOUR_MS
from footfall.verification.identity import partition_of
from footfall.verification.kafka_log import Record
from footfall.verification.live_progress import LiveProgress
from footfall.verification.patience import Patience
from footfall.verification.reconcile import reconcile
from footfall.verification.report import Report
from footfall.verification.spools import SpoolState
from footfall.verification.stores.archive import ArchiveStore
from footfall.verification.stores.kafka import KafkaStore
from footfall.verification.stores.ledger import LedgerStore
from footfall.verification.stores.live import LiveStore
from footfall.verification.stores.rejected import RejectedStore
from footfall.verification.stores.store import NotCompared, Store
from tests.support.events import ABSENT, NOW_MS, stored_event
from tests.unit.realtime.memory_store import Cells, Crash, MemoryStore


def all_partitions(topics: Mapping[str, Topic]) -> list[TopicPartition]:
    return [(topic.name, number) for topic in topics.values() for number in range(topic.partitions)]


@dataclass
class MemoryLog:
    """Kafka's log in memory. starts: numbers of deleted records. first_ms: when the first held record was written."""

    partitions: int = 8
    first_ms: int = NOW_MS

    def __post_init__(self) -> None:
        self.topics = {
            "events": Topic("events", "topic-e", self.partitions),
            "events.rejected": Topic("events.rejected", "topic-r", 1),
        }
        self.records: dict[TopicPartition, list[bytes]] = {one: [] for one in all_partitions(self.topics)}
        self.starts = dict.fromkeys(self.records, 0)

    def bounds(self, topic: str, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        return {p: (self.starts[topic, p], len(self.records[topic, p])) for p in partitions}

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterator[Record]:
        for offset in range(first, end):
            yield Record(offset, self.records[topic, partition][offset])

    def time_ms(self, topic: str, partition: int, offset: int) -> int:
        return self.first_ms


@dataclass
class MemoryTables:
    """The live tables in memory."""

    stored: Cells
    lost: tuple[tuple[int, int, int], ...] = ()

    def progress(self, topics: Mapping[str, Topic]) -> dict[TopicPartition, PartitionState]:
        reader = MemoryStore(self.stored)
        return {
            partition: PartitionState(reader.read_progress(*partition), 0, self.lost if partition[1] == 0 else ())
            for partition in all_partitions(topics)
        }

    def newest_minute(self) -> int | None:
        keys = map(tables.decode_row_key, self.stored.tables.get("active_users", {}))
        return max((key.minute for key in keys if key.dimension == "app"), default=None)

    def close(self) -> None:
        pass

    def sessions(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        for key in self.stored.tables.get("sessions", {}):
            yield key, self.stored.get("sessions", key)

    def session(self, session_id: str) -> Mapping[bytes, bytes]:
        return self.stored.get("sessions", session_id.encode())

    def cells(self, table: str, column: bytes, since_minute: int) -> Iterator[tuple[bytes, bytes]]:
        for key in self.stored.tables.get(table, {}):
            if column in (cells := self.stored.get(table, key)) and tables.decode_row_key(key).minute >= since_minute:
                yield key, cells[column]


class Drained(SpoolState):
    """A spool without a problem, although events accepted since `oldest_ms` need not be in Kafka."""

    def lag(self, before_ms: int, runs: bool) -> str | None:
        return None


@dataclass
class World:
    """All data that the stores read. Tests damage parts of it."""

    log: MemoryLog = field(default_factory=MemoryLog)
    cells: Cells = field(default_factory=Cells)
    ledger: dict[str, list[Entry]] = field(default_factory=lambda: {app: [] for app in DEMO_SITES})
    ledger_from: int = 0
    lost: tuple[tuple[int, int, int], ...] = ()
    ends: dict[TopicPartition, int] | None = None
    at_ms: int = NOW_MS + HOUR_MS
    accepted_before_ms: int = NOW_MS + HOUR_MS
    archived: list[Archived] | None = None
    archived_ends: dict[TopicPartition, int] = field(default_factory=dict)
    archived_totals: Totals = field(default_factory=Totals)
    archive_lost: tuple[Loss, ...] = ()
    rng: Random = field(default_factory=lambda: Random(7))  # so that sessions always have the same partitions

    def entries(self, app: str, since_ms: int) -> list[Entry]:
        return [entry for entry in self.ledger[app] if entry.ms >= max(since_ms, self.ledger_from * HOUR_MS)]

    def complete_from(self, app: str) -> int:
        return self.ledger_from

    def visit(
        self, app: str, events: int, ms: int = NOW_MS, by: str = "visitor", **fields: Any
    ) -> list[dict[str, Any]]:
        """Writes the events of one visit, a second apart, to the log; for `by="visitor"` also to the ledger."""
        session, made = new_uuid7(ms, self.rng), []
        for seq in range(events):
            at = ms + 1000 * seq
            usual = {
                "app_id": app,
                "session_id": session,
                "anonymous_id": f"person-of-{session}",
                "seq": seq,
                "event_type": "page_view" if seq % 3 == 0 else "click",
                "response_ms": 30 + seq,
                "country": "DE" if seq else ABSENT,
            }
            event = stored_event(at + 500, **usual | fields)
            self.append(event)
            made.append(event)
            if by == "visitor":
                self.ledger[app] += [
                    Entry("attempted", at, event["event_id"], session, seq=seq, event_type=event["event_type"]),
                    Entry("accepted", at + 20, event["event_id"], session),
                ]
        return made

    def append(self, event: dict[str, Any]) -> int:
        """Writes an event to the partition of its session. Returns its offset."""
        records = self.log.records["events", partition_of(event["session_id"], self.log.partitions)]
        records.append(orjson.dumps(event))
        return len(records) - 1

    def reject(self, app: str, ms: int = NOW_MS) -> str:
        """Writes a visitor's event that is rejected. Returns its event_id."""
        event_id, session = new_uuid7(ms), new_uuid7(ms)
        record = reject_record(Reject("wrong_type", "A field is wrong.", event_id), b"{}", app, ms)
        self.log.records["events.rejected", 0].append(record)
        self.ledger[app] += [
            Entry("attempted", ms, event_id, session, seq=0, event_type="click"),
            Entry("rejected", ms + 20, event_id, session, reason="wrong_type"),
        ]
        return event_id

    def count(self, writes_left: int | None = None) -> None:
        """Lets the live path count the log; it dies after `writes_left` rows, if given."""
        for topic, number in self.log.records:
            records, start = self.log.records[topic, number], self.log.starts[topic, number]
            partition = Partition(self.log.topics[topic], number, MemoryStore(self.cells, writes_left))
            first = max(start, partition.next or 0)
            try:
                # Several flushes, so that the offsets of a partition's rows differ.
                for begin in range(first, len(records), 5):
                    end = min(begin + 5, len(records))
                    partition.offer(Pack(f"{begin}", begin, end, 0, None, records[begin:end]))
                    partition.flush()
            except Crash:
                return

    def progress(self, partition: TopicPartition) -> PartitionState:
        return MemoryTables(self.cells, self.lost).progress(self.log.topics)[partition]

    def stores(self) -> list[Store]:
        """The stores of this world."""
        tables = MemoryTables(self.cells, self.lost)
        progress = LiveProgress(tables)
        return [
            LedgerStore(self, lambda app: Drained(app, 0, True, self.accepted_before_ms, 0), DEMO_SITES, ()),
            KafkaStore(),
            NotCompared("archive") if self.archived is None else ArchiveStore(self, Retention().hdfs_events_days),
            LiveStore(tables, progress, Retention().live_days),
            RejectedStore(tables, progress),
        ]

    def verify(self, since_ms: int | None = None) -> Report:
        """The report of `./footfall verify` on this world."""
        held, stores = bounds(self.log, self.log.topics), self.stores()
        starts = {partition: start for partition, (start, _) in held.items()}
        cut = Cut(
            self.at_ms, self.log.topics, starts, self.ends or {partition: end for partition, (_, end) in held.items()}
        )
        for store in stores:
            store.begin(self.at_ms, Patience(0, lambda _: None))
            store.await_cut(cut, Patience(0, lambda _: None))
        return reconcile(self.log, stores, cut, Retention(), since_ms)

    def current(self) -> Current:
        return Current("0000000a", {}, self.archived_ends, self.archive_lost, self.archived_totals)

    def latest(self, current: Current) -> Progress | None:
        return None

    def archive(self) -> None:
        """Archives the current log: the first record of each identity."""
        self.archived = []
        known: set[tuple[str, str]] = set()
        left_out: Counter[str] = Counter()
        for (topic, number), records in self.log.records.items():
            self.archived_ends[topic, number] = len(records)
            for offset in range(self.log.starts[topic, number], len(records)):
                try:
                    event = orjson.loads(records[offset])
                except ValueError:
                    left_out["unreadable"] += 1
                    continue
                if topic != "events":
                    left_out["rejected"] += 1
                    continue
                identity = event["session_id"], event["event_id"]
                if identity in known:
                    left_out["repeats"] += 1
                    continue
                known.add(identity)
                at_ms = parse_rfc3339_ms(event["event_time"])
                self.archived.append(
                    Archived(event["app_id"], [identity[0]], [identity[1]], [at_ms], [number], [offset])
                )
        self.archived_totals = Totals(len(known), **left_out)

    def rows(self, damaged: Callable[[str], None] | None = None) -> list[Archived]:
        return self.archived or []


def made_world(partitions: int = 8) -> World:
    """Visits of all sites over two hours, all counted: bots, failures, a repeat, a browser, backfill, rejects.

    partitions: how many the topic `events` has.
    """
    world = World(MemoryLog(partitions))
    for number in range(12):
        world.visit(DEMO_SITES[number % 3], 6, NOW_MS - HOUR_MS * (number % 2), is_bot=number == 5)
    world.visit("shop", 4, http_status=500)
    world.visit("shop", 2, event_type="error", error_code="E7", error_message="broken", http_status=ABSENT)
    world.visit("news", 3, by="browser")
    world.visit("news", 3, by="history", backfill=True)
    first = world.visit("academy", 4)[0]
    world.append({**first, "sent_at": format_rfc3339_ms(NOW_MS + 9_000)})
    world.reject("news")
    world.reject("shop")
    world.count()
    return world


def newest(world: World, app: str = "news") -> dict[str, Any]:
    """The last counted event of an app."""
    events = [orjson.loads(r) for (topic, _), log in world.log.records.items() if topic == "events" for r in log]
    return max((e for e in events if e["app_id"] == app and not e.get("backfill")), key=lambda e: e["event_time"])


def kinds(report: Report) -> set[tuple[str, str]]:
    """Store and kind of each problem."""
    return {(problem.store, problem.kind) for problem in report.problems}

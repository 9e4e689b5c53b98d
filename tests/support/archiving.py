"""Kafka's records without Kafka, an archive in a folder, and its expected content, computed from the definitions."""

import zlib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from footfall.kafka.topics import Bounds, Topic, TopicPartition
from footfall.lake import compaction, layout
from footfall.lake.layout import EVENTS, REJECTED, Store
from footfall.lake.progress import Current, Journal, spark_offsets
from footfall.names import REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.streaming.archive import Archive
from tests.support.local_files import LocalFiles

_PARTITIONS: Final = 8
TOPICS: Final = {
    TOPIC_EVENTS: Topic(TOPIC_EVENTS, "topic-a", _PARTITIONS),
    TOPIC_REJECTED: Topic(TOPIC_REJECTED, "topic-b", REJECTED_PARTITIONS),
}
_COLUMNS: Final = pa.schema(
    [("topic", pa.string()), ("partition", pa.int32()), ("offset", pa.int64()), ("value", pa.binary())]
)


class Record(NamedTuple):
    """A record as Kafka stores it. identity: of a valid event, else None."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    identity: tuple[str, str] | None
    event_time: str


class Log:
    """Kafka's logs: records get their partition by their session, and the next offset of it."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, event: dict[str, Any]) -> Record:
        """A valid event."""
        identity = event["session_id"], event["event_id"]
        partition = zlib.crc32(identity[0].encode()) % _PARTITIONS
        return self._add(TOPIC_EVENTS, partition, orjson.dumps(event), identity, event["event_time"])

    def add_garbage(self, value: bytes | None, topic: str = TOPIC_EVENTS) -> Record:
        """A record that cannot be parsed."""
        return self._add(topic, 0, value, None, "")

    def add_reject(self, app: str, rejected_at: str) -> Record:
        """A record of `events.rejected`."""
        fields = {"app_id": app, "reason": "too_old", "stage": "schema", "original": "e30=", "rejected_at": rejected_at}
        return self._add(TOPIC_REJECTED, 0, orjson.dumps(fields), None, rejected_at)

    def bounds(self) -> dict[TopicPartition, Bounds]:
        """Of every partition; nothing was deleted."""
        return {
            (name, p): Bounds(0, self._end(name, p)) for name, topic in TOPICS.items() for p in range(topic.partitions)
        }

    def ends(self) -> dict[TopicPartition, int]:
        """The next offset of each partition that has records."""
        return {place: bound.end for place, bound in self.bounds().items() if bound.end}

    def _add(self, topic: str, partition: int, value: bytes | None, identity: Any, event_time: str) -> Record:
        record = Record(topic, partition, self._end(topic, partition), value, identity, event_time)
        self.records.append(record)
        return record

    def _end(self, topic: str, partition: int) -> int:
        return sum(1 for record in self.records if (record.topic, record.partition) == (topic, partition))


class ArchivedRow(NamedTuple):
    """The position of a row in Kafka and in the archive."""

    partition: int
    offset: int
    app_id: str
    dt: str


class World:
    """A log and its archive. Each `archive` acts like a new process, which knows only the content of the folder."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.spark = spark
        self.files = LocalFiles(root)
        self.log = Log()
        self.journal = Journal(self.files)
        self.journal.begin(Current("aaaa0000", TOPICS, {}))

    def archive(self, mortal: int | None = None) -> Archive:
        """mortal: the process dies before this many changes are complete."""
        files = LocalFiles(self.files.root, mortal)
        current = self.current()
        compaction.finish(files)
        return Archive(self.spark, files, files.uri, current, self.journal.latest(current.checkpoint))

    def current(self) -> Current:
        """The checkpoint in use."""
        current = self.journal.current()
        assert current is not None
        return current

    def frame(self, records: list[Record]) -> DataFrame:
        """The records as Spark reads them from Kafka, in shuffled order."""
        rows = [record[:4] for record in reversed(records)]
        columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
        return self.spark.createDataFrame(
            pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, _COLUMNS, strict=True)], schema=_COLUMNS)
        )

    def offer(self, number: int) -> None:
        """Spark's own note of a batch: to the end of the log."""
        ends = spark_offsets({place: bound.end for place, bound in self.log.bounds().items()}, TOPICS)
        path = f"{layout.checkpoint_folder(self.current().checkpoint)}/offsets/{number}"
        self.files.write(path, b"v1\n{}\n" + ends.encode())

    def expected(self) -> Counter[ArchivedRow]:
        """The first record of each identity of the log."""
        first: dict[tuple[str, str], Record] = {}
        for record in self.log.records:
            if record.identity is not None:
                first.setdefault(record.identity, record)
        return Counter(
            ArchivedRow(r.partition, r.offset, orjson.loads(r.value or b"")["app_id"], r.event_time[:10])
            for r in first.values()
        )

    def archived(self) -> Counter[ArchivedRow]:
        """The rows that readers find."""
        found: Counter[ArchivedRow] = Counter()
        for (app, day), path in self._visible(EVENTS):
            rows = pq.read_table(path, partitioning=None).to_pydict()
            where = zip(rows["kafka_partition"], rows["kafka_offset"], rows["event_time"], strict=True)
            for partition, offset, at in where:
                assert isinstance(at, datetime)
                assert at.strftime("%Y-%m-%d") == day
                found[ArchivedRow(partition, offset, app, day)] += 1
        return found

    def rejects(self) -> Counter[tuple[int, str]]:
        """Offset and day of the archived rejects."""
        found: Counter[tuple[int, str]] = Counter()
        for (day,), path in self._visible(REJECTED):
            found.update((offset, day) for offset in pq.read_table(path, partitioning=None)["kafka_offset"].to_pylist())
        return found

    def expected_rejects(self) -> Counter[tuple[int, str]]:
        """Every reject that can be read."""
        return Counter(
            (r.offset, r.event_time[:10]) for r in self.log.records if r.topic == TOPIC_REJECTED and r.event_time
        )

    def _visible(self, store: Store) -> list[tuple[tuple[str, ...], Path]]:
        return [
            (values, self.files.root / file.path.lstrip("/"))
            for values, folder in layout.folders(self.files, store).items()
            for file in layout.parts(self.files, folder)
        ]

"""The progress of the archive: one small file per batch, written once all data files of the batch are in place."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from footfall.hdfs import HdfsUnavailable
from footfall.kafka.topics import Topic, TopicPartition
from footfall.lake import layout
from footfall.lake.layout import Files

# Older progress files are kept for `status` and for people; only the last one is needed.
_KEPT: Final = 40
log = logging.getLogger("streaming")


@dataclass(frozen=True, slots=True)
class Loss:
    """Records that Kafka deleted before they were archived, and that the operator accepted as lost.

    first, end: the offsets, `end` excluded. noticed_ms: ms since 1970.
    """

    topic: str
    partition: int
    first: int
    end: int
    noticed_ms: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts since the archive began.

    archived: events. repeats: records of identities that were already archived. unreadable: records that are neither
    a stored event nor a reject. rejected: rejects.
    """

    archived: int = 0
    repeats: int = 0
    unreadable: int = 0
    rejected: int = 0

    def plus(self, other: "Totals") -> "Totals":
        """The sum of both counts."""
        return Totals(
            self.archived + other.archived,
            self.repeats + other.repeats,
            self.unreadable + other.unreadable,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class Current:
    """The checkpoint in use.

    starts: the offset at which it began; a partition that is missing began at the start of its log. lost: accepted
    losses. totals: the counts of all earlier checkpoints. counted: the first offset that `totals` does not include;
    it is greater than `starts` where a recovery reads records again.
    """

    checkpoint: str
    topics: dict[str, Topic]
    starts: dict[TopicPartition, int]
    lost: tuple[Loss, ...] = ()
    totals: Totals = Totals()
    counted: dict[TopicPartition, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of the archive after a batch.

    began_ms, at_ms: when the batch began and when all its files were in place, ms since 1970. ends: the next offset of
    each partition. touched: the minutes (since 1970) of its events, as ranges with both ends included. totals: the
    counts since the archive began.
    """

    checkpoint: str
    batch: int
    began_ms: int
    at_ms: int
    ends: dict[TopicPartition, int]
    touched: tuple[tuple[int, int], ...]
    totals: Totals


class Journal:
    """Reads and writes the progress files in HDFS. All methods raise HdfsUnavailable."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def current(self) -> Current | None:
        """The checkpoint in use; None before the first one. A damaged file raises HdfsUnavailable too."""
        content = self._files.read(layout.CURRENT)
        return None if content is None else _read_current(content)

    def begin(self, current: Current) -> None:
        """Records the checkpoint that is in use from now on."""
        document = asdict(current) | {
            "topics": {
                name: {"id": topic.id, "partitions": topic.partitions} for name, topic in current.topics.items()
            },
            "starts": _by_topic(current.starts),
            "counted": _by_topic(current.counted),
        }
        self._put(layout.CURRENT, document)

    def batches(self, checkpoint: str) -> list[int]:
        """The batches of a checkpoint that have a progress file, in order."""
        found = []
        for file in self._files.list(layout.PROGRESS):
            owner, _, number = file.name.removesuffix(".json").partition("-")
            if owner == checkpoint and number.isdecimal():
                found.append(int(number))
        return sorted(found)

    def read(self, checkpoint: str, batch: int) -> Progress | None:
        """A batch's progress; None if the file is missing or damaged, as after a power loss."""
        path = layout.progress_file(checkpoint, batch)
        content = self._files.read(path)
        progress = None if content is None else _read_progress(content)
        if content is not None and progress is None:
            log.warning("%s is damaged; it is treated as missing", path)
        return progress

    def latest(self, checkpoint: str) -> Progress | None:
        """The progress of the last batch; None before the first one."""
        for batch in reversed(self.batches(checkpoint)):
            # `prune` may delete a file after it was listed.
            if (progress := self.read(checkpoint, batch)) is not None:
                return progress
        return None

    def reached(self) -> tuple[Progress | None, dict[TopicPartition, int]]:
        """The latest progress of the checkpoint in use, and the next offset to archive by partition (`ends_of`)."""
        current = self.current()
        if current is None:
            return None, {}
        latest = self.latest(current.checkpoint)
        return latest, ends_of(current, latest)

    def append(self, progress: Progress) -> None:
        """Records that a batch is archived. The call is idempotent."""
        document = asdict(progress) | {"ends": _by_topic(progress.ends)}
        self._put(layout.progress_file(progress.checkpoint, progress.batch), document)

    def prune(self, checkpoint: str, needed: int) -> None:
        """Deletes old progress files. needed: the first batch whose progress must still be read."""
        for file in self._files.list(layout.PROGRESS):
            owner, _, number = file.name.removesuffix(".json").partition("-")
            if number.isdecimal() and (owner != checkpoint or int(number) < needed - _KEPT):
                self._files.delete(file.path)

    def _put(self, path: str, document: Mapping[str, Any]) -> None:
        layout.put(self._files, path, json.dumps(document).encode())


def ends_of(current: Current, latest: Progress | None) -> dict[TopicPartition, int]:
    """The next offset to archive, by partition; a partition that is missing is read from the start of its log."""
    return dict(current.starts if latest is None else latest.ends)


def _by_topic(offsets: Mapping[TopicPartition, int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in sorted(offsets.items()):
        nested.setdefault(topic, {})[str(partition)] = offset
    return nested


def _from_topics(nested: Mapping[str, Mapping[str, int]]) -> dict[TopicPartition, int]:
    return {
        (topic, int(partition)): offset
        for topic, partitions in nested.items()
        for partition, offset in partitions.items()
    }


def spark_offsets(offsets: Mapping[TopicPartition, int], topics: Mapping[str, Topic]) -> str:
    """Spark's `startingOffsets`; a partition without an offset starts at the beginning of its log (-2)."""
    full = {(name, p): offsets.get((name, p), -2) for name, topic in topics.items() for p in range(topic.partitions)}
    return json.dumps(_by_topic(full))


def offered_ends(content: bytes) -> dict[TopicPartition, int]:
    """The end offsets of a batch from Spark's offset log (`offsets/<batch>`); empty if it cannot be parsed."""
    try:
        return _from_topics(json.loads(content.splitlines()[-1]))
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return {}


def _read_current(content: bytes) -> Current:
    try:
        fields = json.loads(content)
        return Current(
            str(fields["checkpoint"]),
            {name: Topic(name, **topic) for name, topic in fields["topics"].items()},
            _from_topics(fields["starts"]),
            tuple(Loss(**loss) for loss in fields["lost"]),
            Totals(**fields["totals"]),
            _from_topics(fields.get("counted", {})),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HdfsUnavailable(
            f"{layout.CURRENT} is damaged: the archive does not know its checkpoint. Move it away, and the "
            "archive reads Kafka again from the start; no event is archived twice."
        ) from None


def _read_progress(content: bytes) -> Progress | None:
    try:
        fields = json.loads(content)
        fields["ends"] = _from_topics(fields["ends"])
        fields["touched"] = tuple((int(first), int(last)) for first, last in fields["touched"])
        fields["totals"] = Totals(**fields["totals"])
        return Progress(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None

"""How far the archive is: a small file for each batch, written once all files of the batch are in place."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from footfall.hdfs import HdfsUnavailable
from footfall.kafka.topics import Topic, TopicPartition
from footfall.lake import layout
from footfall.lake.layout import Files

# Kept so that `status` and a reader of the folder can look back; the last one alone is needed.
_KEPT: Final = 40
log = logging.getLogger("streaming")


@dataclass(frozen=True, slots=True)
class Loss:
    """Records that Kafka deleted before they were archived, and that a person accepted as lost."""

    topic: str
    partition: int
    first: int
    end: int
    noticed_ms: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Since the archive began. archived: events; repeats: records of identities that were there already;
    unreadable: records that are no stored event or reject; rejected: rejects."""

    archived: int = 0
    repeats: int = 0
    unreadable: int = 0
    rejected: int = 0

    def plus(self, other: "Totals") -> "Totals":
        """The sums of both."""
        return Totals(
            self.archived + other.archived,
            self.repeats + other.repeats,
            self.unreadable + other.unreadable,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class Current:
    """The checkpoint in use.

    starts: where it began, the beginning of its log for a partition without; totals: of the checkpoints before it;
    counted: the next offset that these totals do not count, which lies behind `starts` where records are read again.
    """

    checkpoint: str
    topics: dict[str, Topic]
    starts: dict[TopicPartition, int]
    lost: tuple[Loss, ...] = ()
    totals: Totals = Totals()
    counted: dict[TopicPartition, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch that is archived.

    began_ms, at_ms: when the batch began and when all its files were in place. ends: next offset by topic and
    partition. touched: the minutes (since 1970) of its events, as ranges with both ends included.
    """

    checkpoint: str
    batch: int
    began_ms: int
    at_ms: int
    ends: dict[TopicPartition, int]
    touched: tuple[tuple[int, int], ...]
    totals: Totals


class Journal:
    """The progress files in HDFS. All methods raise HdfsUnavailable."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def current(self) -> Current | None:
        """The checkpoint in use; None before the first. Raises HdfsUnavailable for a damaged file too."""
        content = self._files.read(layout.CURRENT)
        return None if content is None else _read_current(content)

    def begin(self, current: Current) -> None:
        """Makes a checkpoint the one in use."""
        document = asdict(current) | {
            "topics": {
                name: {"id": topic.id, "partitions": topic.partitions} for name, topic in current.topics.items()
            },
            "starts": _spread(current.starts),
            "counted": _spread(current.counted),
        }
        self._put(layout.CURRENT, document)

    def batches(self, checkpoint: str) -> list[int]:
        """The batches of a checkpoint whose progress is here, in order."""
        found = []
        for file in self._files.list(layout.PROGRESS):
            owner, _, number = file.name.removesuffix(".json").partition("-")
            if owner == checkpoint and number.isdecimal():
                found.append(int(number))
        return sorted(found)

    def read(self, checkpoint: str, batch: int) -> Progress | None:
        """A batch's progress; None if it is not here, or damaged, as after a power loss: the batch counts as undone."""
        path = layout.progress_file(checkpoint, batch)
        content = self._files.read(path)
        progress = None if content is None else _read_progress(content)
        if content is not None and progress is None:
            log.warning("%s is damaged: as if it were not there", path)
        return progress

    def latest(self, checkpoint: str) -> Progress | None:
        """The last batch's progress; None before the first."""
        for batch in reversed(self.batches(checkpoint)):
            # The oldest are deleted while one reads.
            if (progress := self.read(checkpoint, batch)) is not None:
                return progress
        return None

    def append(self, progress: Progress) -> None:
        """Says that a batch is archived; repeating it changes nothing."""
        document = asdict(progress) | {"ends": _spread(progress.ends)}
        self._put(layout.progress_file(progress.checkpoint, progress.batch), document)

    def prune(self, checkpoint: str, needed: int) -> None:
        """Deletes what nobody looks at any more. needed: the first batch whose progress somebody still has to read."""
        for file in self._files.list(layout.PROGRESS):
            owner, _, number = file.name.removesuffix(".json").partition("-")
            if number.isdecimal() and (owner != checkpoint or int(number) < needed - _KEPT):
                self._files.delete(file.path)

    def _put(self, path: str, document: Mapping[str, Any]) -> None:
        layout.put(self._files, path, json.dumps(document).encode())


def ends_of(current: Current, latest: Progress | None) -> dict[TopicPartition, int]:
    """The offset up to which everything is archived, by partition; none for one that is to be read from its start."""
    return dict(current.starts if latest is None else latest.ends)


def _spread(offsets: Mapping[TopicPartition, int]) -> dict[str, dict[str, int]]:
    spread: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in sorted(offsets.items()):
        spread.setdefault(topic, {})[str(partition)] = offset
    return spread


def _gather(spread: Mapping[str, Mapping[str, int]]) -> dict[TopicPartition, int]:
    return {
        (topic, int(partition)): offset
        for topic, partitions in spread.items()
        for partition, offset in partitions.items()
    }


def spark_offsets(offsets: Mapping[TopicPartition, int], topics: Mapping[str, Topic]) -> str:
    """Spark's `startingOffsets`: a partition without an offset begins with its log (-2)."""
    full = {(name, p): offsets.get((name, p), -2) for name, topic in topics.items() for p in range(topic.partitions)}
    return json.dumps(_spread(full))


def offered_ends(content: bytes) -> dict[TopicPartition, int]:
    """The ends of a batch by Spark's note of it (`offsets/<batch>` of a checkpoint); empty if that is unreadable."""
    try:
        return _gather(json.loads(content.splitlines()[-1]))
    except (ValueError, TypeError, AttributeError, IndexError):
        return {}


def _read_current(content: bytes) -> Current:
    try:
        fields = json.loads(content)
        return Current(
            str(fields["checkpoint"]),
            {name: Topic(name, **topic) for name, topic in fields["topics"].items()},
            _gather(fields["starts"]),
            tuple(Loss(**loss) for loss in fields["lost"]),
            Totals(**fields["totals"]),
            _gather(fields.get("counted", {})),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HdfsUnavailable(
            f"{layout.CURRENT} is damaged: the archive does not know its checkpoint. Move it away, and the archive "
            "begins anew with all that Kafka holds; nothing is archived twice."
        ) from None


def _read_progress(content: bytes) -> Progress | None:
    try:
        fields = json.loads(content)
        fields["ends"] = _gather(fields["ends"])
        fields["touched"] = tuple((int(first), int(last)) for first, last in fields["touched"])
        fields["totals"] = Totals(**fields["totals"])
        return Progress(**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

"""Decides from which offsets the archive continues, and refuses if that could lose or duplicate records."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from footfall.kafka.topics import Bounds, Topic, TopicPartition
from footfall.lake import layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.layout import Files
from footfall.lake.progress import Current, Loss, Progress, ends_of

RECOVER: Final = "`./footfall recover archive` continues after the archived records."


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """The relevant content of a checkpoint's folder.

    owner: the checkpoint name in its `owner.json`; None without that file, '' if it is damaged.
    committed: the last batch that Spark committed; None before the first.
    """

    owner: str | None
    committed: int | None


def read_checkpoint_folder(files: Files, checkpoint: str) -> CheckpointFolder:
    """Reads a checkpoint's folder. Raises HdfsUnavailable."""
    folder = layout.checkpoint_folder(checkpoint)
    content = files.read(f"{folder}/owner.json")
    try:
        owner = None if content is None else str(json.loads(content)["checkpoint"])
    except (ValueError, KeyError, TypeError):
        owner = ""
    batches = [int(file.name) for file in files.list(f"{folder}/commits") if file.name.isdecimal()]
    return CheckpointFolder(owner, max(batches, default=None))


def write_owner(files: Files, checkpoint: str) -> None:
    """Marks a checkpoint's folder with the name of its checkpoint. Raises HdfsUnavailable."""
    files.write(f"{layout.checkpoint_folder(checkpoint)}/owner.json", json.dumps({"checkpoint": checkpoint}).encode())


def new_checkpoint() -> str:
    """A random name for a checkpoint: eight hexadecimal digits."""
    return secrets.token_hex(4)


def first_checkpoint(topics: Mapping[str, Topic], bounds: Mapping[TopicPartition, Bounds]) -> Current:
    """The first checkpoint of an archive, which reads everything that Kafka holds.

    It records where each log begins, so that a later gap is also detected in a partition that was never read.
    """
    return Current(
        new_checkpoint(), dict(topics), {partition: bounds[partition].start for partition in _all_partitions(topics)}
    )


def refuse_inconsistent(
    current: Current,
    latest: Progress | None,
    found: CheckpointFolder,
    topics: Mapping[str, Topic],
    bounds: Mapping[TopicPartition, Bounds],
) -> None:
    """Raises ArchiveRefused if the checkpoint, the archive's progress and Kafka contradict each other."""
    _refuse_inconsistent_folder(current, latest, found)
    for name, topic in topics.items():
        known = current.topics.get(name)
        if known is not None and known.id != topic.id:
            raise ArchiveRefused(f"Kafka's topic {name} was deleted and created again since it was archived. {RECOVER}")
        if known is not None and known.partitions != topic.partitions:
            raise ArchiveRefused(
                f"Kafka's topic {name} has {topic.partitions} partitions, not {known.partitions}. {RECOVER}"
            )
    for (topic_name, partition), end in sorted(ends_of(current, latest).items()):
        log_name, bound = f"{topic_name}/{partition}", bounds[topic_name, partition]
        if bound.end < end:
            raise ArchiveRefused(
                f"Kafka's log of {log_name} ends at offset {bound.end}, but everything before {end} is archived: Kafka "
                f"lost the end of the log. {RECOVER}"
            )
        if bound.start > end:
            raise ArchiveRefused(
                f"Kafka deleted offsets {end} to {bound.start - 1} of {log_name} before they were archived. "
                "`./footfall recover archive --accept-loss` continues without them; `verify` keeps reporting the loss."
            )


def _refuse_inconsistent_folder(current: Current, latest: Progress | None, found: CheckpointFolder) -> None:
    folder = layout.checkpoint_folder(current.checkpoint)
    archived = -1 if latest is None else latest.batch
    committed = -1 if found.committed is None else found.committed
    if found.owner is None and committed < 0:
        if latest is not None:
            raise ArchiveRefused(f"The archive's checkpoint {folder} is lost. {RECOVER}")
        return
    if found.owner != current.checkpoint:
        raise ArchiveRefused(f"The checkpoint in {folder} is not this archive's. {RECOVER}")
    # The archive finishes a batch before Spark commits it, and Spark starts the next batch after the commit.
    if archived - committed not in (0, 1):
        raise ArchiveRefused(
            f"The checkpoint in {folder} has done {committed + 1} batches and the archive {archived + 1}: they do not "
            f"belong together. {RECOVER}"
        )


def recovery_checkpoint(
    current: Current,
    latest: Progress | None,
    topics: Mapping[str, Topic],
    bounds: Mapping[TopicPartition, Bounds],
    accept_loss: bool,
    from_start: bool = False,
    now_ms: int | None = None,
) -> Current:
    """The checkpoint of a recovery: it starts each partition after its archived records.

    A partition starts at the beginning of its log if Kafka no longer holds that log, or with `from_start`. No event is
    archived twice. now_ms: the time of an accepted loss, ms since 1970.
    Raises ArchiveRefused if Kafka deleted records before they were archived, unless `accept_loss` is set.
    """
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    starts = {partition: bounds[partition].start for partition in _all_partitions(topics)}
    counted = {}
    lost = list(current.lost)
    for (name, partition), end in ends_of(current, latest).items():
        if current.topics.get(name) != topics.get(name):
            continue
        topic_partition, bound = (name, partition), bounds[name, partition]
        if bound.start > end:
            if not accept_loss:
                raise ArchiveRefused(
                    f"Kafka deleted offsets {end} to {bound.start - 1} of {name}/{partition} before they were "
                    "archived. Add --accept-loss to continue without them."
                )
            lost.append(Loss(name, partition, end, bound.start, now_ms))
        # An earlier recovery may not have finished reading again.
        counted[topic_partition] = min(max(end, current.counted.get(topic_partition, 0)), bound.end)
        if not from_start and bound.end >= end:
            starts[topic_partition] = max(bound.start, end)
    totals = current.totals if latest is None else latest.totals
    return Current(new_checkpoint(), dict(topics), starts, tuple(lost), totals, counted)


def _all_partitions(topics: Mapping[str, Topic]) -> list[TopicPartition]:
    return [(name, partition) for name, topic in topics.items() for partition in range(topic.partitions)]

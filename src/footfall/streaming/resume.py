"""Decides where the archive goes on, and refuses where going on could lose or double anything. Pure but for reading."""

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

RECOVER: Final = "`footfall recover archive` goes on from what is archived."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What lies in a checkpoint's folder. owner: the archive it says it belongs to, None if it says nothing;
    committed: its last committed batch, None before the first."""

    owner: str | None
    committed: int | None


def look_at(files: Files, checkpoint: str) -> Checkpoint:
    """Reads a checkpoint's folder. Raises HdfsUnavailable."""
    folder = layout.checkpoint_folder(checkpoint)
    content = files.read(f"{folder}/owner.json")
    try:
        owner = None if content is None else str(json.loads(content)["checkpoint"])
    except (ValueError, KeyError, TypeError):
        owner = ""
    batches = [int(file.name) for file in files.list(f"{folder}/commits") if file.name.isdecimal()]
    return Checkpoint(owner, max(batches, default=None))


def claim(files: Files, checkpoint: str) -> None:
    """Writes into a checkpoint's folder whose it is. Raises HdfsUnavailable."""
    files.write(f"{layout.checkpoint_folder(checkpoint)}/owner.json", json.dumps({"checkpoint": checkpoint}).encode())


def new_checkpoint() -> str:
    """A name that no checkpoint had before: eight hexadecimal digits."""
    return secrets.token_hex(4)


def first(topics: Mapping[str, Topic], bounds: Mapping[TopicPartition, Bounds]) -> Current:
    """The first checkpoint of an archive: all that Kafka holds.

    Where its logs begin is noted, so that a gap is noticed in a partition too of which nothing was read yet.
    """
    return Current(new_checkpoint(), dict(topics), {place: bounds[place].start for place in _all_places(topics)})


def judge(
    current: Current,
    latest: Progress | None,
    found: Checkpoint,
    topics: Mapping[str, Topic],
    bounds: Mapping[TopicPartition, Bounds],
) -> None:
    """Raises ArchiveRefused unless the checkpoint, the progress and Kafka tell of the same past."""
    _judge_checkpoint(current, latest, found)
    for name, topic in topics.items():
        known = current.topics.get(name)
        if known is not None and known.id != topic.id:
            raise ArchiveRefused(f"Kafka's topic {name} was made anew since it was archived. {RECOVER}")
        if known is not None and known.partitions != topic.partitions:
            raise ArchiveRefused(
                f"Kafka's topic {name} has {topic.partitions} partitions, not {known.partitions}. {RECOVER}"
            )
    for (topic_name, partition), end in sorted(ends_of(current, latest).items()):
        place, bound = f"{topic_name}/{partition}", bounds[topic_name, partition]
        if bound.end < end:
            raise ArchiveRefused(
                f"Kafka's log of {place} ends at offset {bound.end}, but everything before {end} is archived: Kafka "
                f"lost its tail. {RECOVER}"
            )
        if bound.start > end:
            raise ArchiveRefused(
                f"Kafka deleted offsets {end} to {bound.start - 1} of {place} before they were archived. "
                "`footfall recover archive --accept-loss` goes on without them; `verify` will keep reporting it."
            )


def _judge_checkpoint(current: Current, latest: Progress | None, found: Checkpoint) -> None:
    folder = layout.checkpoint_folder(current.checkpoint)
    archived = -1 if latest is None else latest.batch
    committed = -1 if found.committed is None else found.committed
    if found.owner is None and committed < 0:
        if latest is not None:
            raise ArchiveRefused(f"The archive's checkpoint {folder} is lost. {RECOVER}")
        return
    if found.owner != current.checkpoint:
        raise ArchiveRefused(f"The checkpoint in {folder} is not this archive's. {RECOVER}")
    # A batch is archived before Spark commits it, and the next one begins after that.
    if archived - committed not in (0, 1):
        raise ArchiveRefused(
            f"The checkpoint in {folder} has done {committed + 1} batches and the archive {archived + 1}: one of them "
            f"is of another time. {RECOVER}"
        )


def renewed(
    current: Current,
    latest: Progress | None,
    topics: Mapping[str, Topic],
    bounds: Mapping[TopicPartition, Bounds],
    accept_loss: bool,
    from_start: bool = False,
    now_ms: int | None = None,
) -> Current:
    """The checkpoint with which a recovery begins: after what is archived, wherever Kafka still has that.

    From the beginning of a log where that cannot be told, and of all with `from_start`: what is archived is not
    archived again. Raises ArchiveRefused if Kafka has deleted records that are not archived, unless `accept_loss`.
    """
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    starts = {place: bounds[place].start for place in _all_places(topics)}
    counted = {}
    lost = list(current.lost)
    for (name, partition), end in ends_of(current, latest).items():
        if current.topics.get(name) != topics.get(name):
            continue
        place, bound = (name, partition), bounds[name, partition]
        if bound.start > end:
            if not accept_loss:
                raise ArchiveRefused(
                    f"Kafka deleted offsets {end} to {bound.start - 1} of {name}/{partition} before they were "
                    "archived; say --accept-loss to go on without them."
                )
            lost.append(Loss(name, partition, end, bound.start, now_ms))
        # A recovery may follow one that has not read again all that it wanted to.
        counted[place] = min(max(end, current.counted.get(place, 0)), bound.end)
        if not from_start and bound.end >= end:
            starts[place] = max(bound.start, end)
    totals = current.totals if latest is None else latest.totals
    return Current(new_checkpoint(), dict(topics), starts, tuple(lost), totals, counted)


def _all_places(topics: Mapping[str, Topic]) -> list[TopicPartition]:
    return [(name, partition) for name, topic in topics.items() for partition in range(topic.partitions)]

"""Creates a new checkpoint that continues after the archived records, when the old one is lost or inconsistent."""

from collections.abc import Callable
from typing import NamedTuple

from footfall.hdfs import Hdfs
from footfall.kafka.logs import Logs, describe
from footfall.lake import compaction, layout
from footfall.lake.progress import Journal
from footfall.settings import Settings
from footfall.streaming import resume


class Recovered(NamedTuple):
    """The result of a recovery. checkpoint: the new checkpoint. records: the number of Kafka records that it will read,
    including those that are already archived."""

    checkpoint: str
    records: int


def recover(settings: Settings, accept_loss: bool, from_start: bool, say: Callable[[str], None]) -> Recovered:
    """Creates the new checkpoint atomically. The driver must not run meanwhile.

    accept_loss: continues without the records that Kafka deleted before they were archived.
    from_start: reads everything that Kafka holds again, which replaces files that were moved away.
    say: receives sentences about the progress.
    Raises ArchiveRefused, HdfsUnavailable and KafkaUnavailable.
    """
    hdfs = Hdfs(settings)
    journal = Journal(hdfs)
    say("Completing an interrupted merge, if there is one.")
    compaction.finish(hdfs)
    topics = describe(settings)
    with Logs(settings) as logs:
        bounds = logs.bounds(topics)
    old = journal.current()
    if old is None:
        new = resume.first_checkpoint(topics, bounds)
    else:
        new = resume.recovery_checkpoint(old, journal.latest(old.checkpoint), topics, bounds, accept_loss, from_start)
    resume.write_owner(hdfs, new.checkpoint)
    journal.begin(new)
    if old is not None:
        say(f"Deleting the old checkpoint {old.checkpoint}.")
        hdfs.delete(layout.checkpoint_folder(old.checkpoint))
    hdfs.delete(layout.STAGING)
    waiting = sum(bound.end - max(bound.start, new.starts.get(partition, 0)) for partition, bound in bounds.items())
    return Recovered(new.checkpoint, waiting)

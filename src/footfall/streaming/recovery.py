"""Gives the archive a new checkpoint that goes on from what is archived, when the old one is lost or does not fit."""

from collections.abc import Callable
from typing import NamedTuple

from footfall.hdfs import Hdfs
from footfall.kafka.logs import Logs, describe
from footfall.lake import compaction, layout
from footfall.lake.progress import Journal
from footfall.settings import Settings
from footfall.streaming import resume


class Recovered(NamedTuple):
    """The checkpoint that is in use now, and how many records of Kafka's it will read that are archived already or
    not."""

    checkpoint: str
    records: int


def recover(settings: Settings, accept_loss: bool, from_start: bool, say: Callable[[str], None]) -> Recovered:
    """Makes the new checkpoint; no driver may run meanwhile. Interrupted, it has either happened or not.

    accept_loss: goes on without records that Kafka has deleted before they were archived.
    from_start: reads all that Kafka holds again, so that files that were moved away are made anew from it.
    Raises ArchiveRefused, HdfsUnavailable and KafkaUnavailable.
    """
    hdfs = Hdfs(settings)
    journal = Journal(hdfs)
    say("Completing what was merged.")
    compaction.finish(hdfs)
    topics = describe(settings)
    with Logs(settings) as logs:
        bounds = logs.bounds(topics)
    old = journal.current()
    if old is None:
        new = resume.first(topics, bounds)
    else:
        new = resume.renewed(old, journal.latest(old.checkpoint), topics, bounds, accept_loss, from_start)
    resume.claim(hdfs, new.checkpoint)
    journal.begin(new)
    if old is not None:
        say(f"Deleting the old checkpoint {old.checkpoint}.")
        hdfs.delete(layout.checkpoint_folder(old.checkpoint))
    hdfs.delete(layout.STAGING)
    waiting = sum(bound.end - max(bound.start, new.starts.get(place, 0)) for place, bound in bounds.items())
    return Recovered(new.checkpoint, waiting)

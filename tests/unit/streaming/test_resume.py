"""The offsets from which the archive continues, and every case in which it refuses to."""

from dataclasses import replace
from pathlib import Path

import pytest

from footfall.kafka.topics import Bounds, Topic, TopicPartition
from footfall.lake import layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.progress import Current, Loss, Progress, Totals
from footfall.streaming import resume
from footfall.streaming.resume import CheckpointFolder
from tests.support.local_files import LocalFiles

_ME = "abcd1234"
_TOPICS = {"events": Topic("events", "abc", 2), "events.rejected": Topic("events.rejected", "def", 1)}
_ENDS: dict[TopicPartition, int] = {("events", 0): 100, ("events", 1): 50, ("events.rejected", 0): 3}
_BOUNDS = {place: Bounds(0, end + 10) for place, end in _ENDS.items()}
_BEGUN = Current(_ME, _TOPICS, dict.fromkeys(_ENDS, 0))
_LATEST = Progress(_ME, 7, 0, 0, _ENDS, (), Totals(archived=150, rejected=3))
_OWN = CheckpointFolder(_ME, 7)


@pytest.mark.parametrize(
    ("latest", "found"),
    [
        (None, CheckpointFolder(None, None)),
        (None, CheckpointFolder(_ME, None)),
        (_LATEST, _OWN),
        # The batch is archived, but Spark died before its commit, so it repeats the batch.
        (_LATEST, CheckpointFolder(_ME, 6)),
        (replace(_LATEST, batch=0), CheckpointFolder(_ME, None)),
    ],
)
def test_a_consistent_archive_continues(latest: Progress | None, found: CheckpointFolder) -> None:
    resume.refuse_inconsistent(_BEGUN, latest, found, _TOPICS, _BOUNDS)


@pytest.mark.parametrize(
    ("latest", "found", "sentence"),
    [
        (_LATEST, CheckpointFolder(None, None), "checkpoint /checkpoints/archive-abcd1234 is lost"),
        (_LATEST, CheckpointFolder("ffff0000", 7), "in /checkpoints/archive-abcd1234 is not this archive's"),
        (_LATEST, CheckpointFolder(None, 7), "is not this archive's"),
        (_LATEST, CheckpointFolder("", 7), "is not this archive's"),
        (None, CheckpointFolder("ffff0000", None), "is not this archive's"),
        (_LATEST, CheckpointFolder(_ME, 5), "has done 6 batches and the archive 8"),
        (_LATEST, CheckpointFolder(_ME, 8), "has done 9 batches and the archive 8"),
        (_LATEST, CheckpointFolder(_ME, None), "has done 0 batches and the archive 8"),
        (None, CheckpointFolder(_ME, 3), "has done 4 batches and the archive 0"),
    ],
)
def test_a_checkpoint_that_does_not_match_the_progress_is_refused(
    latest: Progress | None, found: CheckpointFolder, sentence: str
) -> None:
    with pytest.raises(ArchiveRefused, match=sentence) as refusal:
        resume.refuse_inconsistent(_BEGUN, latest, found, _TOPICS, _BOUNDS)
    assert "`./footfall recover archive`" in str(refusal.value)


@pytest.mark.parametrize(
    ("topic", "sentence"),
    [
        (Topic("events", "new", 2), "topic events was deleted and created again"),
        (Topic("events", "abc", 3), "topic events has 3 partitions, not 2"),
    ],
)
def test_another_topic_is_refused(topic: Topic, sentence: str) -> None:
    bounds = {("events", p): Bounds(0, 0) for p in range(3)} | {("events.rejected", 0): Bounds(0, 13)}
    with pytest.raises(ArchiveRefused, match=sentence):
        resume.refuse_inconsistent(_BEGUN, _LATEST, _OWN, {**_TOPICS, "events": topic}, bounds)


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        (
            Bounds(0, 49),
            "events/1 ends at offset 49, but everything before 50 is archived: Kafka lost the end of the log.*recover",
        ),
        (Bounds(51, 60), r"deleted offsets 50 to 50 of events/1 before.*recover archive --accept-loss"),
        (Bounds(60, 60), "deleted offsets 50 to 59 of events/1"),
    ],
)
def test_a_log_without_the_next_record_is_refused(bound: Bounds, sentence: str) -> None:
    with pytest.raises(ArchiveRefused, match=sentence):
        resume.refuse_inconsistent(_BEGUN, _LATEST, _OWN, _TOPICS, {**_BOUNDS, ("events", 1): bound})


@pytest.mark.parametrize("bound", [Bounds(50, 50), Bounds(50, 90), Bounds(0, 50)])
def test_a_log_with_the_next_record_continues(bound: Bounds) -> None:
    resume.refuse_inconsistent(_BEGUN, _LATEST, _OWN, _TOPICS, {**_BOUNDS, ("events", 1): bound})


def test_a_gap_is_noticed_in_a_partition_that_was_never_read() -> None:
    current = resume.first_checkpoint(_TOPICS, dict.fromkeys(_BOUNDS, Bounds(5, 5)))
    assert current.starts == dict.fromkeys(_ENDS, 5)
    resume.refuse_inconsistent(current, None, CheckpointFolder(None, None), _TOPICS, _BOUNDS)
    with pytest.raises(ArchiveRefused, match="deleted offsets 5 to 19 of events/0"):
        resume.refuse_inconsistent(
            current, None, CheckpointFolder(None, None), _TOPICS, dict.fromkeys(_BOUNDS, Bounds(20, 30))
        )


def test_a_recovery_continues_after_the_archived_records() -> None:
    lost = (Loss("events", 0, 1, 2, 3),)
    recovered = resume.recovery_checkpoint(replace(_BEGUN, lost=lost), _LATEST, _TOPICS, _BOUNDS, accept_loss=False)
    assert recovered == Current(recovered.checkpoint, _TOPICS, _ENDS, lost, _LATEST.totals, _ENDS)
    assert recovered.checkpoint != _ME
    assert layout.part_of(layout.Part(recovered.checkpoint, 1, 1, 0).name) is not None


def test_a_recovery_before_the_first_batch_keeps_its_starting_offsets() -> None:
    begun = replace(_BEGUN, starts=dict.fromkeys(_ENDS, 2), totals=Totals(5))
    recovered = resume.recovery_checkpoint(begun, None, _TOPICS, _BOUNDS, accept_loss=False)
    assert (recovered.starts, recovered.totals) == (begun.starts, begun.totals)


def test_a_recovery_from_the_start_reads_all_that_kafka_holds_and_counts_it_once() -> None:
    bounds = {place: Bounds(2, bound.end) for place, bound in _BOUNDS.items()}
    recovered = resume.recovery_checkpoint(_BEGUN, _LATEST, _TOPICS, bounds, accept_loss=False, from_start=True)
    assert recovered.starts == dict.fromkeys(_ENDS, 2)
    assert (recovered.counted, recovered.totals) == (_ENDS, _LATEST.totals)
    # A second recovery, before the first one has read anything.
    again = resume.recovery_checkpoint(recovered, None, _TOPICS, bounds, accept_loss=False)
    assert (again.starts, again.counted) == (recovered.starts, _ENDS)


@pytest.mark.parametrize("from_start", [False, True])
def test_a_loss_is_accepted_only_on_request(from_start: bool) -> None:
    bounds = {**_BOUNDS, ("events", 1): Bounds(70, 90)}
    with pytest.raises(ArchiveRefused, match=r"deleted offsets 50 to 69 of events/1 .* --accept-loss"):
        resume.recovery_checkpoint(_BEGUN, _LATEST, _TOPICS, bounds, accept_loss=False, from_start=from_start)
    recovered = resume.recovery_checkpoint(
        _BEGUN, _LATEST, _TOPICS, bounds, accept_loss=True, from_start=from_start, now_ms=77
    )
    assert recovered.lost == (Loss("events", 1, 50, 70, 77),)
    assert recovered.starts["events", 1] == 70
    resume.refuse_inconsistent(recovered, None, CheckpointFolder(recovered.checkpoint, None), _TOPICS, bounds)


def test_a_log_that_lost_its_end_is_read_from_its_beginning() -> None:
    bounds = {**_BOUNDS, ("events", 0): Bounds(10, 90)}
    recovered = resume.recovery_checkpoint(_BEGUN, _LATEST, _TOPICS, bounds, accept_loss=False)
    assert recovered.starts == {**_ENDS, ("events", 0): 10}
    assert recovered.counted["events", 0] == 90


@pytest.mark.parametrize("topic", [Topic("events", "new", 2), Topic("events", "abc", 3)])
def test_another_topic_is_read_from_its_beginning(topic: Topic) -> None:
    bounds = {("events", p): Bounds(0, 40) for p in range(topic.partitions)} | {("events.rejected", 0): Bounds(0, 13)}
    recovered = resume.recovery_checkpoint(_BEGUN, _LATEST, {**_TOPICS, "events": topic}, bounds, accept_loss=False)
    assert recovered.starts == {**{("events", p): 0 for p in range(topic.partitions)}, ("events.rejected", 0): 3}
    assert recovered.counted == {("events.rejected", 0): 3}


def test_a_checkpoint_folder_holds_its_owner_and_the_last_commit(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    assert resume.read_checkpoint_folder(files, _ME) == CheckpointFolder(None, None)
    resume.write_owner(files, _ME)
    assert resume.read_checkpoint_folder(files, _ME) == CheckpointFolder(_ME, None)
    for name in ("9", "10", ".10.crc", "11.tmp", "_12"):
        files.write(f"{layout.checkpoint_folder(_ME)}/commits/{name}", b"v1")
    assert resume.read_checkpoint_folder(files, _ME) == CheckpointFolder(_ME, 10)
    assert resume.read_checkpoint_folder(files, "ffff0000") == CheckpointFolder(None, None)
    for damage in (b"", b"{}", b"5"):
        files.write(f"{layout.checkpoint_folder(_ME)}/owner.json", damage)
        assert resume.read_checkpoint_folder(files, _ME) == CheckpointFolder("", 10)

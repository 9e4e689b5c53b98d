"""After a crash at any point, every event is in the archive once, and no archived event is lost."""

import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from footfall.lake import compaction, layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.progress import Progress, Totals
from footfall.lake.window_files import HOUR
from footfall.streaming import resume
from footfall.streaming.window_schedule import windows_of_hours
from tests.support.archiving import TOPICS, ArchivedRow, Record, World
from tests.support.events import stored_event
from tests.support.local_files import Died

_DAY, _NEXT = "2026-11-24", "2026-11-25"
_PATIENT_S = 600.0


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> World:
    return World(spark, tmp_path)


def _fill(world: World, day: str = _DAY) -> list[Record]:
    """Two new events of one site, one of another a day later, a repeat of what came before, garbage, a reject."""
    first = len(world.log.records)
    repeated = next((record for record in world.log.records if record.identity is not None), None)
    for number in range(2):
        world.log.add(stored_event(event_time=f"{day}T08:0{number}:00.000Z"))
    world.log.add(stored_event(event_time=f"{_NEXT}T08:00:00.000Z", app_id="news"))
    if repeated is not None:
        world.log.records.append(repeated._replace(offset=world.log.ends()[repeated.topic, repeated.partition]))
    world.log.add_garbage(b"?")
    world.log.add_reject("shop", f"{day}T08:00:00.000Z")
    return world.log.records[first:]


def _deaths(world: World, records: list[Record], number: int) -> Iterator[int]:
    """Repeats a batch until it succeeds. Each attempt is a new process that crashes one change later; yields then."""
    for mortal in range(100):
        try:
            world.archive(mortal).batch(world.frame(records), number)
            return
        except Died:
            yield mortal


def _latest(world: World) -> Progress:
    latest = world.journal.latest(world.current().checkpoint)
    assert latest is not None
    return latest


def _check(world: World, **totals: int) -> None:
    assert world.archived() == world.expected()
    assert world.rejects() == world.expected_rejects()
    assert _latest(world).totals == Totals(**totals)
    assert {place: end for place, end in _latest(world).ends.items() if end} == world.log.ends()


def test_a_batch_that_crashed_at_any_change_is_repeated_exactly(world: World) -> None:
    world.archive().batch(world.frame(_fill(world)), 0)
    before = world.archived()
    records = _fill(world)
    after = world.expected()
    deaths = 0
    for _ in _deaths(world, records, 1):
        deaths += 1
        # At every moment, archived events stay and none is there twice.
        found = world.archived()
        assert before <= found <= after
        assert world.rejects() <= world.expected_rejects()
    # The changes: old staged files, a file without its repeat, two files of events and one of rejects, the progress,
    # and the new staged files.
    assert deaths == 8
    _check(world, archived=6, repeats=1, unreadable=2, rejected=2)
    # Spark did not commit the archived batch, and HDFS lost its file: the batch is repeated, then the next one runs.
    world.files.write(f"/events/app_id=news/dt={_NEXT}/aaaa0000-000000001.parquet", b"")
    world.archive().batch(world.frame(records), 1)
    _check(world, archived=6, repeats=1, unreadable=2, rejected=2)
    archive = world.archive()
    archive.batch(world.frame(_fill(world)), 2)
    _check(world, archived=9, repeats=2, unreadable=3, rejected=3)
    assert world.files.list(layout.STAGING) == []


def test_a_large_batch_is_repeated_exactly_however_it_was_split(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade in between may split batches differently."""
    even, odd = (next(s for s in map(str, range(99)) if zlib.crc32(s.encode()) % 2 == p) for p in (0, 1))
    for session in (even, odd, odd):
        world.log.add(stored_event(event_time=f"{_DAY}T08:00:00.000Z", session_id=session))
    world.log.add_reject("shop", f"{_DAY}T08:00:00.000Z")
    records, before = world.log.records, Counter[ArchivedRow]()
    whole, rest = "aaaa0000-000000000.parquet", "aaaa0000-000000000_1.parquet"
    world.offer(0)
    for large, names in ((1, [whole, rest]), (10, [whole]), (1, [whole, rest])):
        monkeypatch.setattr("footfall.streaming.archive._LARGE", large)
        world.files.delete(layout.progress_file("aaaa0000", 0))
        for _ in _deaths(world, records, 0):
            found = Counter(set(world.archived()))
            assert before <= found <= world.expected()
            before = found
        _check(world, archived=3, rejected=1)
        held = layout.parts(world.files, f"/events/app_id=shop/dt={_DAY}")
        assert [file.name for file in held] == names


def test_a_merge_that_crashed_at_any_change_is_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "FAN", 2)
    archive = world.archive()
    batches = [_fill(world) for _ in range(3)]
    for number, records in enumerate(batches):
        archive.batch(world.frame(records), number)
    totals = _latest(world).totals
    expected = world.expected()
    now_ms = time.time_ns() // 1_000_000
    for mortal in range(100):
        merging = world.archive(mortal)
        # The process that ran the last batch does not know whether Spark has committed it.
        merging._batch = 2
        try:
            merging.compact(now_ms, _PATIENT_S)
            break
        except Died:
            assert Counter(set(world.archived())) == expected
            assert world.archived() == expected or compaction.under_way(world.files)
    else:
        pytest.fail("Merging never ended.")
    assert _latest(world).totals == totals
    names = [file.name for file in layout.parts(world.files, f"/events/app_id=shop/dt={_DAY}")]
    # The files of the last batch are left alone, since Spark may repeat it.
    assert names == ["aaaa0000-000000000-000000001-1.parquet", "aaaa0000-000000002.parquet"]
    world.archive().batch(world.frame(batches[2]), 2)
    world.archive().batch(world.frame(_fill(world)), 3)
    _check(world, archived=12, repeats=3, unreadable=4, rejected=4)


def test_a_lost_checkpoint_and_a_damaged_file_lose_and_duplicate_nothing(world: World) -> None:
    archive = world.archive()
    archive.batch(world.frame(_fill(world)), 0)
    archive.batch(world.frame(_fill(world)), 1)
    # All files of this batch get their final names, but its progress is not written.
    unnoticed = _fill(world)
    with pytest.raises(Died):
        world.archive(mortal=4).batch(world.frame(unnoticed), 2)
    assert world.archived() == world.expected()

    # Then the checkpoint is lost. The new one begins after the last progress.
    current = world.current()
    renewed = resume.recovery_checkpoint(current, _latest(world), TOPICS, world.log.bounds(), accept_loss=False)
    assert renewed.starts.items() >= _latest(world).ends.items()
    world.journal.begin(renewed)
    world.archive().batch(world.frame(unnoticed[:2]), 0)
    # The new progress includes the minutes of the batch whose progress was missing.
    ((first, last),) = _latest(world).touched
    assert last == first + 1
    world.archive().batch(world.frame(unnoticed[2:] + _fill(world)), 1)
    _check(world, archived=12, repeats=3, unreadable=4, rejected=4)

    # A file is damaged: the archive stops, since it could archive the rows of that file a second time.
    path = f"/events/app_id=shop/dt={_DAY}/{current.checkpoint}-000000001.parquet"
    hours = range(first // HOUR, first // HOUR + 24)
    content = world.files.read(path) or b""
    more = _fill(world)
    for damage in (b"", content[:40] + b"\0" * 600 + content[640:]):
        world.files.write(path, damage)
        with pytest.raises(ArchiveRefused, match=f"{path} cannot be read.*recover archive --from-start"):
            world.archive().batch(world.frame(more), 2)
        assert _latest(world).batch == 1
        with pytest.raises(ArchiveRefused, match=f"{path} cannot be read.*recover archive --from-start"):
            world.archive().windows(windows_of_hours(hours, hours[-1] * HOUR + HOUR))

    # The remedy in the error's sentence.
    world.files.delete(path)
    renewed = resume.recovery_checkpoint(
        world.current(), _latest(world), TOPICS, world.log.bounds(), False, from_start=True
    )
    assert set(renewed.starts.values()) == {0}
    world.journal.begin(renewed)
    world.archive().batch(world.frame(world.log.records), 0)
    _check(world, archived=15, repeats=4, unreadable=5, rejected=5)


def test_a_batch_whose_predecessor_is_unknown_is_refused(world: World) -> None:
    records = _fill(world)
    world.archive().batch(world.frame(records), 0)
    for number in (2, 7):
        with pytest.raises(
            ArchiveRefused, match=f"batch {number}, but .* is missing: .*aaaa0000-00000000{number - 1}.json"
        ):
            world.archive().batch(world.frame(records), number)
    assert world.archived() == world.expected()

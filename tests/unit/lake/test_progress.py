"""Progress files: a written file is read back, a damaged one counts as missing, old ones are deleted."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.hdfs import HdfsUnavailable
from footfall.kafka.topics import Topic, TopicPartition
from footfall.lake import layout
from footfall.lake.progress import Current, Journal, Loss, Progress, Totals, ends_of, offered_ends, spark_offsets
from tests.support.local_files import Died, LocalFiles

_TOPICS = {"events": Topic("events", "abc", 8), "events.rejected": Topic("events.rejected", "def", 1)}
_PLACES = st.dictionaries(st.tuples(st.sampled_from(list(_TOPICS)), st.integers(0, 7)), st.integers(0, 2**62))
_DAMAGES = [b"", b"\0" * 40, b"null", b"[]", b"{}", b'{"checkpoint": "abcd1234"', b'{"ends": 5}']
_TOTALS = st.builds(Totals, *[st.integers(0, 2**50)] * 4)


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


def _progress(batch: int, ends: dict[TopicPartition, int] | None = None, checkpoint: str = "abcd1234") -> Progress:
    return Progress(checkpoint, batch, 5, 9, {} if ends is None else ends, ((3, 4), (8, 8)), Totals(archived=batch))


@settings(max_examples=40)
@given(_PLACES, _PLACES, _TOTALS, st.lists(st.builds(Loss, st.just("events"), *[st.integers(0, 9)] * 4)))
def test_the_current_checkpoint_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    starts: dict[TopicPartition, int],
    counted: dict[TopicPartition, int],
    totals: Totals,
    lost: list[Loss],
) -> None:
    journal = Journal(LocalFiles(tmp_path_factory.mktemp("journal")))
    assert journal.current() is None
    current = Current("abcd1234", _TOPICS, starts, tuple(lost), totals, counted)
    journal.begin(current)
    assert journal.current() == current


def test_the_file_lists_the_topics_by_name(files: LocalFiles) -> None:
    Journal(files).begin(Current("abcd1234", _TOPICS, {}))
    written = json.loads(files.read(layout.CURRENT) or b"")
    assert written["topics"]["events"] == {"id": "abc", "partitions": 8}


@settings(max_examples=40)
@given(_PLACES, _TOTALS, st.lists(st.tuples(st.integers(), st.integers())))
def test_a_progress_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    ends: dict[TopicPartition, int],
    totals: Totals,
    touched: list[tuple[int, int]],
) -> None:
    journal = Journal(LocalFiles(tmp_path_factory.mktemp("journal")))
    progress = Progress("abcd1234", 7, 1, 2, ends, tuple(touched), totals)
    journal.append(progress)
    assert journal.read("abcd1234", 7) == progress
    assert journal.latest("abcd1234") == progress


def test_the_latest_is_the_highest_of_its_own_checkpoint(files: LocalFiles) -> None:
    journal = Journal(files)
    assert journal.latest("abcd1234") is None
    for batch in (0, 9, 10, 999_999_999, 1_000_000_000):
        journal.append(_progress(batch))
    journal.append(_progress(2_000_000_000, checkpoint="ffff0000"))
    files.write(f"{layout.PROGRESS}/_abcd1234-3000000000.json", b"half writ")
    assert journal.batches("abcd1234") == [0, 9, 10, 999_999_999, 1_000_000_000]
    latest = journal.latest("abcd1234")
    assert latest is not None
    assert latest.batch == 1_000_000_000


@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_damaged_progress_counts_as_absent(files: LocalFiles, damage: bytes) -> None:
    journal = Journal(files)
    journal.append(_progress(4))
    journal.append(_progress(5))
    files.write(layout.progress_file("abcd1234", 5), damage)
    assert journal.read("abcd1234", 5) is None
    assert journal.latest("abcd1234") == _progress(4)


@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_damaged_checkpoint_is_a_sentence_with_a_remedy(files: LocalFiles, damage: bytes) -> None:
    files.write(layout.CURRENT, damage)
    with pytest.raises(HdfsUnavailable, match=r"current\.json is damaged: .* Move it away"):
        Journal(files).current()


def test_a_crash_while_writing_keeps_the_old_file(files: LocalFiles) -> None:
    Journal(files).append(_progress(1))
    for changes in (0, 1):
        with pytest.raises(Died):
            Journal(LocalFiles(files.root, mortal=changes)).append(_progress(2))
        assert Journal(files).latest("abcd1234") == _progress(1)
    Journal(files).append(_progress(2))
    assert Journal(files).latest("abcd1234") == _progress(2)


def test_pruning_leaves_what_is_needed_and_some_before_it(files: LocalFiles) -> None:
    journal = Journal(files)
    for batch in range(60):
        journal.append(_progress(batch))
    journal.append(_progress(3, checkpoint="ffff0000"))
    journal.begin(Current("abcd1234", _TOPICS, {}))
    files.write(layout.INTENT, b"{}")
    journal.prune("abcd1234", 50)
    assert journal.batches("abcd1234") == list(range(10, 60))
    assert journal.batches("ffff0000") == []
    assert files.exists(layout.INTENT)
    assert journal.current() is not None


def test_ends_come_from_the_latest_progress_or_the_start_of_the_checkpoint() -> None:
    current = Current("abcd1234", _TOPICS, {("events", 0): 5})
    assert ends_of(current, None) == {("events", 0): 5}
    assert ends_of(current, _progress(0, {("events", 1): 7})) == {("events", 1): 7}


def test_sparks_offsets_name_every_partition() -> None:
    offsets = spark_offsets(
        {("events", 3): 12},
        {"events": Topic("events", "abc", 4), "events.rejected": Topic("events.rejected", "def", 1)},
    )
    assert offsets == '{"events": {"0": -2, "1": -2, "2": -2, "3": 12}, "events.rejected": {"0": -2}}'


def test_totals_add_up() -> None:
    assert Totals(1, 2, 3, 4).plus(Totals(10, 20, 30, 40)) == Totals(11, 22, 33, 44)


def test_the_ends_of_a_batch_are_read_from_sparks_offset_log() -> None:
    note = b'v1\n{"batchWatermarkMs":0}\n{"events":{"0":7,"3":9},"events.rejected":{"0":2}}'
    assert offered_ends(note) == {("events", 0): 7, ("events", 3): 9, ("events.rejected", 0): 2}


@pytest.mark.parametrize("damaged", [b"", b"v1\n{}\n", b"v1", b"v1\n{}\n{", b"v1\n{}\n5", b'v1\n{}\n{"events":5}'])
def test_a_damaged_offset_log_has_no_ends(damaged: bytes) -> None:
    assert offered_ends(damaged) == {}

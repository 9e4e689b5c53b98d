"""Extracts: which hold all versions together, what the next one takes, and what is refused."""

from pathlib import Path

import pytest

from footfall.warehouse.sqoop import extracts
from footfall.warehouse.sqoop.extracts import OVERLAP_MS, STAGING, Extract, ExtractRefused, Summary
from footfall.warehouse.sqoop.source import Span
from tests.support.crm_people import PersonVersion, people, store
from tests.support.local_files import Died, LocalFiles

FIRST = Extract("20261101T000000-0001", None, 10_000_000, 0)
SECOND = Extract("20261102T000000-0001", FIRST.settled_ms, 20_000_000, 0)
ALICE = PersonVersion("alice", 1, 1_000_000, 1_000_000)
ALICE_LATER = PersonVersion("alice", 2, 15_000_000, 15_000_000)
BOB = PersonVersion("bob", 1, 9_900_000, 9_900_000)
RUN = "20261103T000000-0001"
SPAN = Span(None, 30_000_000)


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


def test_nothing_is_current_before_the_first_extract(files: LocalFiles) -> None:
    assert extracts.current(files) == []
    assert extracts.reason_for_all(files, [], 0)


def test_an_extract_of_all_versions_replaces_those_before_it(files: LocalFiles) -> None:
    first, second = store(files, FIRST, [ALICE, BOB]), store(files, SECOND, [BOB, ALICE_LATER])
    assert extracts.current(files) == [first, second]
    again = store(files, Extract(RUN, None, 30_000_000, 0), [ALICE, ALICE_LATER, BOB])
    assert extracts.current(files) == [again]


def test_only_a_complete_extract_is_current(files: LocalFiles) -> None:
    first = store(files, FIRST, [ALICE, BOB])
    store(files, SECOND, [ALICE_LATER])
    files.write(f"{SECOND.folder}/_extract.json", b'{"run": ')
    files.write(f"{STAGING}/{RUN}-1a2b/part-m-00000", ALICE.line)
    assert extracts.current(files) == [first]
    assert extracts.find(files, SECOND.run) is None


def test_the_next_extract_overlaps_the_one_before(files: LocalFiles) -> None:
    assert extracts.next_span([FIRST], 50_000_000) == Span(10_000_000 - OVERLAP_MS, 50_000_000)


def test_a_clock_that_was_set_back_leaves_no_gap() -> None:
    assert extracts.next_span([FIRST, SECOND], 5_000_000) == Span(20_000_000 - OVERLAP_MS, 20_000_000)


def test_the_newest_changes_suffice_if_no_older_version_is_missing(files: LocalFiles) -> None:
    taken = [store(files, FIRST, [ALICE, BOB]), store(files, SECOND, [BOB, ALICE_LATER])]
    # A version in two extracts is one version.
    assert extracts.reason_for_all(files, taken, settled=3) == ""


@pytest.mark.parametrize("settled", [2, 4])
def test_a_version_that_appeared_late_or_vanished_makes_the_next_extract_take_all(
    files: LocalFiles, settled: int
) -> None:
    taken = [store(files, FIRST, [ALICE, BOB]), store(files, SECOND, [BOB, ALICE_LATER])]
    assert (
        extracts.reason_for_all(files, taken, settled) == f"The extracts hold 3 versions where the CRM has {settled}."
    )


def test_a_version_within_the_overlap_is_read_again_and_not_counted(files: LocalFiles) -> None:
    recent = PersonVersion("carol", 1, FIRST.to_ms - 1, FIRST.to_ms - 1)
    taken = [store(files, FIRST, [ALICE, recent])]
    assert extracts.reason_for_all(files, taken, settled=1) == ""


def test_a_damaged_extract_makes_the_next_one_take_all(files: LocalFiles) -> None:
    taken = [store(files, FIRST, [ALICE, BOB])]
    files.write(f"{FIRST.folder}/part-m-00000", ALICE.line)
    assert "has 1 rows instead of 2" in extracts.reason_for_all(files, taken, settled=2)
    files.write(f"{FIRST.folder}/part-m-00000", ALICE.line + BOB.line[:-1])
    assert "cut off" in extracts.reason_for_all(files, taken, settled=2)


def test_what_sqoop_wrote_becomes_visible_with_its_description(files: LocalFiles) -> None:
    hostile = people(seed=1, number=200)
    staged = f"{STAGING}/{RUN}-1a2b"
    files.write(f"{staged}/part-m-00000", b"".join(version.line for version in hostile))
    files.write(f"{staged}/_SUCCESS", b"")
    landed = extracts.land(files, staged, RUN, SPAN, len(hostile))
    assert landed == Extract(RUN, None, 30_000_000, len(hostile))
    assert extracts.current(files) == [landed]
    assert not files.exists(staged)
    assert extracts.summarise(files, [landed]) == Summary(
        len({(one.user_id, one.valid_from_ms) for one in hostile}), len({one.user_id for one in hostile})
    )


def test_an_empty_extract_is_complete(files: LocalFiles) -> None:
    staged = f"{STAGING}/{RUN}-1a2b"
    files.write(f"{staged}/part-m-00000", b"")
    assert extracts.land(files, staged, RUN, SPAN, 0).rows == 0
    assert extracts.summarise(files, extracts.current(files)) == Summary(0, 0)


def test_rows_that_did_not_arrive_are_refused(files: LocalFiles) -> None:
    files.write(f"{STAGING}/x/part-m-00000", ALICE.line + BOB.line)
    with pytest.raises(ExtractRefused, match="Sqoop counted 3 rows, but the extract has 2"):
        extracts.land(files, f"{STAGING}/x", RUN, SPAN, 3)
    assert extracts.current(files) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"alice\t1\n", "it has 2 columns instead of 12"),
        (ALICE.line.replace(b"alice", rb"\N"), "it has no user_id"),
        (ALICE.line.replace(b"alice", b""), "it has no user_id"),
        (ALICE.line.replace(b"\t1\t", b"\tone\t"), "its version is no whole number"),
        (ALICE._replace(valid_from_ms=None).line, "its valid_from_ms is no whole number"),  # type: ignore[arg-type]
    ],
)
def test_an_unusable_row_is_named(files: LocalFiles, line: bytes, fault: str) -> None:
    files.write(f"{STAGING}/x/part-m-00000", BOB.line + line)
    with pytest.raises(ExtractRefused, match=f"Row 2 of the extract {STAGING}/x cannot be used: {fault}"):
        extracts.land(files, f"{STAGING}/x", RUN, SPAN, 2)


@pytest.mark.parametrize("changes", [0, 1])
def test_a_run_that_dies_while_landing_leaves_no_extract(tmp_path: Path, changes: int) -> None:
    files = LocalFiles(tmp_path)
    before = store(files, FIRST, [ALICE])
    files.write(f"{STAGING}/x/part-m-00000", ALICE.line)
    with pytest.raises(Died):
        extracts.land(LocalFiles(tmp_path, mortal=changes), f"{STAGING}/x", RUN, SPAN, 1)
    assert extracts.current(files) == [before]
    assert extracts.land(files, f"{STAGING}/x", RUN, SPAN, 1) in extracts.current(files)

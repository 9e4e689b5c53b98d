"""An archive with the first record of every identity agrees; any damage is reported."""

import pytest

from footfall.lake.progress import Loss
from footfall.verification.findings import HOUR_MS
from tests.support.events import NOW_MS
from tests.unit.verification.world import World, kinds, made_world


@pytest.fixture
def world() -> World:
    made = made_world()
    made.archive()
    return made


def test_an_archive_with_every_event_once_agrees_backfill_included(world: World) -> None:
    report = world.verify()
    assert report.problems == []
    # 85 live events and three of backfill.
    assert report.stores["archive"]["events"] == 88
    assert sum(row["archived"] for row in report.hours) == 88


def test_a_missing_row_is_reported(world: World) -> None:
    gone = world.rows().pop(3)
    [problem] = world.verify().problems
    assert (problem.store, problem.kind, problem.count) == ("archive", "not_archived", 1)
    assert problem.ids == (f"{gone.sessions[0]}/{gone.events[0]}",)


def test_a_missing_row_of_backfill_is_reported(world: World) -> None:
    history = world.visit("shop", 2, by="history", backfill=True)
    world.count()
    world.archive()
    world.archived = [row for row in world.rows() if row.events != [history[1]["event_id"]]]
    assert kinds(world.verify()) == {("archive", "not_archived")}


def test_a_row_that_is_there_twice_is_reported(world: World) -> None:
    row = world.rows()[5]
    world.rows().append(row)
    [problem] = world.verify().problems
    assert (problem.kind, problem.app_id) == ("archived_twice", row.app_id)


def test_a_repeat_in_place_of_the_first_is_reported(world: World) -> None:
    # The golden repeat is the last record of its partition; the archive took that one.
    for index, row in enumerate(world.rows()):
        partition = "events", row.partitions[0]
        records = world.log.records[partition]
        if records.count(records[row.offsets[0]]) and row.app_id == "academy" and row.offsets[0] + 1 < len(records):
            world.rows()[index] = row._replace(offsets=[row.offsets[0] + 1])
            break
    assert kinds(world.verify()) == {("archive", "archived_other")}


def test_a_row_that_kafka_does_not_hold_is_reported_and_one_that_kafka_deleted_is_not(world: World) -> None:
    row = world.rows()[0]
    stranger = "01936000-0000-7000-8000-00000000abcd"
    world.rows().append(row._replace(events=[stranger]))
    [problem] = world.verify().problems
    assert (problem.kind, problem.ids[0]) == (
        "archived_extra",
        f"{row.sessions[0]}/{stranger} (offset {row.offsets[0]})",
    )
    world.log.starts["events", row.partitions[0]] = row.offsets[0] + 1
    assert not {kind for store, kind in kinds(world.verify()) if store == "archive"}


def test_waiting_records_are_reported_by_partition(world: World) -> None:
    world.visit("shop", 2)
    world.count()
    report = world.verify()
    assert ("archive", "behind") in kinds(report)
    assert ("archive", "not_archived") in kinds(report)


def test_lost_records_are_always_reported(world: World) -> None:
    world.archive_lost = (Loss("events", 2, 10, 15, NOW_MS),)
    [problem] = world.verify().problems
    assert problem.detail == "Kafka deleted offsets 10 to 14 of events/2 before they were archived."


def test_only_hours_from_the_given_one_on_are_compared(world: World) -> None:
    for row in list(world.rows()):
        if row.event_ms[0] < NOW_MS - HOUR_MS // 2:
            world.rows().remove(row)
    assert not world.verify().ok
    assert world.verify(since_ms=NOW_MS).ok

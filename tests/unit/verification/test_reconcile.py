"""A world that the real counting made agrees; any later damage is reported."""

from typing import Any
from uuid import UUID

import pytest

from footfall.events.identity import new_uuid7
from footfall.realtime import tables
from footfall.sites.visitors.ledger import Entry
from footfall.verification.findings import HOUR_MS, MAX_NAMED
from footfall.verification.identity import partition_of
from footfall.verification.kafka_log import KafkaLogUnavailable
from tests.support.events import NOW_MS, stored_event
from tests.unit.verification.faults import keep, kept, promise_an_event
from tests.unit.verification.world import World, kinds, made_world, newest

EARLIER_MS = NOW_MS - HOUR_MS


def test_a_counted_world_agrees() -> None:
    report = made_world().verify()
    assert report.problems == []
    assert report.ok
    assert report.covers_from_ms is None
    # 12 × 6 + 4 + 2 + 3 + 4 events of people and bots. The live path does not count the three of backfill.
    kafka = {name: report.stores["kafka"][name] for name in ("events", "repeats", "backfill", "rejected", "unreadable")}
    assert kafka == {"events": 85, "repeats": 1, "backfill": 3, "rejected": 2, "unreadable": 0}
    assert report.stores["ledger"]["accepted"] == 82
    assert report.stores["ledger"]["explained"] == {"rejected: wrong_type": 2}
    assert report.stores["live"]["session_cells"] == 85
    assert report.stores["archive"] == {"compared": False, "reason": "not part of this profile"}


def test_totals_are_grouped_by_app_and_hour() -> None:
    rows = {(row["app_id"], row["hour"][11:13]): row for row in made_world().verify().hours}
    # Visits 0 and 6 (shop) and 4 and 10 (news), of six events each, are at eight o'clock; odd ones are at seven.
    assert rows["academy", "08"] | {"hour": ""} == {
        "hour": "",
        "app_id": "academy",
        "accepted": 16,
        "in_kafka": 16,
        "counted": 16,
        "archived": 0,
        "repeats": 1,
        "rejected": 0,
    }
    assert (rows["news", "08"]["accepted"], rows["news", "08"]["counted"]) == (12, 15)
    assert (rows["shop", "07"]["counted"], rows["shop", "08"]["rejected"]) == (12, 1)
    assert sum(row["in_kafka"] for row in rows.values()) == sum(row["counted"] for row in rows.values()) == 85


def test_the_document_keeps_its_format() -> None:
    document = made_world().verify().document()
    assert list(document) == ["ok", "cut", "covers_from", "stores", "hours", "problems"]
    assert document["cut"]["at"] == "2026-11-24T09:00:00.000Z"
    assert sum(document["cut"]["events"].values()) == 89
    assert document["cut"]["events.rejected"] == {"0": 2}


def test_a_record_sent_again_is_a_repeat_and_changes_nothing() -> None:
    world = made_world()
    for _ in range(3):
        world.append(newest(world))
    world.count()
    report = world.verify()
    assert report.ok
    assert report.stores["kafka"]["repeats"] == 4


def test_a_repeat_that_is_counted_is_reported() -> None:
    world = made_world()
    event = newest(world)
    world.append(event)
    session = world.cells.tables["sessions"].pop(event["session_id"].encode())
    world.count()  # the bolt does not know the first record, as after the loss of a row
    world.cells.tables["sessions"][event["session_id"].encode()] = session
    assert ("live", "row_differs") in kinds(world.verify())


@pytest.mark.parametrize("partitions", [1, 3, 13])
def test_any_number_of_partitions_agrees(partitions: int) -> None:
    world = made_world(partitions)
    world.archive()
    report = world.verify()
    assert [problem.detail for problem in report.problems] == []
    assert len({number for topic, number in world.log.records if topic == "events"}) == partitions


@pytest.mark.parametrize("rows_written", range(0, 40, 3))
def test_cells_ahead_of_progress_agree(rows_written: int) -> None:
    world = made_world()
    for number in range(8):
        world.visit("shop", 3, NOW_MS + number * 1000)
    world.count(rows_written)
    states = {partition: world.progress(partition).progress for partition in world.log.records}
    world.ends = {partition: state.offset + 1 if state else 0 for partition, state in states.items()}
    world.accepted_before_ms = NOW_MS
    assert [problem.detail for problem in world.verify().problems] == []


def test_events_after_the_cut_are_not_compared() -> None:
    world = made_world()
    world.ends = {partition: len(log) for partition, log in world.log.records.items()}
    world.accepted_before_ms = NOW_MS + 60_000
    world.visit("shop", 5, NOW_MS + 61_000)
    # The ledger was read before most of these were attempted, but a line shows that it knows the session.
    late = [entry for entry in world.ledger["shop"] if entry.ms >= NOW_MS + 61_000]
    world.ledger["shop"] = [entry for entry in world.ledger["shop"] if entry not in late[1:]]
    report = world.verify()
    assert report.problems == []
    assert sum(row["in_kafka"] for row in report.hours) == 85


def test_counting_that_lags_is_reported_with_its_partition() -> None:
    world = made_world()
    event = world.visit("shop", 2)[0]
    report = world.verify()
    assert kinds(report) == {("live", "behind")}
    assert f"2 records of events/{partition_of(event['session_id'], 8)} are not counted" in report.problems[0].detail


def test_a_lost_tail_is_reported() -> None:
    world = made_world()
    event = newest(world, "academy")
    world.log.records["events", partition_of(event["session_id"], 8)].pop()
    assert ("live", "tail_lost") in kinds(world.verify())


def test_losses_during_counting_stay_reported() -> None:
    world = made_world()
    world.lost = ((3, 9, NOW_MS),)
    problem = world.verify().problems[0]
    assert (problem.kind, problem.detail) == (
        "lost",
        "Kafka deleted offsets 3 to 8 of events/0 before they were counted.",
    )


def test_every_store_leaves_out_unreadable_records() -> None:
    world = made_world()
    world.log.records["events", 2] += [b"{not json", b"[1]", b'{"app_id": "shop"}']
    world.log.records["events.rejected", 0].append(b"nonsense")
    world.count()
    report = world.verify()
    assert report.problems == []
    assert report.stores["kafka"]["unreadable"] == 4
    cell = world.cells.tables["progress"][b"events|2"]
    stamp, packed = cell[tables.PROGRESS_COLUMN]
    progress = tables.decode_progress(packed)
    cell[tables.PROGRESS_COLUMN] = (stamp, tables.encode_progress(progress._replace(unparsable=4)))
    assert kinds(world.verify()) == {("live", "unreadable_differs")}


def test_another_topic_of_the_same_name_is_reported() -> None:
    world = made_world()
    cell = world.cells.tables["progress"][b"events|2"]
    stamp, packed = cell[tables.PROGRESS_COLUMN]
    cell[tables.PROGRESS_COLUMN] = (
        stamp,
        tables.encode_progress(tables.decode_progress(packed)._replace(topic_id="older")),
    )
    assert kinds(world.verify()) == {("live", "topic_differs")}


def test_events_that_kafka_has_deleted_are_not_compared() -> None:
    world = World()
    forgotten = world.visit("shop", 6, EARLIER_MS)
    for event in forgotten:
        world.append(event)
    for _ in range(20):
        world.visit("shop", 3)
    world.count()
    # Kafka still holds repeats of events whose first records are deleted. Only the session cells know the first ones.
    partition = ("events", partition_of(forgotten[0]["session_id"], 8))
    world.log.starts[partition] = 6
    world.log.first_ms = EARLIER_MS + 20_000
    report = world.verify()
    assert report.problems == []
    assert report.covers_from_ms == NOW_MS
    assert {row["hour"]: row["counted"] for row in report.hours} == {"2026-11-24T08:00:00.000Z": 60}
    assert report.stores["kafka"]["repeats"] == 6


def test_a_visit_whose_beginning_kafka_has_deleted_is_one_visit() -> None:
    world = World()
    visit = world.visit("shop", 40, NOW_MS - 20_000)
    world.count()
    world.log.starts["events", partition_of(visit[0]["session_id"], 8)] = 20
    world.log.first_ms = NOW_MS - 60_000
    assert world.verify().problems == []
    # The visit is compared: without the cells of the deleted events, its next page view would have to be an entry.
    session = visit[0]["session_id"]
    forgotten = {UUID(event["event_id"]).bytes for event in visit[:20]}
    keep(world, session, {known: cell for known, cell in kept(world, session).items() if known not in forgotten})
    assert kinds(world.verify()) == {("live", "row_differs")}


def test_a_page_view_before_the_compared_hours_may_change_a_compared_row() -> None:
    world = World()
    visit = world.visit("shop", 3)
    # It arrives after them but happened before them, so the visit began with it.
    at_ms = NOW_MS - 1_000
    same = {"session_id": visit[0]["session_id"], "anonymous_id": visit[0]["anonymous_id"], "seq": -1}
    late = stored_event(at_ms + 500, **same, page_path="/before")
    world.append(late)
    world.ledger["shop"] += [
        Entry("attempted", at_ms, late["event_id"], late["session_id"], seq=-1, event_type="page_view"),
        Entry("accepted", at_ms, late["event_id"], late["session_id"]),
    ]
    world.count()
    assert world.verify().problems == []
    assert world.verify(NOW_MS).problems == []


def test_since_limits_report_and_comparison() -> None:
    world = made_world()
    seven = next(e for e in world.ledger["shop"] if e.kind == "accepted" and e.ms < NOW_MS)
    del world.cells.tables["sessions"][seven.session_id.encode()]
    assert kinds(world.verify()) == {("live", "session_missing")}
    report = world.verify(NOW_MS + 1_800_000)
    assert report.problems == []
    assert report.covers_from_ms == NOW_MS
    assert {row["hour"] for row in report.hours} == {"2026-11-24T08:00:00.000Z"}


def test_hours_that_the_sweeper_may_have_cleared_are_left_out() -> None:
    world = World()
    old_ms = NOW_MS - 9 * 24 * HOUR_MS
    world.visit("shop", 4, old_ms)
    world.count()
    world.cells.tables = {"progress": world.cells.tables["progress"]}
    world.visit("shop", 4)
    world.count()
    report = world.verify()
    assert report.problems == []
    assert report.covers_from_ms is not None
    assert old_ms < report.covers_from_ms < NOW_MS


def test_ledger_hours_that_are_reduced_to_totals_are_not_missing() -> None:
    world = made_world()
    world.visit("shop", 3, NOW_MS + HOUR_MS - 1_500)  # begins in one hour, ends in the next
    world.count()
    world.ledger_from = (NOW_MS + HOUR_MS) // HOUR_MS
    assert world.verify().problems == []


def test_spooled_events_are_not_missing() -> None:
    world = made_world()
    promise_an_event(world)
    world.accepted_before_ms = NOW_MS
    assert world.verify().problems == []


def replay(world: World, event: dict[str, Any], seq: int | None = None) -> None:
    """Sends an event as a repaired reject is sent, with a ledger line of its seq or another one."""
    announced = event["seq"] if seq is None else seq
    line = Entry("replayed", NOW_MS + 1_800_000, event["event_id"], event["session_id"], seq=announced)
    world.ledger[event["app_id"]].append(line)
    world.append(event)
    world.count()


def test_a_replay_is_explained() -> None:
    world = made_world()
    visit = world.visit("shop", 3)
    # One replay has an event_id that the visitor never sent; the other has a different seq than the visitor gave it.
    replay(world, {**visit[0], "event_id": new_uuid7(NOW_MS)})
    rejected = world.reject("shop")
    session = next(e.session_id for e in world.ledger["shop"] if e.event_id == rejected)
    replay(world, stored_event(event_id=rejected, session_id=session, seq=5))
    report = world.verify()
    assert report.problems == []
    assert report.stores["ledger"]["replayed"] == 2
    assert report.stores["kafka"]["events"] == 85 + 3 + 2


def test_a_replay_into_a_browsers_visit_does_not_concern_its_other_events() -> None:
    world = made_world()
    visit = world.visit("news", 4, by="browser")
    replay(world, {**visit[0], "event_id": new_uuid7(NOW_MS)})
    assert world.verify().problems == []


def test_repeated_replays_and_backfill_change_nothing() -> None:
    world = made_world()
    event = stored_event()
    for _ in range(2):
        replay(world, event)
    replay(world, stored_event(backfill=True))
    report = world.verify()
    assert report.problems == []
    assert (report.stores["kafka"]["repeats"], report.stores["kafka"]["backfill"]) == (2, 4)


def test_a_replay_that_never_came_is_no_problem() -> None:
    world = made_world()
    world.ledger["shop"].append(Entry("replayed", NOW_MS, new_uuid7(NOW_MS), new_uuid7(NOW_MS), seq=0))
    assert world.verify().problems == []


def test_a_replay_explains_only_what_it_announced() -> None:
    world = made_world()
    visit = world.visit("shop", 3)
    replay(world, {**visit[0], "event_id": new_uuid7(NOW_MS)}, seq=9)
    assert kinds(world.verify()) == {("ledger", "never_attempted")}


def test_all_missing_events_are_counted_and_some_named() -> None:
    world = made_world()
    for _ in range(MAX_NAMED + 5):
        promise_an_event(world)
    (problem,) = world.verify().problems
    assert (problem.count, len(problem.ids)) == (MAX_NAMED + 5, MAX_NAMED)
    assert problem.document()["hour"] == "2026-11-24T08:00:00.000Z"


def test_a_log_that_shrinks_during_the_comparison_ends_it() -> None:
    world = made_world()
    honest = world.log.bounds
    calls = []

    def shrinking(topic: str, partitions: Any) -> dict[int, tuple[int, int]]:
        calls.append(topic)
        return {p: (start + (len(calls) > 2), end) for p, (start, end) in honest(topic, partitions).items()}

    world.log.bounds = shrinking  # type: ignore[method-assign]
    with pytest.raises(KafkaLogUnavailable, match="verify again"):
        world.verify()

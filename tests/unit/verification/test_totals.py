"""All totals of a report are those at its cut, however many events arrive during the comparison."""

from typing import Any

import orjson
import pytest

from footfall.events.rejects import Reject, reject_record
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.ledger import Entry
from footfall.verification.findings import HOUR_MS
from footfall.verification.report import Report
from tests.support.events import NOW_MS, stored_event
from tests.unit.verification.world import World, made_world, newest

MINUTE_MS = 60_000
T_MS = NOW_MS + 10 * MINUTE_MS


def simulated() -> World:
    """Visits and rejects of simulated visitors only, counted and archived. T of the cut is after all of them."""
    world = World(at_ms=T_MS, accepted_before_ms=T_MS)
    for number in range(9):
        world.visit(DEMO_SITES[number % 3], 5, NOW_MS - HOUR_MS * (number % 2), is_bot=number == 4)
    world.append(newest(world))
    world.reject("shop")
    world.count()
    world.archive()
    return world


def take_ends(world: World) -> None:
    """Sets the cut's ends to the current ends of the log."""
    world.ends = {partition: len(records) for partition, records in world.log.records.items()}


def go_on(world: World) -> None:
    """Adds more of everything after the cut, to old rows and new ones, and counts and archives it at once."""
    visit = newest(world, "shop")
    same = {name: visit[name] for name in ("app_id", "session_id", "anonymous_id")}
    # Some go to rows with events before the cut, some to new rows.
    for ms in (NOW_MS, T_MS + MINUTE_MS):
        event = stored_event(ms, **same, seq=7, page_path="/new")
        world.append(event)
        attempted = Entry("attempted", T_MS + 1, event["event_id"], event["session_id"], 7, event["event_type"])
        world.ledger["shop"] += [attempted, Entry("accepted", T_MS + 2, event["event_id"], event["session_id"])]
        world.visit("news", 4, ms, by="browser")
    for app in DEMO_SITES:
        world.visit(app, 6, T_MS + MINUTE_MS)
        world.visit(app, 2, T_MS + MINUTE_MS, by="history", backfill=True)
    for event in (newest(world), visit):
        world.append(event)
    world.append({**stored_event(backfill=True), "event_id": visit["event_id"], "session_id": visit["session_id"]})
    for partition in (("events", 3), ("events.rejected", 0)):
        world.log.records[partition].append(b"nonsense")
    world.reject("academy", T_MS + MINUTE_MS)
    world.log.records["events.rejected", 0].append(
        reject_record(Reject("wrong_type", "A field is wrong.", None), b"{}", "shop", NOW_MS)
    )
    world.count()
    world.archive()


def same_totals(report: Report) -> dict[str, Any]:
    """The totals that are equal if all events come from simulated visitors."""
    stores = report.stores
    return {
        "accepted": stores["ledger"]["accepted"],
        "in Kafka": stores["kafka"]["events"],
        "archived": stores["archive"]["events"],
        "live": stores["live"]["session_cells"],
    }


def test_totals_of_simulated_visitors_are_equal() -> None:
    report = simulated().verify()
    assert report.problems == []
    assert same_totals(report) == dict.fromkeys(("accepted", "in Kafka", "archived", "live"), 45)
    for row in report.hours:
        assert row["accepted"] == row["in_kafka"] == row["counted"] == row["archived"], row
    rejected = {name: report.stores[name]["rejected"] for name in ("ledger", "kafka", "archive")}
    assert rejected == {"ledger": 1, "kafka": 1, "archive": 1}
    assert report.stores["kafka"]["repeats"] == report.stores["archive"]["repeats_left_out"] == 1


@pytest.mark.parametrize("make", [simulated, made_world])
def test_no_total_includes_events_after_the_cut(make: Any) -> None:
    world = make()
    world.at_ms = world.accepted_before_ms = T_MS
    world.archive()
    take_ends(world)
    before = world.verify()
    go_on(world)
    after = world.verify()
    assert before.problems == after.problems == []
    assert after.stores == before.stores
    assert after.hours == before.hours
    # With a later cut, the totals do change: events had arrived.
    world.ends, world.at_ms, world.accepted_before_ms = None, T_MS + HOUR_MS, T_MS + HOUR_MS
    later = world.verify()
    assert later.problems == []
    for part in ("ledger", "kafka", "live", "archive"):
        unchanged = [name for name, total in later.stores[part].items() if total == before.stores[part][name]]
        assert set(unchanged) <= {"compared", "dropped", "replayed"}, part


def test_all_totals_include_events_between_the_cuts_time_and_its_ends() -> None:
    world = simulated()
    world.visit("shop", 5, T_MS + 1_000)
    world.reject("news", T_MS + 1_000)
    world.count()
    world.archive()
    take_ends(world)
    go_on(world)
    report = world.verify()
    assert report.problems == []
    assert same_totals(report) == dict.fromkeys(("accepted", "in Kafka", "archived", "live"), 50)
    assert report.stores["ledger"]["attempted"] == 50 + 2
    assert report.stores["ledger"]["rejected"] == report.stores["kafka"]["rejected"] == 2
    assert report.stores["ledger"]["explained"] == {"rejected: wrong_type": 2}


def test_events_that_a_spool_sent_before_the_ends_count_as_accepted() -> None:
    world = simulated()
    # As for a site that does not answer, no accepted event has to be in Kafka.
    world.accepted_before_ms = 0
    report = world.verify()
    assert report.problems == []
    assert set(same_totals(report).values()) == {45}


def test_totals_include_only_compared_hours() -> None:
    world = simulated()
    report = world.verify(NOW_MS)
    assert report.problems == []
    assert set(same_totals(report).values()) == {25}
    assert sum(row["in_kafka"] for row in report.hours) == 25
    assert orjson.loads(orjson.dumps(report.document()))["covers_from"] == "2026-11-24T08:00:00.000Z"

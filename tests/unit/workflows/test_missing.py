"""Missing days start as ranges, the oldest first, and each range once."""

from datetime import date, timedelta

from footfall.workflows.day_ranges import consecutive
from footfall.workflows.missing import MOST_DAYS, trigger_missing
from tests.unit.workflows.made_up_airflow import MadeUpAirflow

_FIRST = date(2026, 11, 20)


def _days(*offsets: int) -> list[date]:
    return [_FIRST + timedelta(days=n) for n in offsets]


def _answers(**more: object) -> dict[str, object]:
    names = ("daily", "backfill")
    return {
        "GET /api/v2/dags": (200, {"dags": [{"dag_id": name, "is_paused": False} for name in names]}),
        **{f"GET /api/v2/dags/{name}/dagRuns": (200, {"dag_runs": []}) for name in names},
        **more,
    }


def _run(workflow: str) -> tuple[int, dict[str, object]]:
    return 200, {"dag_id": workflow, "dag_run_id": "r", "state": "queued", "conf": {}}


def test_a_range_has_no_gap_and_at_most_a_week() -> None:
    assert consecutive([], MOST_DAYS) == []
    assert consecutive(_days(5, 1, 0, 2), MOST_DAYS) == [_days(0, 1, 2), _days(5)]
    assert [len(group) for group in consecutive(_days(*range(16)), MOST_DAYS)] == [7, 7, 2]


def test_the_oldest_range_runs_first(server: MadeUpAirflow) -> None:
    server.answers = _answers(**{"POST /api/v2/dags/backfill/dagRuns": _run("backfill")})
    started = trigger_missing(server.settings, _days(0, 1, 5), "up 1")
    assert started is not None
    assert server.asked[-1].body["conf"] == {"from": "2026-11-20", "to": "2026-11-21"}
    assert server.asked[-1].body["dag_run_id"].startswith("missing__2026-11-20__2026-11-21__")


def test_a_range_that_was_tried_is_passed_over_until_the_next_up(server: MadeUpAirflow) -> None:
    server.answers = _answers(
        **{
            "POST /api/v2/dags/backfill/dagRuns": (409, {"detail": "exists"}),
            "POST /api/v2/dags/daily/dagRuns": _run("daily"),
        }
    )
    started = trigger_missing(server.settings, _days(0, 1, 5), "up 1")
    assert started is not None
    assert server.asked[-1].body["conf"] == {"day": "2026-11-25"}
    first = [asked.body["dag_run_id"] for asked in server.asked if asked.path.endswith("backfill/dagRuns")]
    trigger_missing(server.settings, _days(0, 1), "up 2")
    assert server.asked[-1].body["dag_run_id"] != first[0]
    assert trigger_missing(server.settings, _days(0, 1), "up 2") is None


def test_nothing_starts_beside_another_run_or_without_missing_days(server: MadeUpAirflow) -> None:
    server.answers = _answers(**{"GET /api/v2/dags/daily/dagRuns": (200, {"dag_runs": [_run("daily")[1]]})})
    assert trigger_missing(server.settings, _days(0), "up") is None
    server.answers = _answers()
    assert trigger_missing(server.settings, [], "up") is None
    assert [path for path in server.paths("POST") if "dagRuns" in path] == []

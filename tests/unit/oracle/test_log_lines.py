"""The event to which a line of the error log belongs decides whether the failure is a person's."""

import json
from pathlib import Path
from typing import Any

import pytest

from footfall.lake.schema import archived as archive_schema
from tests.oracle import log_lines
from tests.oracle.oracle import answers
from tests.support import archived

PERSON = {"is_bot": False, "request_id": "r1"}
BOT = {"is_bot": True, "request_id": "r1"}


def failures(root: Path, events: list[dict[str, Any]], logged_at: str, bots: str) -> int:
    archived.write(root / "events", events, schema=archive_schema())
    line = {
        "logged_at": logged_at,
        "app_id": "shop",
        "request_id": "r1",
        "code": "KeyError",
        "message": "'size'",
        "page_path": "/",
        "traceback": "",
    }
    log = root / "error.log"
    log.write_text(json.dumps(line) + "\n")
    rows = answers(
        "site-errors",
        events=list(root.glob("events/*/*/*.parquet")),
        logs={"error": [log]},
        from_dt="2026-11-23",
        to_dt="2026-11-24",
        bots=bots,
    )
    return sum(row["count"] for row in rows)


@pytest.mark.parametrize(("bots", "count"), [("exclude", 0), ("only", 1), ("include", 1)])
def test_the_page_view_comes_before_an_earlier_event(tmp_path: Path, bots: str, count: int) -> None:
    events = [
        archived.event(1, "s", "2026-11-23 10:00:00.000", "session_start", None, **PERSON),
        archived.event(2, "s", "2026-11-23 10:00:00.100", "page_view", "/", **BOT),
    ]

    assert failures(tmp_path, events, "2026-11-23T10:00:00.050Z", bots) == count


@pytest.mark.parametrize(("bots", "count"), [("exclude", 1), ("only", 0), ("include", 1)])
def test_the_first_event_counts_without_a_page_view(tmp_path: Path, bots: str, count: int) -> None:
    events = [
        archived.event(2, "s", "2026-11-23 10:00:00.000", "session_start", None, **PERSON),
        archived.event(1, "s", "2026-11-23 10:00:00.100", "click", "/", **BOT),
    ]

    assert failures(tmp_path, events, "2026-11-23T10:00:00.050Z", bots) == count


@pytest.mark.parametrize(("bots", "count"), [("exclude", 1), ("only", 0)])
def test_midnight_parts_a_line_from_its_event(tmp_path: Path, bots: str, count: int) -> None:
    events = [archived.event(1, "s", "2026-11-24 00:00:00.100", "page_view", "/", **BOT)]

    assert failures(tmp_path, events, "2026-11-23T23:59:59.900Z", bots) == count


def test_a_line_may_lack_what_only_the_warehouse_reads(tmp_path: Path) -> None:
    needed = {
        "logged_at": "2026-11-23T10:00:00.050Z",
        "app_id": "shop",
        "request_id": "r1",
        "message": "m",
        "page_path": "/",
    }
    lines = [needed, {**needed, "request_id": "r2", "traceback": None, "code": None}, {**needed, "traceback": 7}]
    log = tmp_path / "error.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = log_lines.errors([log]).to_pylist()
    assert sorted((row["request_id"], row["error_code"], row["own_frame"]) for row in rows) == [
        ("r1", None, None),
        ("r2", None, None),
    ]

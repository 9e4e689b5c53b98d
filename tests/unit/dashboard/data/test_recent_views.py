"""The records of the log that the stream shows."""

from typing import Any

import orjson

from footfall.dashboard.data.recent_views import Recent
from tests.support.events import NOW_MS, stored_event


def add(recent: Recent, now_ms: int = NOW_MS, **overrides: Any) -> dict[str, Any]:
    event = stored_event(now_ms, **overrides)
    recent.add(orjson.dumps(event))
    return event


def test_newest_first_whatever_the_order_of_arrival() -> None:
    recent = Recent()
    for second in (3, 1, 2):
        add(recent, NOW_MS + second * 1000, page_path=f"/{second}")
    assert [view.page_path for view in recent.newest()] == ["/3", "/2", "/1"]


def test_a_view_has_the_fields_that_the_stream_shows() -> None:
    recent = Recent()
    event = add(recent, user_id="u-1", country="DE")
    view = recent.newest()[0]
    assert (view.app_id, view.user_id, view.country) == ("shop", "u-1", "DE")
    assert (view.page_title, view.previous_path) == (event["page_title"], event["previous_path"])
    assert view.event_ms == NOW_MS - 500


def test_only_page_views_of_people_that_happen_now() -> None:
    recent = Recent()
    add(recent, event_type="click")
    add(recent, is_bot=True, bot_reason="agent")
    add(recent, backfill=True)
    assert recent.newest() == []


def test_a_repeat_shows_once_and_the_first_copy_counts() -> None:
    recent = Recent()
    first = add(recent, page_path="/first")
    add(recent, NOW_MS + 60_000, page_path="/again", event_id=first["event_id"], session_id=first["session_id"])
    add(recent, NOW_MS - 60_000, page_path="/other", event_id=first["event_id"])
    assert [view.page_path for view in recent.newest()] == ["/first", "/other"]


def test_a_late_repeat_does_not_return_to_the_stream() -> None:
    recent = Recent(kept=2)
    first = add(recent)
    for second in range(1, 10):
        add(recent, NOW_MS + second * 1000)
    late = {"event_id": first["event_id"], "session_id": first["session_id"]}
    add(recent, NOW_MS + 60_000, page_path="/again", **late)
    assert "/again" not in [view.page_path for view in recent.newest()]
    assert len(recent.newest()) == 2


def test_a_record_that_is_no_event_changes_nothing() -> None:
    recent = Recent()
    for value in (b"", b"\xff", b"[]", b"null", b"{}", b'{"event_type":"page_view"}'):
        recent.add(value)
    assert recent.newest() == []

"""A script that makes up paths gets no rows for them beyond the limit, and no event is lost."""

import time
from typing import Any

from footfall.events.identity import new_uuid7
from footfall.metrics.dimension_limit import MOST_VALUES, OTHER
from tests.support.collecting import send
from tests.support.events import example_event
from tests.support.platform import Platform, await_true

_BEYOND = 400


def _sent(platform: Platform, session: str) -> tuple[list[dict[str, Any]], bool]:
    """Views of made-up paths, sent to the shop, and whether all of them came within one minute."""
    # An event happens half a second before it is sent.
    await_true(lambda: 1 < time.time() % 60 < 20, "the beginning of a minute", 65)
    now_ms = int(time.time() * 1000)
    events = [
        example_event(
            now_ms,
            session_id=session,
            # So many events of one visitor would be a bot's.
            anonymous_id=new_uuid7(),
            seq=n,
            page_path=f"/{session}/{n}",
            event_id=new_uuid7(now_ms),
        )
        for n in range(MOST_VALUES + _BEYOND)
    ]
    for start in range(0, len(events), 100):
        send(platform.settings, "shop", *events[start : start + 100])
    return events, int(time.time() // 60) == now_ms // 60_000


def test_made_up_paths_share_a_row_and_raise_an_alert(verified_platform: Platform) -> None:
    verified_platform.await_judged("shop")
    # A site whose Kafka has just come back may answer slowly at first, and the limit is one of a minute.
    for _ in range(3):
        session = new_uuid7()
        events, at_once = _sent(verified_platform, session)
        if at_once:
            break
        # The minute that has begun has some of these paths.
        await_true(lambda: time.time() % 60 > 20, "the end of the beginning of this minute", 25)
    assert at_once, "the shop did not take the events within one minute"

    def views() -> tuple[int, int, int]:
        """Rows of made-up paths, their page views, and those of the row that the others share."""
        rows = verified_platform.query("live-metrics", "--by", "page", "--app", "shop", "--minutes", "5")
        own = [row["page_views"] for row in rows if row["value"].startswith(f"/{session}/")]
        return len(own), sum(own), sum(row["page_views"] for row in rows if row["value"] == OTHER)

    await_true(lambda: sum(views()[1:]) >= len(events), "the events in live-metrics", 30)
    verified_platform.await_figures()
    rows, own, others = views()
    # Other visitors' pages of this minute and partition have rows, too.
    assert MOST_VALUES - 100 <= rows == own <= MOST_VALUES
    assert own + others >= len(events)
    assert len(verified_platform.query("session", "--session", session)) == len(events)
    await_true(
        lambda: any(
            alert["app_id"] == "shop" and alert["observed"] > 0.01
            for alert in verified_platform.query("live-alerts", "--app", "shop")
            if alert["kind"] == "values"
        ),
        "the alert about values",
        60,
    )

"""The collector's decision: accepted events, and fields that are added, replaced or removed."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.bots import RateRule
from footfall.events.geo import Location
from footfall.events.identity import new_uuid7
from footfall.events.rejects import Reject
from footfall.events.stamp import MAX_AGE_MS, MAX_CLOCK_MS, Context, accept
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.events.validate import check_stored
from tests.support.events import NOW_MS, example_event

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
LONDON = Location("GB", "England", "London", 51.5, -0.1)
YEAR_MS = 365 * 86_400_000


def context(**overrides: Any) -> Context:
    known: dict[str, Any] = {
        "app_id": "shop",
        "received_at_ms": NOW_MS,
        "address_prefix": "203.0.113.0/24",
        "user_agent": BROWSER,
        "place": LONDON,
    }
    return Context(**{**known, **overrides})


def taken(event: object, rule: RateRule | None = None, **overrides: Any) -> dict[str, Any]:
    stored = accept(event, context(**overrides), rule)
    assert isinstance(stored, dict), stored
    assert check_stored(stored) is None
    return stored


def refused(event: object, **overrides: Any) -> str:
    reject = accept(event, context(**overrides))
    assert isinstance(reject, Reject)
    return reject.reason


def test_what_a_browser_says_in_via_is_dropped_and_a_servers_events_are_marked() -> None:
    forged = example_event(schema_version="1.1", via="server")
    assert "via" not in taken(forged)
    no_page = dict.fromkeys(("page_view_id", "page_path", "page_section", "page_type"))
    assert refused({**forged, "event_type": "purchase", **no_page}) == "missing_field"
    stored = taken({**forged, "event_type": "purchase", **no_page}, via="server")
    assert stored["via"] == "server"
    assert no_page.keys().isdisjoint(stored)
    assert taken({**forged, "via": "browser"}, via="server")["via"] == "server"
    assert taken({**forged, "consent": "denied"}, via="server")["via"] == "server"


def test_an_event_is_stored_with_what_the_collector_knows() -> None:
    event = example_event()
    assert taken(event) == {
        **event,
        "received_at": format_rfc3339_ms(NOW_MS),
        "event_time": format_rfc3339_ms(NOW_MS - 500),
        "ip_prefix": "203.0.113.0/24",
        "country": "GB",
        "region": "England",
        "city": "London",
        "latitude": 51.5,
        "longitude": -0.1,
        "is_bot": False,
    }


def test_unknown_values_are_absent() -> None:
    stored = taken(example_event(user_id=None), address_prefix=None, place=Location(country="GB"))
    assert {"ip_prefix", "city", "latitude", "user_id", "bot_reason", "backfill"}.isdisjoint(stored)
    assert stored["country"] == "GB"


def test_the_collectors_fields_are_replaced_or_removed() -> None:
    forged = example_event(
        received_at="2001-01-01T00:00:00.000Z",
        event_time="2001-01-01T00:00:00.000Z",
        country="XX",
        city="Atlantis",
        latitude={"a": [1]},
        is_bot=True,
        bot_reason="rate",
        backfill=True,
        ip_prefix="8.8.8.8",
    )
    assert taken(forged) == taken({name: forged[name] for name in example_event()})
    assert "city" not in taken(forged, place=Location())


def test_an_event_of_another_site_is_refused() -> None:
    assert refused(example_event(app_id="news")) == "foreign_app"


def at(occurred_ms: int, sent_ms: int, id_ms: int | None = None) -> dict[str, Any]:
    return example_event(
        occurred_at=format_rfc3339_ms(occurred_ms),
        sent_at=format_rfc3339_ms(sent_ms),
        event_id=new_uuid7(occurred_ms if id_ms is None else id_ms),
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (at(NOW_MS - 500, NOW_MS), NOW_MS - 500),
        # The clock is a day fast or slow; only the waiting time counts.
        (at(NOW_MS + 86_400_000 - 500, NOW_MS + 86_400_000), NOW_MS - 500),
        (at(NOW_MS - 86_400_000 - 500, NOW_MS - 86_400_000), NOW_MS - 500),
        # It happened "after" it was sent: it happened when it was received.
        (at(NOW_MS + 60_000, NOW_MS), NOW_MS),
        # Exactly at the bounds.
        (at(NOW_MS - MAX_AGE_MS, NOW_MS), NOW_MS - MAX_AGE_MS),
        (at(NOW_MS, NOW_MS, NOW_MS - MAX_CLOCK_MS), NOW_MS),
        (at(NOW_MS, NOW_MS, NOW_MS + MAX_CLOCK_MS), NOW_MS),
        # A year ahead, but the event_id was made with a correct clock.
        (at(NOW_MS + YEAR_MS - 500, NOW_MS + YEAR_MS, NOW_MS), NOW_MS - 500),
    ],
)
def test_event_time(event: dict[str, Any], expected: int) -> None:
    assert parse_rfc3339_ms(taken(event)["event_time"]) == expected


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (at(NOW_MS - MAX_AGE_MS - 1, NOW_MS), "too_old"),
        # Only sent_at is far in the future, so the event seems to have waited for years.
        (at(NOW_MS, NOW_MS + 10 * YEAR_MS), "too_old"),
        (at(NOW_MS, NOW_MS, NOW_MS - MAX_CLOCK_MS - 1), "bad_clock"),
        (at(NOW_MS, NOW_MS, NOW_MS + MAX_CLOCK_MS + 1), "bad_clock"),
        # The clock is a year ahead or behind, and so is the event_id.
        (at(NOW_MS + YEAR_MS, NOW_MS + YEAR_MS), "bad_clock"),
        (at(NOW_MS - YEAR_MS, NOW_MS - YEAR_MS), "bad_clock"),
        (example_event(occurred_at="2026-02-31T08:00:00.000Z"), "bad_format"),
        (example_event(sent_at="2026-11-24T08:00:60.000Z"), "bad_format"),
        (example_event(sent_at="0000-11-24T08:00:00.000Z"), "bad_format"),
    ],
)
def test_times_that_are_refused(event: dict[str, Any], reason: str) -> None:
    assert refused(event) == reason


PERSON = {"user_id": "u-17", "search_term": "red shoes", "consent": "granted"}


@pytest.mark.parametrize(
    ("event", "overrides"),
    [
        (example_event(**{**PERSON, "consent": "denied"}), {}),
        (example_event(**PERSON), {"gpc": True}),
        (example_event(**PERSON), {"dnt": True}),
    ],
)
def test_with_consent_denied_nothing_personal_is_kept(event: dict[str, Any], overrides: dict[str, Any]) -> None:
    stored = taken(event, **overrides)
    assert {"user_id", "city", "latitude", "longitude", "search_term"}.isdisjoint(stored)
    assert stored["consent"] == "denied"
    assert stored["anonymous_id"] == event["session_id"]
    assert (stored["country"], stored["region"]) == ("GB", "England")


def test_personal_fields_are_kept_unless_consent_is_denied() -> None:
    for consent in ("granted", "unknown", None):
        stored = taken(example_event(**{**PERSON, "consent": consent}))
        assert (stored["user_id"], stored["search_term"], stored["city"]) == ("u-17", "red shoes", "London")
        assert stored.get("consent") == consent


def test_a_bot_by_its_agent() -> None:
    stored = taken(example_event(), user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)")
    assert (stored["is_bot"], stored["bot_reason"]) == (True, "agent")
    assert taken(example_event(), bot_reason="agent")["is_bot"] is True


def test_a_bot_by_its_rate_counts_the_identity_as_sent() -> None:
    rule = RateRule(2)
    flags = [
        taken(example_event(anonymous_id="one", session_id=f"s{i}", consent="denied"), rule)["is_bot"] for i in range(4)
    ]
    assert flags == [False, False, True, True]
    assert taken(example_event(anonymous_id="one"), rule)["bot_reason"] == "rate"
    assert taken(example_event(anonymous_id="other"), rule)["is_bot"] is False


def test_the_agent_is_named_before_the_rate() -> None:
    rule = RateRule(1)
    for _ in range(2):
        stored = taken(example_event(anonymous_id="one"), rule, user_agent="curl/8.5.0")
    assert stored["bot_reason"] == "agent"


def test_rejected_events_do_not_count_towards_the_rate() -> None:
    rule = RateRule(1)
    for _ in range(5):
        assert isinstance(accept(example_event(anonymous_id="one", seq=-1), context(), rule), Reject)
    assert taken(example_event(anonymous_id="one"), rule)["is_bot"] is False


def test_history_is_marked() -> None:
    assert taken(example_event(), backfill=True)["backfill"] is True


def test_an_event_is_stored_as_sent_whatever_its_session_did_before() -> None:
    event = example_event()
    assert taken(event) == taken(event)
    assert taken({**event, "session_id": "another"})["event_id"] == event["event_id"]
    assert taken({**event, "app_id": "news"}, app_id="news")["session_id"] == event["session_id"]


@given(st.text() | st.integers() | st.none())
def test_hostile_text_stays_text(value: object) -> None:
    stored = accept(example_event(page_title=value), context())
    if isinstance(stored, dict) and value is not None:
        assert orjson.loads(orjson.dumps(stored))["page_title"] == value

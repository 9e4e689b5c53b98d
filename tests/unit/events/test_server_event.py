"""Events that a server sends: their form, whose they are, when they happened, and that sending twice counts once."""

from random import Random
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.bodies import element_bytes, parse_body
from footfall.events.geo import Location
from footfall.events.identity import uuid7_ms
from footfall.events.rejects import REASONS, Reject
from footfall.events.server_event import LAST_SEQ, accept_from_server, refused_from_server, shown_id
from footfall.events.stamp import MAX_AGE_MS
from footfall.events.times import DAY_MS, format_rfc3339_ms
from footfall.events.validate import SCHEMA, check_stored
from tests.support.events import ABSENT, NOW_MS
from tests.support.hostile import spoilt
from tests.support.server_events import FIELDS, SERVER_SCHEMA, server_event
from tests.unit.events.strategies import JSON, VALUES

HOUR_MS = 3_600_000
VALIDATOR = jsonschema_rs.Draft202012Validator(
    SERVER_SCHEMA, registry=jsonschema_rs.Registry([("footfall:event", SCHEMA)]), validate_formats=False
)
# What no schema can say.
BEYOND_THE_FORM = {
    ("bad_format", "The field time must be a valid date and time."),
    ("too_old", "The event happened more than 72 hours before it was received."),
    ("bad_clock", "The field time lies more than 5 minutes ahead of the collector's clock."),
    ("not_allowed", "The field id is a placeholder, and identifies no event."),
    ("bad_format", "The field ip must be an IPv4 or IPv6 address."),
    ("missing_field", "One of the fields user_id and anonymous_id is needed: whose event it is."),
    ("not_allowed", "The field session_id is a placeholder, and identifies no visit."),
}


def stored(received_ms: int = NOW_MS, app_id: str = "shop", **fields: Any) -> dict[str, Any]:
    """The event as it is stored; fails if it is rejected."""
    outcome = accept_from_server(server_event(**fields), app_id, received_ms)
    assert not isinstance(outcome, Reject), outcome
    assert check_stored(outcome) is None
    return outcome


def reject(event: object, received_ms: int = NOW_MS) -> Reject:
    outcome = accept_from_server(event, "shop", received_ms)
    assert isinstance(outcome, Reject), outcome
    return outcome


def identity(event: dict[str, Any]) -> tuple[str, str]:
    return event["session_id"], event["event_id"]


def test_an_order_paid_later_becomes_an_event() -> None:
    event = stored()
    assert event == {
        "schema_version": "1.1",
        "event_id": event["event_id"],
        "event_type": "purchase",
        "app_id": "shop",
        "occurred_at": "2026-11-24T07:58:00.000Z",
        "sent_at": "2026-11-24T08:00:00.000Z",
        "anonymous_id": event["anonymous_id"],
        "session_id": event["session_id"],
        "seq": LAST_SEQ,
        "user_id": "anna",
        "order_id": "1001",
        "value_cents": 2499,
        "currency": "EUR",
        "event_time": "2026-11-24T07:58:00.000Z",
        "received_at": "2026-11-24T08:00:00.000Z",
        "is_bot": False,
        "via": "server",
    }
    assert uuid7_ms(event["event_id"]) == NOW_MS - 120_000


def test_fields_of_the_event_keep_their_names_and_two_have_shorter_ones() -> None:
    given_fields = {
        **dict.fromkeys(("item_id", "item_type", "order_id", "element", "search_term", "page_section"), "x"),
        **{"error_code": "E1", "error_message": "No", "http_status": 502, "results_count": 3, "quantity": 2, "seq": 7},
        **{"page_path": "/%63af%c3%a9", "page_type": "cart", "page_view_id": "v", "request_id": "r"},
        **{"properties": {"mail": "a@b.example"}, "session_id": "s", "anonymous_id": "a", "consent": "granted"},
    }
    event = stored(type="custom", name="invoice sent", **given_fields)
    assert (event["event_type"], event["event_name"]) == ("custom", "invoice sent")
    expected = given_fields | {"page_path": "/caf%C3%A9", "properties": {"mail": "(email)"}}
    assert {name: event[name] for name in given_fields} == expected
    # Each field is tried here or in another test.
    assert {*given_fields, "name", "type", "id", "time", "ip", "user_id", "value_cents", "currency"} == set(FIELDS)


# Identity


def test_sent_again_it_is_the_same_event_however_late_and_however_its_time_is_written() -> None:
    first = stored()
    for later_ms in (1, HOUR_MS, DAY_MS, MAX_AGE_MS - 120_000):
        again = stored(NOW_MS + later_ms)
        assert identity(again) == identity(first)
        assert again["event_time"] == first["event_time"]
    for text in ("2026-11-24T08:58:00.000999+01:00", "2026-11-23T22:58:00-09:00", "2026-11-24t07:58:00z"):
        assert identity(stored(time=text)) == identity(first)


def test_another_site_id_time_person_or_day_is_another_event() -> None:
    events = [
        stored(),
        stored(app_id="news"),
        stored(id="order-paid-1002"),
        stored(time="2026-11-24T07:58:00.001Z"),
        stored(time="2026-11-23T07:58:00Z"),
        stored(user_id="ben"),
        stored(session_id="s"),
    ]
    assert len({identity(event) for event in events}) == len(events)
    # No concatenation of parts is that of others.
    assert stored(app_id="sho", id="porder")["event_id"] != stored(app_id="shop", id="order")["event_id"]


def test_the_identity_never_changes() -> None:
    """Another one would count once more what is sent again over an upgrade."""
    assert identity(stored()) == ("server-e668f5b74889f8b29a6157640a718cab", "01a20c8f-cb40-7349-bcea-eca327c7ba74")


def test_a_person_is_one_visitor_with_one_session_a_day() -> None:
    morning, evening = stored(id="a"), stored(id="b", time="2026-11-24T00:00:00Z")
    assert (morning["anonymous_id"], morning["session_id"]) == (evening["anonymous_id"], evening["session_id"])
    before = stored(id="c", time="2026-11-23T23:59:59.999Z")
    assert before["anonymous_id"] == morning["anonymous_id"]
    assert before["session_id"] != morning["session_id"]
    # Users of two sites are two.
    assert stored(app_id="news")["anonymous_id"] != morning["anonymous_id"]


def test_the_browsers_own_ids_are_kept() -> None:
    event = stored(anonymous_id="browser", session_id="visit", seq=4)
    assert (event["anonymous_id"], event["session_id"], event["seq"]) == ("browser", "visit", 4)
    assert stored(user_id=ABSENT, anonymous_id="browser")["session_id"] == stored(anonymous_id="browser")["session_id"]


def test_placeholders_are_nobody() -> None:
    assert stored(anonymous_id="undefined") == stored()
    assert "user_id" not in stored(user_id="null", anonymous_id="browser")
    for fields in ({"user_id": ABSENT}, {"user_id": None}, {"user_id": "0"}, {"user_id": "0", "anonymous_id": "null"}):
        found = reject(server_event(**fields))
        assert (found.reason, "user_id" in found.detail) == ("missing_field", True)
    assert reject(server_event(id="undefined")).reason == "not_allowed"
    assert reject(server_event(session_id="null")).reason == "not_allowed"


# Time


@pytest.mark.parametrize(
    ("age_ms", "reason"),
    [(MAX_AGE_MS, None), (MAX_AGE_MS + 1, "too_old"), (-300_000, None), (-300_001, "bad_clock"), (10**14, "too_old")],
)
def test_it_may_be_three_days_old_and_five_minutes_ahead(age_ms: int, reason: str | None) -> None:
    event = server_event(time=format_rfc3339_ms(max(NOW_MS - age_ms, -62_135_596_800_000)))
    if reason is not None:
        assert reject(event).reason == reason
    else:
        found = accept_from_server(event, "shop", NOW_MS)
        assert not isinstance(found, Reject)
        assert found["event_time"] == format_rfc3339_ms(min(NOW_MS, NOW_MS - age_ms))


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-24", "2026-11-24T08:00:00", "2026-02-31T08:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T08:00:60Z"),
        *("0000-01-01T00:00:00Z", "2026-11-24T08:00:00+24:00", "2026-11-24T08:00:00+01:60", "2026-11-24T08:00:00.Z"),
        *("٢٠٢٦-11-24T08:00:00Z", "2026-11-24T08:00:00 +01:00", "yesterday", ""),
    ],
)
def test_other_times_are_refused(text: str) -> None:
    assert reject(server_event(time=text)).reason in ("bad_format", "too_old")


# Form


@pytest.mark.parametrize(
    ("fields", "reason", "word"),
    [
        ({"id": ABSENT}, "missing_field", "id"),
        ({"time": None}, "missing_field", "time"),
        ({"type": ABSENT}, "missing_field", "type"),
        ({"type": "custom"}, "missing_field", "name"),
        ({"id": 7}, "wrong_type", "id"),
        ({"id": "x" * 129}, "too_long", "id"),
        ({"id": "a\nb"}, "control_character", "id"),
        ({"type": "page_view"}, "not_allowed", "type"),
        ({"type": "page_ping"}, "not_allowed", "type"),
        ({"type": "web_vitals"}, "not_allowed", "type"),
        ({"value_cents": 1.5}, "wrong_type", "value_cents"),
        ({"value_cents": -1}, "out_of_range", "value_cents"),
        ({"currency": "eur"}, "bad_format", "currency"),
        ({"colour": "blue"}, "unknown_field", "colour"),
        ({"event_id": "x"}, "unknown_field", "event_id"),
        ({"is_bot": True}, "unknown_field", "is_bot"),
        ({"ip": "here"}, "bad_format", "ip"),
    ],
)
def test_a_fault_is_named_with_its_field(fields: dict[str, Any], reason: str, word: str) -> None:
    found = reject(server_event(**fields))
    assert (found.reason, word in found.detail.split()) == (reason, True)
    assert found.detail.endswith(".")


@pytest.mark.parametrize("event", [None, 7, "x", [], [server_event()], True])
def test_only_an_object_is_an_event(event: object) -> None:
    assert reject(event).reason == "not_an_object"


def test_null_is_absent_and_a_whole_number_may_have_a_point() -> None:
    assert stored(**dict.fromkeys(set(FIELDS) - {*server_event(), "name"})) == stored()
    assert stored(value_cents=2499.0) == stored()


def test_the_schema_names_fields_and_shapes_of_the_event() -> None:
    jsonschema_rs.meta.validate(SERVER_SCHEMA)
    ours = set(SCHEMA["$defs"]["sent"]["properties"])
    assert set(FIELDS) - ours == {"id", "type", "time", "name", "ip"}


# What is not kept


def test_an_address_gives_a_place_and_is_cut() -> None:
    asked: list[str | None] = []

    def place_of(prefix: str | None) -> Location:
        asked.append(prefix)
        return Location("GB", None, "London", 51.5, 0.0)

    found = accept_from_server(server_event(ip="203.0.113.77"), "shop", NOW_MS, place_of)
    assert not isinstance(found, Reject)
    assert asked == ["203.0.113.0/24"]
    assert (found["ip_prefix"], found["city"]) == ("203.0.113.0/24", "London")
    assert "203.0.113.77" not in str(found)
    assert "country" not in stored()


def test_without_consent_nothing_joins_a_persons_events() -> None:
    first, second = (stored(id=name, consent="denied", ip="203.0.113.77", name="n") for name in "ab")
    assert first["session_id"] != second["session_id"]
    assert stored(id="a", consent="denied", name="n") | {"ip_prefix": ABSENT} != second
    for event in (first, second):
        assert event["anonymous_id"] == event["session_id"]
        assert not {"user_id", "order_id", "ip_prefix", "city", "properties"} & event.keys()
        assert event["value_cents"] == 2499
    # It still counts once.
    assert identity(stored(NOW_MS + HOUR_MS, id="a", consent="denied")) == identity(first)
    # Nobody need be named.
    assert stored(consent="denied", user_id=ABSENT)["session_id"] == stored(consent="denied")["session_id"]
    # A session of the browser stays.
    assert stored(consent="denied", session_id="s")["session_id"] == "s"


def refused(event: Any, original: bytes | None = None) -> tuple[str | None, Any, bool]:
    """The event_id, the original and the flag of what is stored of a reject."""
    original = orjson.dumps(event) if original is None else original
    found = refused_from_server(reject(event), original, event)
    return found.reject.event_id, orjson.loads(found.original or b"null"), found.denied


def test_a_reject_keeps_its_bytes_without_addresses() -> None:
    event = server_event(value_cents=-1)
    assert refused(event) == ("order-paid-1001", event, False)
    spaced = orjson.dumps(event, option=orjson.OPT_INDENT_2)
    assert refused_from_server(reject(event), spaced, event).original == spaced
    for name in ("ip", "ip_address", "id"):
        found = refused(event | {name: "203.0.113.77"})[1]
        assert found[name] == "203.0.113.0"
    assert refused(event | {"ip": "2001:db8:1:2::7"})[1]["ip"] == "2001:db8:1::"


@pytest.mark.parametrize("event", [None, ["203.0.113.77"], "203.0.113.77", 7])
def test_bytes_that_are_no_object_are_not_kept(event: object) -> None:
    assert refused(event) == (None, None, False)


def test_a_reject_without_consent_keeps_what_may_be_kept() -> None:
    event = server_event(consent="denied", value_cents=-1, page_path="/x", item_id="lamp", ip="203.0.113.77")
    identified, left, denied = refused(event)
    assert (identified, denied) == (None, True)
    expected = {"type": "purchase", "time": event["time"], "page_path": "/x", "item_id": "lamp", "currency": "EUR"}
    assert left == expected | {"consent": "denied"}


# Anything


def judge(event: object) -> bool:
    """True if it was accepted; fails if it was neither accepted nor rejected, or if an address is left."""
    outcome = accept_from_server(event, "shop", NOW_MS)
    if isinstance(outcome, Reject):
        assert outcome.reason in REASONS
        assert outcome.detail.endswith(".")
        assert len(outcome.detail) < 300
        left = refused_from_server(outcome, orjson.dumps("as it came"), event)
        assert left.reject.event_id in (None, shown_id(event))
        return False
    assert check_stored(outcome) is None
    assert outcome["event_time"] <= outcome["received_at"]
    assert identity(outcome) == identity(accept_from_server(event, "shop", NOW_MS + 60_000))  # type: ignore[arg-type]
    return True


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The example with some fields replaced, added or removed."""
    event = server_event()
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        event[name] = draw(VALUES)
    if draw(st.integers(0, 3)) == 0:
        event.pop(draw(st.sampled_from(tuple(event))))
    if draw(st.integers(0, 3)) == 0:
        event[draw(st.text(max_size=12))] = draw(VALUES)
    parsed: dict[str, Any] = orjson.loads(orjson.dumps(event))
    return parsed


@given(mutated())
def test_mutated_events(event: dict[str, Any]) -> None:
    judge(event)


@given(mutated())
def test_the_form_agrees_with_an_independent_validator(event: dict[str, Any]) -> None:
    outcome = accept_from_server(event, "shop", NOW_MS)
    by_form = isinstance(outcome, Reject) and (outcome.reason, outcome.detail) not in BEYOND_THE_FORM
    assert VALIDATOR.is_valid(event) is not by_form


@given(VALUES | JSON | st.binary() | st.dictionaries(st.integers() | st.text(), JSON))
def test_anything(event: object) -> None:
    assert not judge(event)


def test_spliced_bodies() -> None:
    rng, accepted = Random(5), 0
    for _ in range(2000):
        body = orjson.dumps([server_event(), server_event(type="custom", name="x", properties={"a": 1})])
        body = spoilt(rng, body) if rng.random() < 0.5 else body
        events = parse_body(body)
        if not isinstance(events, Reject):
            assert len(element_bytes(body)) == len(events)
            accepted += sum(judge(event) for event in events if not isinstance(event, Reject))
    # A fuzz test in which nothing passes would test nothing.
    assert accepted > 1000

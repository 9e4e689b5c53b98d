"""Validation: each field's rule by example, and agreement with an independent JSON Schema validator."""

import copy
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.events.rejects import Reject, Via
from footfall.events.validate import MAX_EXTRA_BYTES, SCHEMA, check_sent, check_stored, read_sent
from tests.support.events import ABSENT, example_event, stored_event
from tests.unit.events.strategies import VALUES, mutated_events

VALIDATORS: dict[Via | None, Any] = {
    None: jsonschema_rs.Draft202012Validator({**SCHEMA, "$ref": "#/$defs/sent_by_browser"}),
    "server": jsonschema_rs.Draft202012Validator({**SCHEMA, "$ref": "#/$defs/sent"}),
}
STORED = jsonschema_rs.Draft202012Validator(SCHEMA)


def reason_of(**overrides: Any) -> str | None:
    reject = check_sent(example_event(**overrides))
    return None if reject is None else reject.reason


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


def test_the_examples_are_valid() -> None:
    assert check_sent(example_event()) is None
    assert check_stored(stored_event()) is None


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"event_id": ABSENT}, "missing_field"),
        ({"event_id": None}, "missing_field"),
        ({"event_id": 5}, "wrong_type"),
        ({"event_id": "3f0c7d0e-8d0b-4a3f-9d57-0d1f3f1c7a10"}, "bad_format"),
        ({"event_id": example_event()["event_id"].upper() + "A"}, "bad_format"),
        ({"schema_version": "2.0"}, "unknown_version"),
        ({"schema_version": "1"}, "unknown_version"),
        ({"schema_version": "1.0\n"}, "unknown_version"),
        ({"schema_version": 1.0}, "unknown_version"),
        ({"schema_version": ABSENT}, "missing_field"),
        ({"event_type": "hover"}, "not_allowed"),
        ({"event_type": ["page_view"]}, "wrong_type"),
        ({"app_id": "all"}, "not_allowed"),
        ({"app_id": "Shop"}, "bad_format"),
        ({"app_id": "shop\n"}, "control_character"),
        ({"app_id": "-shop"}, "bad_format"),
        ({"app_id": "s" * 32}, "bad_format"),
        ({"app_id": ""}, "bad_format"),
        ({"app_id": ["shop"]}, "wrong_type"),
        ({"occurred_at": "2026-11-24T08:00:00Z"}, "bad_format"),
        ({"occurred_at": 1_795_507_200_000}, "wrong_type"),
        ({"session_id": "a b"}, "bad_format"),
        ({"session_id": "a\x00b"}, "control_character"),
        ({"session_id": "x" * 65}, "bad_format"),
        ({"seq": -1}, "out_of_range"),
        ({"seq": True}, "wrong_type"),
        ({"seq": "3"}, "wrong_type"),
        ({"seq": 3.5}, "wrong_type"),
        ({"seq": float("nan")}, "wrong_type"),
        ({"seq": float("inf")}, "wrong_type"),
        ({"seq": 1e300}, "out_of_range"),
        ({"page_path": ABSENT}, "missing_field"),
        ({"page_path": None}, "missing_field"),
        ({"page_path": "product"}, "bad_format"),
        ({"page_path": "/a?b=1"}, "bad_format"),
        ({"page_path": "/a#b"}, "bad_format"),
        ({"page_path": "/a\r\nb"}, "control_character"),
        ({"page_path": "/" + "a" * 1024}, "too_long"),
        ({"page_section": ""}, "bad_format"),
        ({"page_type": "popup"}, "not_allowed"),
        ({"page_title": "a\nb"}, "control_character"),
        ({"page_title": "a\u2028b"}, "control_character"),
        ({"page_title": "\ud800"}, "control_character"),
        ({"page_title": "x" * 513}, "too_long"),
        ({"engaged_ms": 600_001}, "out_of_range"),
        ({"scroll_pct": 101}, "out_of_range"),
        ({"http_status": 0}, "out_of_range"),
        ({"value_cents": -5}, "out_of_range"),
        ({"currency": "eur"}, "bad_format"),
        ({"consent": "maybe"}, "not_allowed"),
        ({"properties": []}, "wrong_type"),
        ({"properties": {"a": {"b": 1}}}, "wrong_type"),
        ({"properties": {"a": None}}, "wrong_type"),
        ({"properties": {"a": float("nan")}}, "out_of_range"),
        ({"properties": {"": 1}}, "bad_format"),
        ({"properties": {"a\n": 1}}, "control_character"),
        ({"properties": {"a": "\x1b[31m"}}, "control_character"),
        ({"properties": {"x" * 65: 1}}, "too_long"),
        ({"properties": {str(i): i for i in range(33)}}, "too_long"),
        ({"colour": "blue"}, "unknown_field"),
        ({"extra": {}}, "unknown_field"),
        ({"schema_version": "1.1", "colour": "blue"}, "unknown_field"),
        ({"schema_version": "1.1", "extra": {}}, "unknown_field"),
        ({"schema_version": "1.1", "event_type": "hover"}, "not_allowed"),
        ({"schema_version": "1.1", "page_type": "popup"}, "not_allowed"),
        ({"schema_version": "1.1", "event_name": ""}, "bad_format"),
        ({"schema_version": "1.1", "event_name": "a\nb"}, "control_character"),
        ({"schema_version": "1.1", "event_name": "x" * 129}, "too_long"),
        ({"schema_version": "1.1", "lcp_ms": 600_001}, "out_of_range"),
        ({"schema_version": "1.1", "cls_milli": 0.1}, "wrong_type"),
        ({"schema_version": "1.1", "cls_milli": 1_000_001}, "out_of_range"),
    ],
)
def test_invalid_events_are_rejected_with_their_reason(overrides: dict[str, Any], reason: str) -> None:
    assert reason_of(**overrides) == reason


@pytest.mark.parametrize(
    "overrides",
    [
        {"user_id": None, "referrer": None, "properties": None},
        {"referrer": "", "page_title": "", "search_term": ""},
        {"page_title": "👩‍💻 <script>alert('x')</script> \u00a0 =1+1"},
        {"seq": 3.0, "response_ms": 0, "scroll_pct": 100, "engaged_ms": 600_000},
        {"properties": {str(i): i for i in range(32)}},
        {"properties": {"a": True, "b": 1.5, "c": "x"}},
        {"received_at": "never", "country": {"deep": [1]}, "is_bot": 7, "backfill": None},
        {"page_path": "/ä ö//..%00"},
    ],
)
def test_valid_variants_are_accepted(overrides: dict[str, Any]) -> None:
    assert reason_of(**overrides) is None


CUSTOM = {"event_type": "custom", "event_name": "signup"}
VITALS = {"event_type": "web_vitals", "lcp_ms": 2_400, "inp_ms": 90, "ttfb_ms": 310, "cls_milli": 104}


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.999"])
def test_the_second_version_has_events_of_ones_own_vitals_and_pages_of_other_types(version: str) -> None:
    for event in (CUSTOM, VITALS, {"event_type": "web_vitals", "lcp_ms": 0}, {"page_type": "other"}):
        read = read_sent(example_event(schema_version=version, **event))
        assert not isinstance(read, Reject), read
        assert event.items() <= read.items()
        assert "extra" not in read


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"event_type": "custom"}, "not_allowed"),
        ({"event_type": "web_vitals"}, "not_allowed"),
        ({"page_type": "other"}, "not_allowed"),
        *(({name: 5}, "unknown_field") for name in ("lcp_ms", "inp_ms", "ttfb_ms", "cls_milli")),
        ({"event_name": "signup"}, "unknown_field"),
        # Absent is not the same as null for a field that a version does not know.
        ({"event_name": None}, "unknown_field"),
        ({"event_name": None, "user_id": None}, "unknown_field"),
    ],
)
def test_the_first_version_lacks_what_the_second_has(overrides: dict[str, Any], reason: str) -> None:
    assert reason_of(**overrides) == reason
    stored = check_stored(stored_event(**overrides))
    assert stored is not None
    if None not in overrides.values():
        assert stored.reason == reason


@pytest.mark.parametrize("name", [ABSENT, None])
def test_an_event_of_ones_own_type_needs_a_name(name: Any) -> None:
    assert reason_of(schema_version="1.1", event_type="custom", event_name=name) == "missing_field"
    assert reason_of(schema_version="1.1", event_type="click", event_name=name) is None


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_only_what_a_server_sends_needs_no_page(version: str) -> None:
    none = dict.fromkeys(("page_view_id", "page_path", "page_section", "page_type"), ABSENT)
    event = example_event(schema_version=version, event_type="purchase", via="server", **none)
    reject = check_sent(event)
    assert reject is not None
    assert reject.reason == "missing_field"
    assert check_sent(event, via="server") is None
    read = read_sent(event, via="server")
    assert not isinstance(read, Reject)
    assert "via" not in read
    assert check_stored(stored_event(schema_version=version, event_type="purchase", via="server", **none)) is None
    nameless = check_sent({**event, "schema_version": "1.1", "event_type": "custom"}, via="server")
    assert nameless is not None
    assert nameless.detail == "The field event_name is missing or null."


@pytest.mark.parametrize("kind", ["session_start", "session_end", "login", "logout"])
def test_some_events_need_no_page(kind: str) -> None:
    none = dict.fromkeys(("page_view_id", "page_path", "page_section", "page_type"), ABSENT)
    assert reason_of(event_type=kind, **none) is None
    assert reason_of(event_type="click", **none) == "missing_field"


@pytest.mark.parametrize("event", [None, True, 3, "event", [], [{}], 1.5])
def test_other_values_than_objects_are_rejected(event: object) -> None:
    for check in (check_sent, check_stored):
        reject = check(event)
        assert reject is not None
        assert reject.reason == "not_an_object"


def test_reading_leaves_out_nulls_and_the_collectors_fields_and_does_not_touch_the_event() -> None:
    event = example_event(user_id=None, seq=4.0, received_at="forged", is_bot=False)
    before = copy.deepcopy(event)
    read = read_sent(event)
    assert not isinstance(read, Reject)
    assert event == before
    assert {"user_id", "received_at", "is_bot"}.isdisjoint(read)
    assert read["seq"] == 4
    assert type(read["seq"]) is int


def test_unknown_fields_of_a_higher_minor_version_are_kept() -> None:
    read = read_sent(example_event(schema_version="1.4", colour="blue", extra=[1]))
    assert not isinstance(read, Reject)
    assert read["extra"] == {"colour": "blue", "extra": [1]}
    assert reason_of(schema_version="1.4", seq=-1) == "out_of_range"


def test_unknown_fields_of_a_higher_minor_version_are_limited() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    assert reason_of(schema_version="1.2", deep=deep) == "too_deep"
    assert reason_of(schema_version="1.2", long="x" * MAX_EXTRA_BYTES) == "too_long"
    assert reason_of(schema_version="1.2", **{f"f{i}": i for i in range(65)}) == "too_long"


def test_an_accepted_event_can_be_written_however_deep_it_is() -> None:
    deep: Any = 1
    depths = set()
    for depth in range(300):
        read = read_sent(example_event(schema_version="1.2", deep=deep))
        if not isinstance(read, Reject):
            assert orjson.loads(orjson.dumps(read))["extra"] == {"deep": deep}
            depths.add(depth)
        deep = [deep]
    assert depths == set(range(253))


def test_a_reject_names_field_and_rule_and_shows_no_value() -> None:
    event = example_event(page_path="secret-token")
    reject = check_sent(event)
    assert reject is not None
    assert "page_path" in reject.detail
    assert "secret-token" not in reject.detail
    assert (reject.stage, reject.event_id) == ("schema", event["event_id"])
    for event_id in ("x" * 65, "a\nb", 5, "", "\ud800"):
        reject = check_sent(example_event(event_id=event_id))
        assert reject is not None
        assert reject.event_id is None


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"received_at": ABSENT}, "missing_field"),
        ({"is_bot": ABSENT}, "missing_field"),
        ({"is_bot": 1}, "wrong_type"),
        ({"user_id": None}, "wrong_type"),
        ({"country": "germany"}, "bad_format"),
        ({"latitude": 91}, "out_of_range"),
        ({"latitude": True}, "wrong_type"),
        ({"longitude": float("nan")}, "out_of_range"),
        ({"ip_prefix": "203.0.113.7"}, "bad_format"),
        ({"bot_reason": "mood"}, "not_allowed"),
        ({"colour": "blue"}, "unknown_field"),
        ({"schema_version": "1.1", "colour": "blue"}, "unknown_field"),
        # It was stored before 1.1 was closed.
        ({"extra": {"colour": "blue"}, "schema_version": "1.1"}, None),
        ({"via": "server"}, None),
        ({"via": "browser"}, "not_allowed"),
        ({"page_path": ABSENT}, "missing_field"),
        ({"page_path": ABSENT, "via": "server"}, None),
        ({"page_path": ABSENT, "via": None}, "wrong_type"),
        ({"is_bot": True, "bot_reason": "rate", "latitude": -90, "longitude": 180.0, "backfill": True}, None),
    ],
)
def test_stored(overrides: dict[str, Any], reason: str | None) -> None:
    reject = check_stored(stored_event(**overrides))
    assert (None if reject is None else reject.reason) == reason


def _within_the_bound_that_no_schema_can_say(event: dict[str, Any]) -> bool:
    return check_sent(event) is None or "later version" not in check_sent(event).detail  # type: ignore[union-attr]


@settings(max_examples=400)
@given(mutated_events(), st.sampled_from([None, "server"]))
def test_sent_agrees_with_an_independent_validator(event: dict[str, Any], via: Via | None) -> None:
    if _within_the_bound_that_no_schema_can_say(event):
        assert (check_sent(event, via) is None) == VALIDATORS[via].is_valid(event), check_sent(event, via)


@settings(max_examples=200)
@given(mutated_events())
def test_stored_agrees_with_an_independent_validator(event: dict[str, Any]) -> None:
    event = {**stored_event(), **event}
    assert (check_stored(event) is None) == STORED.is_valid(event), check_stored(event)


@given(VALUES)
def test_no_value_makes_it_raise(value: object) -> None:
    for check in (check_sent, check_stored):
        assert check(value) is not None

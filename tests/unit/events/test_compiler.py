"""The compiler refuses unsupported keywords instead of ignoring them."""

import copy
from typing import Any

import pytest

from footfall.events.compiler import SchemaError, compile_reader
from footfall.events.validate import SCHEMA
from tests.support.events import example_event


def changed(**shape: Any) -> dict[str, Any]:
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"]["position"] |= shape
    return schema


LOGIN = {"properties": {"event_type": {"enum": ["login", "logout"]}}}
NEEDS_USER = {"required": ["user_id"], "properties": {"user_id": {"type": "string"}}}


def with_rule(rule: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"]["sent"]["allOf"] = [rule]
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        changed(multipleOf=5),
        changed(exclusiveMinimum=1),
        changed(type="array"),
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "unevaluatedProperties": True}}},
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "minProperties": 1}}},
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "else": {}}}},
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "if": {"required": ["seq", "referrer"]}}}},
        with_rule({"if": {"properties": {"seq": {"const": 1}}}, "then": NEEDS_USER}),
        with_rule({"if": {"properties": {"browser": {"enum": ["Firefox"]}}}, "then": NEEDS_USER}),
        with_rule({"if": {"required": ["browser", "os"]}, "then": NEEDS_USER}),
        with_rule({"if": LOGIN, "then": NEEDS_USER, "else": NEEDS_USER}),
        with_rule({"if": LOGIN, "then": {"required": ["seq"], "properties": {"seq": {"minimum": 3}}}}),
        with_rule({"if": LOGIN, "else": {"properties": {"user_id": False}}}),
        with_rule({"if": LOGIN, "then": {"properties": {"seq": {"minimum": 3}}}}),
        {"$defs": {**SCHEMA["$defs"], "sent_by_browser": {**SCHEMA["$defs"]["sent_by_browser"], "minProperties": 1}}},
        {"$defs": {**SCHEMA["$defs"], "id": {"type": "string", "pattern": "a"}}},
        {"$defs": {**SCHEMA["$defs"], "name": {"anyOf": [{"type": "string"}]}}},
        {"$defs": {**SCHEMA["$defs"], "app": {**SCHEMA["$defs"]["app"], "not": {"enum": ["all"]}}}},
        {"$defs": {**SCHEMA["$defs"], "app": {**SCHEMA["$defs"]["app"], "not": {"const": 1}}}},
    ],
)
def test_an_unknown_keyword_or_use_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        compile_reader(schema, "sent_by_browser")


def test_a_changed_bound_changes_the_check() -> None:
    schema = changed(maximum=2)
    read = compile_reader(schema, "sent")
    out: dict[str, Any] = {}
    assert read(example_event(seq=2), out) is None
    assert out["seq"] == 2
    fault = read(example_event(seq=3), {})
    assert fault is not None
    assert fault[0] == "out_of_range"


@pytest.mark.parametrize(
    ("rule", "fault_of_login", "fault_of_view"),
    [
        ({"if": LOGIN, "then": NEEDS_USER}, "missing_field", None),
        ({"if": LOGIN, "else": NEEDS_USER}, None, "missing_field"),
        ({"if": {"required": ["page_title"]}, "then": NEEDS_USER}, "missing_field", "missing_field"),
        ({"if": {"required": ["page_title"]}, "else": NEEDS_USER}, None, None),
        ({"if": LOGIN, "then": {"properties": {"page_title": False}}}, "unknown_field", None),
        ({"if": LOGIN, "then": {"properties": {"page_type": {"not": {"enum": ["product"]}}}}}, "not_allowed", None),
    ],
)
def test_a_rule_is_kept(rule: dict[str, Any], fault_of_login: str | None, fault_of_view: str | None) -> None:
    read = compile_reader(with_rule(rule), "sent_by_browser")
    for kind, reason in (("login", fault_of_login), ("page_view", fault_of_view)):
        fault = read(example_event(event_type=kind), {})
        assert (None if fault is None else fault[0]) == reason

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


@pytest.mark.parametrize(
    "schema",
    [
        changed(multipleOf=5),
        changed(exclusiveMinimum=1),
        changed(type="array"),
        {"$defs": {"sent": {**SCHEMA["$defs"]["sent"], "unevaluatedProperties": True}, **{}}},
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "minProperties": 1}}},
        {"$defs": {**SCHEMA["$defs"], "sent": {**SCHEMA["$defs"]["sent"], "else": {}}}},
        {"$defs": {**SCHEMA["$defs"], "id": {"type": "string", "pattern": "a"}}},
        {"$defs": {**SCHEMA["$defs"], "name": {"anyOf": [{"type": "string"}]}}},
        {"$defs": {**SCHEMA["$defs"], "app": {**SCHEMA["$defs"]["app"], "not": {"enum": ["all"]}}}},
        {"$defs": {**SCHEMA["$defs"], "app": {**SCHEMA["$defs"]["app"], "not": {"const": 1}}}},
    ],
)
def test_an_unknown_keyword_or_use_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        compile_reader(schema, "sent")


def test_a_changed_bound_changes_the_check() -> None:
    schema = changed(maximum=2)
    read = compile_reader(schema, "sent")
    out: dict[str, Any] = {}
    assert read(example_event(seq=2), out) is None
    assert out["seq"] == 2
    fault = read(example_event(seq=3), {})
    assert fault is not None
    assert fault[0] == "out_of_range"

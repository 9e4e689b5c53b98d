"""Which validator is fastest, and is it right: `PYTHONPATH=src:. python -m bench.events.validators`.

Candidates besides our own compiler are measured where they are installed (`pip install fastjsonschema msgspec`).
Each checks the same parsed events. The last columns say on how many of the wrong events below a candidate fails to
object; ours also copies the event for the collector in the same pass, which the others would need besides.

Measured on one core shared with other work, CPython 3.11, best of 9, µs an event:

                              page_view  page_ping   purchase   no field    newline  wrong about
    ours                            5.6        5.8        7.7        7.2        4.6  none
    jsonschema_rs                   5.9        6.0        7.1        6.0        1.8  none
    jsonschema_rs_and_copy          8.7        8.8       10.0        6.1        2.0  none
    fastjsonschema                 18.2       19.3       23.0       18.3       16.1  unknown_field
    msgspec                         7.3        7.6        8.8        7.8        5.4  missing_page, trailing_newline
    accept() in all                 8.2        8.4       10.4        7.1        4.6  none

Kept: our own. Checking alone, jsonschema-rs is about as fast and as right, but it makes no copy; so the tests
compare ours with it.
"""

import timeit
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Annotated, Any, Literal

from footfall.events.stamp import Context, accept
from footfall.events.validate import SCHEMA, check_sent
from tests.support.events import NOW_MS, example_event

Check = Callable[[dict[str, Any]], bool]
ROUNDS = 9
TIMES = 3000

VALID = {
    "page_view": example_event(),
    "page_ping": example_event(event_type="page_ping", engaged_ms=5000, scroll_pct=40, user_id="u-17"),
    "purchase": example_event(
        event_type="purchase",
        quantity=2,
        value_cents=4998,
        currency="EUR",
        order_id="o-5521",
        utm_source="newsletter",
        utm_campaign="autumn",
        properties={"gift": True, "coupon": "TEN"},
    ),
}
INVALID = {
    "unknown_version": example_event(schema_version="2.0"),
    "unknown_field": example_event(colour="blue"),
    "missing_page": example_event(page_path=None),
    "newline": example_event(page_title="a\nb"),
    "trailing_newline": example_event(currency="EUR\n"),
    "boolean_seq": example_event(seq=True),
    "out_of_range": example_event(scroll_pct=101),
    "nested_property": example_event(properties={"a": {}}),
}


def ours() -> Check:
    """The schema compiled to a straight line of Python."""
    return lambda event: check_sent(event) is None


def jsonschema_rs() -> Check:
    """A complete JSON Schema validator in Rust; it converts each event first."""
    module = import_module("jsonschema_rs")
    check: Check = module.Draft202012Validator({**SCHEMA, "$ref": "#/$defs/sent_by_browser"}).is_valid
    return check


def jsonschema_rs_and_copy() -> Check:
    """The same, and then the copy without nulls and collector's fields that ours has made already."""
    valid = jsonschema_rs()
    wanted = [name for name, shape in SCHEMA["$defs"]["sent"]["properties"].items() if shape is not True]

    def check(event: dict[str, Any]) -> bool:
        if not valid(event):
            return False
        copied = {name: value for name in wanted if (value := event.get(name)) is not None}
        return len(copied) > 0

    return check


def fastjsonschema() -> Check:
    """Generates Python too, but stops at draft 7: `unevaluatedProperties` says nothing to it."""
    module = import_module("fastjsonschema")
    draft_7 = {
        **SCHEMA["$defs"]["sent"],
        "allOf": SCHEMA["$defs"]["sent"]["allOf"] + SCHEMA["$defs"]["sent_by_browser"]["allOf"],
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$defs": SCHEMA["$defs"],
    }
    validate = module.compile(draft_7, use_default=False)

    def check(event: dict[str, Any]) -> bool:
        try:
            validate(event)
        except module.JsonSchemaValueException:
            return False
        return True

    return check


def msgspec() -> Check:
    """A struct made from the schema; conditions between fields cannot be said in it."""
    module = import_module("msgspec")
    definition = SCHEMA["$defs"]["sent"]
    fields: list[Any] = []
    for name, shape in definition["properties"].items():
        if name in definition["required"]:
            fields.append((name, _msgspec_type(module, shape)))
        else:
            fields.append((name, Any if shape is True else _msgspec_type(module, shape["anyOf"][0]) | None, None))
    struct = module.defstruct("Sent", fields, forbid_unknown_fields=True)

    def check(event: dict[str, Any]) -> bool:
        try:
            module.convert(event, struct)
        except module.ValidationError:
            return False
        return True

    return check


def _msgspec_type(module: Any, shape: dict[str, Any]) -> Any:
    shape = SCHEMA["$defs"][shape["$ref"].removeprefix("#/$defs/")]
    if "enum" in shape:
        return Literal[tuple(shape["enum"])]
    if shape["type"] == "integer":
        return Annotated[int, module.Meta(ge=shape["minimum"], le=shape["maximum"])]
    if shape["type"] == "object":
        return Annotated[dict[str, str | float | bool], module.Meta(max_length=shape["maxProperties"])]
    bounds = {"min_length": shape.get("minLength"), "max_length": shape.get("maxLength"), "pattern": shape["pattern"]}
    return Annotated[str, module.Meta(**bounds)]


def measured() -> Iterator[str]:
    """The table, line by line. Candidates take turns in each round, so that the machine's other work hits all alike."""
    events = [*VALID.values(), INVALID["unknown_field"], INVALID["newline"]]
    checks: dict[str, Callable[[dict[str, Any]], object]] = {}
    for make in (ours, jsonschema_rs, jsonschema_rs_and_copy, fastjsonschema, msgspec):
        try:
            checks[make.__name__] = make()
        except ModuleNotFoundError:
            yield f"{make.__name__} is not installed"
    context = Context("shop", NOW_MS, "203.0.113.0/24", "Mozilla/5.0")
    checks["accept() in all"] = lambda event: accept(event, context)
    best = {(name, i): float("inf") for name in checks for i in range(len(events))}
    for _ in range(ROUNDS):
        for name, i in best:
            taken = timeit.timeit(partial(checks[name], events[i]), number=TIMES) / TIMES * 1e6
            best[name, i] = min(best[name, i], taken)
    yield f"{'':<24}" + "".join(f"{title:>11}" for title in [*VALID, "no field", "newline"]) + "  wrong about"
    for name, check in checks.items():
        figures = "".join(f"{best[name, i]:>11.1f}" for i in range(len(events)))
        wrong = [title for title, event in INVALID.items() if check(event) is True]
        wrong += [title for title, event in VALID.items() if not check(event)]
        yield f"{name:<24}{figures}  {', '.join(wrong) or 'none'}"


if __name__ == "__main__":
    print("\n".join(measured()))

"""Invalid events: a valid one with some fields replaced by any JSON value."""

from typing import Any

import orjson
from hypothesis import strategies as st

from footfall.events.validate import SCHEMA
from tests.support.events import example_event

FIELDS = tuple(SCHEMA["$defs"]["sent"]["properties"])
AWKWARD = st.sampled_from(
    [
        None, True, False, 0, -1, 1, 3.0, 3.5, -0.0, 100, 101, 599, 600_000, 600_001, 2**31, 2**63 - 1, 2**64 - 1,
        1e300,
        "", " ", "a", "/", "/a?b", "/a#b", "a\nb", "/a\r\nb", "/\x00", "\u2028", "\x7f", "é", "👩‍💻", "x" * 129,
        "/" + "x" * 1024,
        "<script>alert(1)</script>", "'; drop table events; --", "=1+1", "1.0", "1.1", "2.0", "1.00", "page_view",
        "custom", "login", "shop", "news", "blog", "all", "Blog", "shop-2", "-a", "b" * 31, "b" * 32, "shop\n",
        "home", "other", "server", "denied", "granted", "EUR", "2026-11-24T08:00:00.000Z",
        "2026-02-31T08:00:00.000Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z",
        "019ab6d1-0e0c-7000-8000-000000000000", "00000000-0000-7000-8000-000000000000", [], {}, [[]], {"a": {}},
        {"": 1}, {"a": None}, {"a": 1e300}, {"a": True, "b": "x", "c": 1.5}, {"a": "\n"},
        {str(i): i for i in range(33)},
    ]
)  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip
VALUES = AWKWARD | JSON
# What the second version has and the first lacks.
LATER: dict[str, st.SearchStrategy[Any]] = {
    "event_type": st.sampled_from(["custom", "web_vitals"]),
    "page_type": st.just("other"),
    "event_name": st.sampled_from(["signup", "", None]),
    **dict.fromkeys(("lcp_ms", "inp_ms", "ttfb_ms", "cls_milli"), st.sampled_from([0, 1_200, 600_001, None])),
    "via": st.sampled_from(["server", "browser", None]),
}


@st.composite
def mutated_events(draw: st.DrawFn) -> dict[str, Any]:
    """The example with up to three fields replaced, some removed, and sometimes an unknown one.

    Some have fields of the second version, or are of types that it added.
    """
    event = example_event(schema_version=draw(st.sampled_from(["1.0", "1.1"])))
    event |= draw(st.fixed_dictionaries({}, optional=LATER)) if draw(st.booleans()) else {}
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        event[name] = draw(VALUES)
    for name in draw(st.lists(st.sampled_from(tuple(event)), max_size=2)) if draw(st.booleans()) else []:
        event.pop(name, None)
    if draw(st.integers(0, 3)) == 0:
        event[draw(st.text(max_size=12))] = draw(VALUES)
    if draw(st.integers(0, 2)) == 0:
        event["schema_version"] = "1.7"
    # Events arrive as JSON, so 2**64 is a float and there are no tuples.
    parsed: dict[str, Any] = orjson.loads(orjson.dumps(event))
    return parsed

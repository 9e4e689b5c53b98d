"""Garbage of all kinds: never an exception, always an event that can be stored or a reject with a stated reason."""

from random import Random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.events.bodies import element_bytes, parse_body
from footfall.events.bots import RateRule
from footfall.events.geo import Location
from footfall.events.rejects import REASONS, Reject, read_reject_record, reject_record
from footfall.events.stamp import Context, accept
from footfall.events.validate import check_stored
from tests.support.events import NOW_MS, example_event
from tests.support.hostile import SPLICES
from tests.unit.events.strategies import JSON, VALUES, mutated_events

COLLECTOR = Context(
    "shop", NOW_MS, "203.0.113.0/24", "Mozilla/5.0", gpc=True, place=Location("GB", None, "London", 51.5, 0.0)
)
RULE = RateRule(120)


def judge(event: object) -> bool:
    """True if it was accepted; fails if it was neither accepted nor rejected."""
    outcome = accept(event, COLLECTOR, RULE)
    if isinstance(outcome, Reject):
        assert outcome.reason in REASONS
        assert outcome.stage
        assert outcome.detail.endswith(".")
        assert len(outcome.detail) < 300
        record = reject_record(outcome, b"as it came", "shop", NOW_MS)
        assert read_reject_record(record).reason == outcome.reason
        return False
    assert check_stored(outcome) is None
    assert orjson.loads(orjson.dumps(outcome)) == outcome
    assert outcome["event_time"] <= outcome["received_at"]
    return True


def judge_body(body: bytes) -> int:
    """The number of accepted events in a body."""
    events = parse_body(body)
    if isinstance(events, Reject):
        assert events.reason in ("not_json", "too_deep")
        return 0
    assert len(element_bytes(body)) == len(events)
    return sum(judge(event) for event in events)


@settings(max_examples=400)
@given(mutated_events())
def test_mutated_events(event: dict[str, Any]) -> None:
    judge(event)


@given(
    VALUES | JSON | st.dictionaries(st.integers() | st.text(), JSON) | st.binary() | st.floats() | st.tuples(st.text())
)
def test_anything(event: object) -> None:
    assert not judge(event)


@given(st.dictionaries(st.sampled_from(sorted(example_event())), st.text() | st.floats() | st.integers() | JSON))
def test_values_that_python_has_and_json_has_not(fields: dict[str, Any]) -> None:
    judge({**example_event(), **fields})


def test_spliced_bodies() -> None:
    rng = Random(4)
    accepted = 0
    for _ in range(4000):
        body = bytearray(orjson.dumps([example_event(), example_event(schema_version="1.3", new="x")]))
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(body))
            body[at : at + rng.choice((0, 0, 1, 30))] = rng.choice(SPLICES)
        if rng.random() < 0.2:
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        if rng.random() < 0.1:
            del body[rng.randrange(len(body)) :]
        accepted += judge_body(bytes(body))
    # At least the unchanged third passes. A fuzz test in which nothing passes would test nothing.
    assert accepted > 2000


@given(st.binary(max_size=500))
def test_raw_bodies(body: bytes) -> None:
    assert judge_body(body) == 0

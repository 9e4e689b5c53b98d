"""The events that are failures: for one event and for columns of events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics.errors import (
    could_fail,
    error_rate,
    failures,
    is_error_event,
    is_failure,
    is_not_found,
    outcome,
)
from footfall.metrics.page_views import is_page_view

TYPES = st.sampled_from(["page_view", "page_ping", "click", "error", "purchase"])
STATUSES = st.none() | st.sampled_from([200, 304, 404, 499, 500, 503]) | st.integers(100, 599)


@pytest.mark.parametrize(
    ("event_type", "http_status", "failure", "not_found"),
    [
        ("page_view", None, False, False),
        ("page_view", 404, False, True),
        ("page_view", 499, False, False),
        ("page_view", 500, True, False),
        ("error", None, True, False),
        ("error", 404, True, False),
        ("click", 500, False, False),
        ("click", 404, False, False),
    ],
)
def test_one_failure_is_one_event(event_type: str, http_status: int | None, failure: bool, not_found: bool) -> None:
    assert is_failure(event_type, http_status) is failure
    assert is_not_found(event_type, http_status) is not_found


@given(TYPES, STATUSES)
def test_what_failed_could_fail(event_type: str, http_status: int | None) -> None:
    assert could_fail(event_type) is (event_type in ("page_view", "error"))
    assert could_fail(event_type) or not is_failure(event_type, http_status)


@given(TYPES, STATUSES)
def test_an_outcome_is_the_three_answers_together(event_type: str, http_status: int | None) -> None:
    separately = is_page_view(event_type), is_failure(event_type, http_status), is_not_found(event_type, http_status)
    assert outcome(event_type, http_status) == separately


@given(st.lists(st.tuples(TYPES, STATUSES)))
def test_the_failures_of_a_column_are_those_of_its_events(events: list[tuple[str, int | None]]) -> None:
    found = failures(
        np.array([is_page_view(kind) for kind, _ in events], dtype=np.bool_),
        np.array([is_error_event(kind) for kind, _ in events], dtype=np.bool_),
        np.array([status or 0 for _, status in events], dtype=np.int64),
    )
    assert found.tolist() == [is_failure(kind, status) for kind, status in events]


def test_an_error_rate_is_one_division() -> None:
    assert error_rate(1, 3) == 1 / 3
    assert error_rate(0, 3) == 0.0
    assert error_rate(0, 0) is None

"""Only pings add engaged time: for one event and for columns of events."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics.engagement import engaged_time_ms, engaged_times_ms, is_engaged_visit, is_ping

EVENTS = st.lists(
    st.tuples(st.sampled_from(["page_view", "page_ping", "click"]), st.none() | st.integers(0, 600_000)), max_size=20
)


def test_pings_alone_add_engaged_time() -> None:
    assert engaged_time_ms("page_ping", 15_000) == 15_000
    assert engaged_time_ms("page_ping", None) == engaged_time_ms("page_view", 15_000) == 0


@given(EVENTS)
def test_the_engaged_time_of_a_column_is_that_of_its_events(events: list[tuple[str, int | None]]) -> None:
    pings = np.array([is_ping(kind) for kind, _ in events], dtype=np.bool_)
    found = engaged_times_ms(pings, np.array([ms or 0 for _, ms in events], dtype=np.int64))
    assert found.tolist() == [engaged_time_ms(kind, ms) for kind, ms in events]


def test_pages_time_or_a_conversion_engage_a_visit() -> None:
    assert not is_engaged_visit(1, 9_999, 0)
    assert is_engaged_visit(2, 0, 0)
    assert is_engaged_visit(1, 10_000, 0)
    assert is_engaged_visit(1, 0, 1)

"""Times: one notation in both directions, and event times that use the visitor's clock only for the waiting time."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.times import event_time_ms, format_rfc3339_ms, parse_rfc3339_ms

ALL_MS = st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999)


def test_a_known_time() -> None:
    assert parse_rfc3339_ms("2026-11-24T08:00:00.123Z") == 1_795_507_200_123
    assert format_rfc3339_ms(1_795_507_200_123) == "2026-11-24T08:00:00.123Z"
    assert format_rfc3339_ms(0) == "1970-01-01T00:00:00.000Z"
    assert format_rfc3339_ms(-1) == "1969-12-31T23:59:59.999Z"


@given(ALL_MS)
def test_every_time_survives_both_ways(ms: int) -> None:
    assert parse_rfc3339_ms(format_rfc3339_ms(ms)) == ms


@given(st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(timezone.utc)))
def test_text_is_what_the_standard_library_writes(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert format_rfc3339_ms(parse_rfc3339_ms(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T08:00:00Z",
        "2026-11-24T08:00:00.123456Z",
        "2026-11-24T08:00:00.123+00:00",
        "2026-11-24T08:00:00.123z",
        "2026-11-24 08:00:00.123Z",
        "2026-11-24T08:00:00,123Z",
        "2026-W48-2T08:00:00.123Z",
        "2026-02-31T08:00:00.123Z",
        "2026-11-24T24:00:00.000Z",
        "2026-11-24T23:59:60.000Z",
        "0000-01-01T00:00:00.000Z",
        "２０２６-11-24T08:00:00.123Z",
        "2026-11-24T08:00:00.123Z\n",
        "",
    ],
)
def test_other_notations_and_impossible_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_rfc3339_ms(text)


@given(st.text(max_size=40))
def test_parsing_raises_nothing_but_value_error(text: str) -> None:
    try:
        ms = parse_rfc3339_ms(text)
    except ValueError:
        return
    assert format_rfc3339_ms(ms) == text


@pytest.mark.parametrize("ms", [-62_135_596_800_001, 253_402_300_800_000])
def test_years_beyond_four_digits_are_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        format_rfc3339_ms(ms)


def test_event_time_is_receipt_minus_waiting_time() -> None:
    assert event_time_ms(10_000, sent_ms=5_000, occurred_ms=2_000) == 7_000


@given(ALL_MS, ALL_MS, ALL_MS)
def test_no_event_is_in_the_future_and_a_shifted_clock_changes_nothing(received: int, sent: int, wait: int) -> None:
    wait = abs(wait)
    assert event_time_ms(received, sent, sent - wait) == received - wait
    assert event_time_ms(received, sent, sent + wait) == received

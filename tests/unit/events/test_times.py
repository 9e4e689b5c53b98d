"""Times: one notation in both directions, and event times that use the visitor's clock only for the waiting time."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.times import event_time_ms, format_rfc3339_ms, parse_offset_ms, parse_rfc3339_ms

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


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-24T08:00:00Z", "2026-11-24T08:00:00.000Z"),
        ("2026-11-24t08:00:00.1z", "2026-11-24T08:00:00.100Z"),
        ("2026-11-24 08:00:00.1239999Z", "2026-11-24T08:00:00.123Z"),
        ("2026-11-24T00:30:00+01:00", "2026-11-23T23:30:00.000Z"),
        ("2026-11-24T18:15:00.5-09:30", "2026-11-25T03:45:00.500Z"),
        ("2026-11-24T08:00:00-00:00", "2026-11-24T08:00:00.000Z"),
    ],
)
def test_a_time_with_an_offset_is_read(text: str, utc: str) -> None:
    assert parse_offset_ms(text) == parse_rfc3339_ms(utc)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-1439, 1439), st.integers(0, 6))
def test_a_time_with_an_offset_is_that_of_python(at: datetime, minutes: int, decimals: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = f"{at:%Y-%m-%dT%H:%M:%S}".zfill(19) + (f".{at.microsecond:06d}"[: decimals + 1] if decimals else "")
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    shown = at.microsecond // 10 ** (6 - decimals) * 10 ** (6 - decimals) if decimals else 0
    since = zoned.replace(microsecond=shown) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert parse_offset_ms(f"{text}{sign}{hours:02d}:{rest:02d}") == since // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text", ["2026-11-24T08:00:00", "2026-11-24T08:00:00+0100", "2026-11-24T08:00:00+24:00", "2026-02-30T08:00:00Z", ""]
)
def test_a_time_without_an_offset_or_with_an_impossible_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|written|day is out"):
        parse_offset_ms(text)

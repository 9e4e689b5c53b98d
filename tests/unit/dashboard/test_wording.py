"""Numbers, times and states in words."""

from datetime import date

import pytest

from footfall.dashboard import wording
from tests.unit.dashboard.rows import AT_MS


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (0, "0"), (1234567, "1,234,567")])
def test_number(value: int | None, words: str) -> None:
    assert wording.number(value) == words


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (0.0, "0.0"), (9.96, "10.0"), (1234.5, "1,234")])
def test_per_second(value: float | None, words: str) -> None:
    assert wording.per_second(value) == words


@pytest.mark.parametrize(
    ("share", "words"), [(None, "–"), (0.0, "0.0 %"), (0.0004, "< 0.1 %"), (0.0125, "1.2 %"), (1.0, "100.0 %")]
)
def test_percent_never_calls_something_nothing(share: float | None, words: str) -> None:
    assert wording.percent(share) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (-5, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (200_000, "3 min 20 s"),
        (3_600_000, "1 h"),
        (5_430_000, "1 h 30 min"),
        (3 * 86_400_000, "3 days"),
    ],
)
def test_duration(ms: int, words: str) -> None:
    assert wording.duration(ms) == words


@pytest.mark.parametrize(("ms", "words"), [(None, "–"), (400, "+0.4 s"), (65_000, "+1 min 5 s"), (-3, "+0.0 s")])
def test_gap(ms: int | None, words: str) -> None:
    assert wording.gap(ms) == words


def test_moment() -> None:
    assert wording.moment(AT_MS) == "24 Nov 08:10:30"


def test_age_before_counting_ever_caught_up() -> None:
    state, sentence = wording.age(None, AT_MS)
    assert state == "waiting"
    assert "Counting has not caught up" in sentence


@pytest.mark.parametrize(
    ("behind_ms", "words"),
    [
        (-200, "less than a second ago"),
        (900, "less than a second ago"),
        (1000, "1 second ago"),
        (4999, "4 seconds ago"),
    ],
)
def test_age_while_counting_keeps_up(behind_ms: int, words: str) -> None:
    state, sentence = wording.age(AT_MS - behind_ms, AT_MS)
    assert state == "live"
    assert sentence.endswith(f"{words}.")


def test_age_while_counting_is_behind() -> None:
    state, sentence = wording.age(AT_MS - 200_000, AT_MS)
    assert state == "behind"
    assert "3 min 20 s behind" in sentence
    assert "08:07:10 UTC" in sentence


def test_figures_that_cannot_be_read_are_not_called_late() -> None:
    sentence = wording.unread(AT_MS - 200_000, AT_MS)
    assert "cannot be read" in sentence
    assert "08:07:10 UTC, 3 min 20 s old" in sentence
    assert "cannot be read" in wording.unread(None, AT_MS)


def test_stale_says_how_old_the_shown_answer_is() -> None:
    assert wording.stale("It is away.", None) == "It is away."
    assert wording.stale("It is away.", AT_MS) == "It is away. This panel shows the answer of 08:10:30 UTC."


@pytest.mark.parametrize(
    ("ms", "words"),
    [(None, "–"), (0, "0.0 s"), (840, "0.8 s"), (59_940.0, "59.9 s"), (59_960.0, "1 min"), (72_300, "1 min 12 s")],
)
def test_brief(ms: float | None, words: str) -> None:
    assert wording.brief(ms) == words


def test_milliseconds_and_money() -> None:
    assert (wording.milliseconds(None), wording.milliseconds(1234)) == ("–", "1,234 ms")
    assert [wording.money(cents) for cents in (0, 5, 123_450)] == ["0.00", "0.05", "1,234.50"]


def test_days() -> None:
    day = date(2026, 11, 8)
    assert wording.day(day) == "Sun 8 Nov"
    assert wording.day_and_year(day) == "Sun 8 Nov 2026"
    assert wording.full_day(day) == "Sunday, 8 November 2026"

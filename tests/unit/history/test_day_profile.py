"""What a day is like follows from seed and day; over weeks there is a rhythm, growth, campaigns and incidents."""

from collections import Counter
from datetime import date, timedelta

from footfall.history import day_profile
from footfall.site_registry import DEMO_SITES

_MONDAY = date(2026, 11, 2)
_MONTH = [_MONDAY + timedelta(days=n) for n in range(28)]


def _plain_weeks(app: str, weekdays: tuple[int, ...]) -> list[int]:
    """Events of days without a campaign."""
    return [
        day_profile.events_wanted(7, app, day, 50_000)  # type: ignore[arg-type]
        for day in _MONTH
        if day.weekday() in weekdays and day_profile.campaign(7, app, day) is None  # type: ignore[arg-type]
    ]


def test_the_sites_shares_are_a_whole() -> None:
    assert abs(sum(day_profile.SHARES.values()) - 1) < 1e-9


def test_a_year_s_ordinary_day_has_what_was_asked() -> None:
    year = [date(2026, 1, 5) + timedelta(days=n) for n in range(52 * 7)]
    total = sum(day_profile.events_wanted(7, app, day, 50_000) for day in year for app in DEMO_SITES)
    assert 0.98 < total / len(year) / 50_000 < 1.05  # campaigns add a little


def test_shopping_is_for_weekends_and_news_for_workdays() -> None:
    assert min(_plain_weeks("shop", (5, 6))) > max(_plain_weeks("shop", (0, 1, 2)))
    assert max(_plain_weeks("news", (5, 6))) < min(_plain_weeks("news", (0, 1, 2)))


def test_the_same_weekday_grows_from_week_to_week() -> None:
    tuesdays = _plain_weeks("news", (1,))
    assert len(tuesdays) > 1
    assert tuesdays == sorted(tuesdays)
    assert tuesdays[0] < tuesdays[-1]


def test_campaigns_last_a_few_days_and_bring_more_visits() -> None:
    by_name: dict[str, list[tuple[date, int, int]]] = {}
    for app in DEMO_SITES:
        for day in _MONTH:
            campaign = day_profile.campaign(7, app, day)
            if campaign is not None:
                without = day_profile.events_wanted(7, app, day, 50_000) / 1.12
                by_name.setdefault(campaign.source.utm["campaign"], []).append((day, campaign.days, round(without)))
    assert 3 <= len(by_name) <= 5
    whole = [days for days in by_name.values() if len(days) == days[0][1]]
    assert len(whole) >= 2
    for days in whole:
        assert 3 <= len(days) <= 4
        assert (days[-1][0] - days[0][0]).days == len(days) - 1


def test_any_three_days_have_one_incident_of_20_to_40_minutes_within_a_day() -> None:
    found = [(day, trouble) for day in _MONTH for app in DEMO_SITES if (trouble := day_profile.trouble(7, app, day))]
    days = Counter(day for day, _ in found)
    for first in range(len(_MONTH) - 2):
        assert sum(days[day] for day in _MONTH[first : first + 3]) == 1
    assert {trouble.kind for _, trouble in found} == {"errors", "slow"}
    for day, trouble in found:
        assert 20 <= (trouble.end_ms - trouble.start_ms) / 60_000 <= 40
        assert day_profile.start_ms(day) <= trouble.start_ms < trouble.end_ms <= day_profile.end_ms(day)


def test_days_before_end_yesterday() -> None:
    assert day_profile.days_before(date(2026, 3, 2), 3) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]

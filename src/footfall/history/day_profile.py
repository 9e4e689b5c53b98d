"""What each simulated day is like: how busy, which campaign, what went wrong. Pure, from seed and day alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

from footfall.site_registry import DemoSite
from footfall.sites.visitors.behaviour import Source

# Each site's part of all events when ten visitors are at work on each without a pause, as live.
SHARES: Final[Mapping[DemoSite, float]] = MappingProxyType({"shop": 0.375, "news": 0.285, "academy": 0.34})
# How busy Monday to Sunday are; 1 is the week's mean. People shop on weekends, and read news on workdays.
_WEEK: Final[Mapping[DemoSite, tuple[float, ...]]] = MappingProxyType(
    {
        "shop": (0.94, 0.92, 0.93, 0.96, 1.02, 1.13, 1.10),
        "news": (1.08, 1.09, 1.07, 1.06, 1.04, 0.82, 0.84),
        "academy": (1.07, 1.09, 1.08, 1.05, 0.91, 0.79, 1.01),
    }
)
# A year's first day and its last one; between them each day has a little more than the one before.
_GROWTH: Final = (0.88, 1.12)

_CAMPAIGN_EVERY_DAYS: Final = 7
_CAMPAIGN_LIFT: Final = 1.12
_CAMPAIGN_SHARE: Final = 0.18
_CAMPAIGNS: Final[tuple[tuple[DemoSite, str, str | None, dict[str, str]], ...]] = (
    ("shop", "season-sale", "https://www.google.com/", {"source": "google", "medium": "cpc", "term": "tent"}),
    ("shop", "new-boots", "https://www.instagram.com/", {"source": "instagram", "medium": "social"}),
    ("news", "long-reads", None, {"source": "newsletter", "medium": "email", "content": "top"}),
    ("news", "election-desk", "https://www.facebook.com/", {"source": "facebook", "medium": "social"}),
    ("academy", "learn-this-month", "https://www.google.com/", {"source": "google", "medium": "cpc", "term": "course"}),
    ("academy", "bring-a-friend", None, {"source": "partner", "medium": "referral"}),
)
_INCIDENT_EVERY_DAYS: Final = 3
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Campaign:
    """Some days of advertising for one site; `share` of its visits come by `source` meanwhile."""

    app: DemoSite
    first: date
    days: int
    source: Source
    share: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """What was wrong with one site for a while: `errors` or `slow` for `share` of its pages; epoch milliseconds."""

    app: DemoSite
    kind: str
    start_ms: int
    end_ms: int
    share: float


def start_ms(day: date) -> int:
    """The first millisecond of a UTC day, since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp()) * 1000


def days_before(today: date, count: int) -> list[date]:
    """The `count` days before today, oldest first."""
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def events_wanted(seed: int, app: DemoSite, day: date, events_per_day: int) -> int:
    """How many events a site has on a day, of `events_per_day` of all sites on an ordinary one."""
    low, high = _GROWTH
    grown = low + (high - low) * (day.timetuple().tm_yday - 1) / 365
    lift = 1.0 if campaign(seed, app, day) is None else _CAMPAIGN_LIFT
    return round(events_per_day * SHARES[app] * _WEEK[app][day.weekday()] * grown * lift)


def campaign(seed: int, app: DemoSite, day: date) -> Campaign | None:
    """The campaign of a site on a day; there is one of three or four days in each seven, for one of the sites."""
    begins = date.fromordinal(day.toordinal() // _CAMPAIGN_EVERY_DAYS * _CAMPAIGN_EVERY_DAYS)
    rng = random.Random(f"{seed}/campaign/{begins}")
    chosen, name, referrer, utm = rng.choice(_CAMPAIGNS)
    first, days = begins + timedelta(days=rng.randrange(4)), rng.randint(3, 4)
    if chosen != app or not first <= day < first + timedelta(days=days):
        return None
    # Its name tells the week, so that two weeks of the same campaign are told apart.
    source = Source(weight=1, referrer=referrer, utm={**utm, "campaign": f"{name}-{begins:%Y-%m-%d}"})
    return Campaign(app, first, days, source, _CAMPAIGN_SHARE)


def trouble(seed: int, app: DemoSite, day: date) -> Trouble | None:
    """What goes wrong with a site on a day: on each third day, for 20 to 40 minutes, with one of the sites."""
    if (day.toordinal() - seed) % _INCIDENT_EVERY_DAYS:
        return None
    rng = random.Random(f"{seed}/incident/{day}")
    chosen: DemoSite = rng.choice(tuple(SHARES))
    kind, share = rng.choice((("errors", 0.35), ("slow", 0.6)))
    begins = start_ms(day) + rng.randrange(8 * 60, 21 * 60) * 60_000
    return Trouble(app, kind, begins, begins + rng.randint(20, 40) * 60_000, share) if chosen == app else None


def end_ms(day: date) -> int:
    """The first millisecond of the next UTC day, since 1970."""
    return start_ms(day) + _DAY_MS

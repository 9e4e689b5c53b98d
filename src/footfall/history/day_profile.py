"""The profile of each simulated day: its number of events, its campaign, its incident. Pure, from seed and date."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

from footfall.site_registry import DemoSite
from footfall.sites.visitors.behaviour import Source

# Each site's share of all events when ten visitors are constantly active on each, as in live operation.
SHARES: Final[Mapping[DemoSite, float]] = MappingProxyType({"shop": 0.375, "news": 0.285, "academy": 0.34})
# Relative activity from Monday to Sunday; 1 is the mean of the week. Shopping peaks on weekends, news on workdays.
_WEEK: Final[Mapping[DemoSite, tuple[float, ...]]] = MappingProxyType(
    {
        "shop": (0.94, 0.92, 0.93, 0.96, 1.02, 1.13, 1.10),
        "news": (1.08, 1.09, 1.07, 1.06, 1.04, 0.82, 0.84),
        "academy": (1.07, 1.09, 1.08, 1.05, 0.91, 0.79, 1.01),
    }
)
# Factors of a year's first and last day; the days between them grow linearly.
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
    """A campaign of several days for one site; `share` of the visits then come by `source`."""

    app: DemoSite
    first: date
    days: int
    source: Source
    share: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident of one site: `errors` or `slow` for `share` of its pages; times in epoch milliseconds."""

    app: DemoSite
    kind: str
    start_ms: int
    end_ms: int
    share: float


def start_ms(day: date) -> int:
    """The start of a UTC day in epoch milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp()) * 1000


def days_before(today: date, count: int) -> list[date]:
    """The `count` days before today, oldest first."""
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def events_wanted(seed: int, app: DemoSite, day: date, events_per_day: int) -> int:
    """The number of events of a site on a day. events_per_day: of all sites on an average day."""
    low, high = _GROWTH
    grown = low + (high - low) * (day.timetuple().tm_yday - 1) / 365
    lift = 1.0 if campaign(seed, app, day) is None else _CAMPAIGN_LIFT
    return round(events_per_day * SHARES[app] * _WEEK[app][day.weekday()] * grown * lift)


def campaign(seed: int, app: DemoSite, day: date) -> Campaign | None:
    """The campaign of a site on a day, if any; in each seven days, one of the sites has one, for three or four days."""
    begins = date.fromordinal(day.toordinal() // _CAMPAIGN_EVERY_DAYS * _CAMPAIGN_EVERY_DAYS)
    rng = random.Random(f"{seed}/campaign/{begins}")
    chosen, name, referrer, utm = rng.choice(_CAMPAIGNS)
    first, days = begins + timedelta(days=rng.randrange(4)), rng.randint(3, 4)
    if chosen != app or not first <= day < first + timedelta(days=days):
        return None
    # The name contains the week, so that two runs of the same campaign can be distinguished.
    source = Source(weight=1, referrer=referrer, utm={**utm, "campaign": f"{name}-{begins:%Y-%m-%d}"})
    return Campaign(app, first, days, source, _CAMPAIGN_SHARE)


def trouble(seed: int, app: DemoSite, day: date) -> Trouble | None:
    """The incident of a site on a day, if any; on each third day, one of the sites has one, for 20 to 40 minutes."""
    if (day.toordinal() - seed) % _INCIDENT_EVERY_DAYS:
        return None
    rng = random.Random(f"{seed}/incident/{day}")
    chosen: DemoSite = rng.choice(tuple(SHARES))
    kind, share = rng.choice((("errors", 0.35), ("slow", 0.6)))
    begins = start_ms(day) + rng.randrange(8 * 60, 21 * 60) * 60_000
    return Trouble(app, kind, begins, begins + rng.randint(20, 40) * 60_000, share) if chosen == app else None


def end_ms(day: date) -> int:
    """The start of the next UTC day in epoch milliseconds."""
    return start_ms(day) + _DAY_MS

"""One person in the CRM: how the data begin, and how a change alters them. Pure: the seed decides everything."""

import random
from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple

from footfall.crm.changes import Change
from footfall.sites.visitors.locations import COUNTRIES, COUNTRY_CUMULATED

# Plans from the smallest to the largest, and the share of people who sign up for each.
PLANS: Final = ("free", "plus", "pro", "business")
_PLAN_CUMULATED: Final = tuple(accumulate((62, 20, 12, 6)))
COMPANY_SIZES: Final = ("1", "2-10", "11-50", "51-250", "251-1000", "1001+")
_SIZE_CUMULATED: Final = tuple(accumulate((18, 26, 24, 17, 10, 5)))
# The share of people who named a company, by plan. The others are private persons.
_WITH_COMPANY: Final = {"free": 0.35, "plus": 0.45, "pro": 0.8, "business": 1.0}
INTERESTS: Final = (
    "books",
    "cooking",
    "design",
    "fashion",
    "finance",
    "gaming",
    "health",
    "languages",
    "music",
    "photography",
    "politics",
    "programming",
    "science",
    "sports",
    "travel",
)
_MOST_INTERESTS: Final = 5
_CONSENT_SHARE: Final = 0.45
# Age at sign-up: the youngest, the oldest and the most frequent.
_AGES: Final = (18, 82, 31)
_UPGRADE_SHARE: Final = 0.7
_TICK: Final = timedelta(milliseconds=1)


class Person(NamedTuple):
    """A person's row in the table `people`, in the order of its columns.

    company_size: None for a private person. updated_at, deleted_at: UTC with whole milliseconds.
    """

    user_id: str
    plan: str
    country: str
    birth_year: int
    signed_up_on: str
    marketing_consent: bool
    company_size: str | None
    interests: list[str]
    updated_at: datetime
    deleted_at: datetime | None


def sign_up(seed: int, user_id: str, country: str | None, at: datetime) -> Person:
    """The person as of the sign-up. country: ISO 3166 code; None: drawn like that of the sites' visitors."""
    rng = random.Random(f"{seed}/crm/{user_id}")  # noqa: S311 - reproducible
    plan = PLANS[_draw(rng, _PLAN_CUMULATED)]
    drawn = COUNTRIES[_draw(rng, COUNTRY_CUMULATED)].code
    youngest, oldest, usual = _AGES
    return Person(
        user_id=user_id,
        plan=plan,
        country=country or drawn,
        birth_year=at.year - int(rng.triangular(youngest, oldest, usual)),
        signed_up_on=at.date().isoformat(),
        marketing_consent=rng.random() < _CONSENT_SHARE,
        company_size=_company_size(rng) if rng.random() < _WITH_COMPANY[plan] else None,
        interests=sorted(rng.sample(INTERESTS, rng.randint(1, _MOST_INTERESTS))),
        updated_at=at,
        deleted_at=None,
    )


def alter(seed: int, person: Person, change: Change) -> Person:
    """The person after a change that is no sign-up. The result is later than the person, even if the change is not."""
    rng = random.Random(f"{seed}/crm/{change.at.date()}/{person.user_id}")  # noqa: S311 - reproducible
    person = person._replace(updated_at=max(change.at, person.updated_at + _TICK))
    if change.kind == "delete":
        return person._replace(deleted_at=person.updated_at)
    if change.kind == "consent":
        return person._replace(marketing_consent=not person.marketing_consent)
    if change.kind == "interests":
        return person._replace(interests=_other_interests(rng, person.interests))
    if change.kind == "company_size":
        return person._replace(company_size=_other_company_size(rng, person.company_size))
    plan = _other_plan(rng, person.plan)
    needs_company = plan == "business" and person.company_size is None
    return person._replace(plan=plan, company_size=_company_size(rng) if needs_company else person.company_size)


def _draw(rng: random.Random, cumulated: tuple[float, ...]) -> int:
    return bisect_right(cumulated, rng.random() * cumulated[-1], hi=len(cumulated) - 1)


def _company_size(rng: random.Random) -> str:
    return COMPANY_SIZES[_draw(rng, _SIZE_CUMULATED)]


def _other_plan(rng: random.Random, plan: str) -> str:
    """One plan up or down. The smallest can only go up, and the largest only down."""
    at = PLANS.index(plan)
    up = rng.random() < _UPGRADE_SHARE
    return PLANS[at + 1] if at == 0 or (up and at + 1 < len(PLANS)) else PLANS[at - 1]


def _other_company_size(rng: random.Random, size: str | None) -> str:
    """The next larger size. The largest shrinks by one, and a private person names a company."""
    if size is None:
        return _company_size(rng)
    at = COMPANY_SIZES.index(size)
    return COMPANY_SIZES[at + 1 if at + 1 < len(COMPANY_SIZES) else at - 1]


def _other_interests(rng: random.Random, interests: list[str]) -> list[str]:
    """One interest more or one less; never none."""
    more = [one for one in INTERESTS if one not in interests]
    if len(interests) == 1 or (len(interests) < _MOST_INTERESTS and rng.random() < 0.5):
        return sorted([*interests, rng.choice(more)])
    return sorted(set(interests) - {rng.choice(interests)})

"""Who is in the CRM at first: everybody who logs in on a site, and more people who never do. Pure."""

import random
from datetime import date, timedelta
from typing import Final

from footfall.crm.changes import midnight, user_id
from footfall.crm.people import Person, sign_up
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.population import Population

# People in the CRM for each number that the sites know.
_PEOPLE_PER_USER: Final = 1.6
# The first people signed up in the three years before the CRM's history begins.
_SIGN_UP_DAYS: Final = 3 * 365
_DAY_MS: Final = 86_400_000


def first_people(settings: Settings, start: date) -> list[Person]:
    """Everybody who signed up before the UTC day `start`, by user_id."""
    countries: dict[str, str] = {}
    users = 0
    for app in DEMO_SITES:
        population = Population(settings.seed, app, settings.population)
        users = max(users, population.users)
        for user, country in population.logins():
            # Somebody who logs in on two sites may appear in two countries; the first site decides.
            countries.setdefault(user, country.code)
    ids = [user_id(number) for number in range(1, round(users * _PEOPLE_PER_USER) + 1)]
    return [_signed_up_before(settings.seed, user, countries.get(user), start) for user in ids]


def _signed_up_before(seed: int, user: str, country: str | None, start: date) -> Person:
    rng = random.Random(f"{seed}/crm/{user}/sign-up")  # noqa: S311 - reproducible
    before = timedelta(milliseconds=1 + rng.randrange(_SIGN_UP_DAYS * _DAY_MS))
    return sign_up(seed, user, country, midnight(start) - before)

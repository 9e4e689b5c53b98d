"""Writes the planted group of each simulated person to a file, to judge what others found in the behaviour alone.

No event names a group, and the file is no part of the platform's data: nothing that learns may read it.
"""

import csv
from pathlib import Path
from typing import Final

from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.population import Population

COLUMNS: Final = ("app_id", "anonymous_id", "user_id", "group")


def write(settings: Settings, file: Path) -> None:
    """Writes a CSV file with a row per person and site; `user_id` is empty for people without a login.

    People who denied consent are left out, since their events carry neither id. settings: with the wanted seed,
    population, tastes and groups; without groups there are no rows. Raises OSError.
    """
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(COLUMNS)
        for app in DEMO_SITES:
            population = Population(
                settings.seed, app, settings.population, settings.taste_strength, settings.planted_groups
            )
            for person in map(population.person, range(population.size)):
                if person.group is not None and not person.gpc:
                    rows.writerow((app, person.anonymous_id, person.user_id or "", person.group.name))

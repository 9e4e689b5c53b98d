"""The file with the planted groups: one row per person whose events can be recognised, and nothing without groups."""

import csv
from pathlib import Path

from footfall.history import planted_truth
from footfall.settings import Settings
from footfall.sites.visitors.population import Population


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_each_person_has_a_row_with_the_ids_of_their_events(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, seed=7, population=300, planted_groups=True)
    planted_truth.write(settings, tmp_path / "truth.csv")
    rows = _rows(tmp_path / "truth.csv")
    assert tuple(rows[0]) == planted_truth.COLUMNS
    for app in ("shop", "news", "academy"):
        population = Population(7, app, 300, groups=True)
        people = [person for person in map(population.person, range(300)) if not person.gpc]
        assert 250 < len(people) < 300
        found = [(row["anonymous_id"], row["user_id"] or None, row["group"]) for row in rows if row["app_id"] == app]
        assert found == [(p.anonymous_id, p.user_id, p.group.name if p.group else "") for p in people]


def test_without_groups_there_is_no_row(tmp_path: Path) -> None:
    planted_truth.write(Settings(home=tmp_path, population=100), tmp_path / "truth.csv")
    assert _rows(tmp_path / "truth.csv") == []

"""Planted groups: who belongs to which, and how the habits and tastes of a group show in its visits."""

from collections import Counter, defaultdict
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from random import Random
from statistics import mean

import pytest

from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.actions import Link, Page
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.groups import BY_NAME, GROUPS, THEMES, Group, theme_of
from footfall.sites.visitors.locations import local_hour
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.schedule import in_own_hours
from footfall.sites.visitors.simulation import SimulatedVisit, simulate
from footfall.sites.visitors.visit import person_visits
from tests.unit.sites.visitors.test_visit import played

SIZE = 4_000
HOUR_MS = 3_600_000
START_MS = 20_000 * 24 * HOUR_MS


@lru_cache(maxsize=3)
def everybody(app: str) -> tuple[Person, ...]:
    population = Population(7, app, SIZE, groups=True)
    return tuple(population.person(index) for index in range(SIZE))


def group(person: Person) -> Group:
    assert person.group is not None
    return person.group


def test_groups_have_their_shares_and_together_the_whole_day() -> None:
    found = Counter(group(person).name for person in everybody("shop"))
    assert 4 <= len(GROUPS) <= 6
    assert found.keys() == BY_NAME.keys()
    assert all(abs(found[one.name] / SIZE - one.share) < 0.02 for one in GROUPS)
    assert sum(one.share for one in GROUPS) == pytest.approx(1)
    assert sorted(hour for one in GROUPS for hour in one.hours) == list(range(24))


def test_a_group_stays_and_is_the_same_on_all_sites_for_a_user() -> None:
    again = Population(7, "shop", SIZE, taste_strength=0.5, groups=True)
    assert [again.group(index) for index in range(300)] == [group(p) for p in everybody("shop")[:300]]
    shop, news = ({p.user_id: group(p) for p in everybody(app) if p.user_id} for app in ("shop", "news"))
    both = shop.keys() & news.keys()
    assert len(both) > 100
    assert all(shop[user] == news[user] for user in both)
    other = Population(8, "shop", SIZE, groups=True)
    assert sum(other.group(index) == group(everybody("shop")[index]) for index in range(300)) < 120


def test_a_group_changes_nothing_else_about_a_person() -> None:
    ordinary = Population(7, "shop", SIZE)
    for person in everybody("shop")[::37]:
        assert replace(person, group=None) == ordinary.person(person.index)


@pytest.mark.parametrize(("strength", "groups"), [(1.0, False), (0.0, True)])
def test_without_the_setting_or_without_tastes_nobody_has_a_group(strength: float, groups: bool) -> None:
    population = Population(7, "shop", SIZE, strength, groups)
    assert not population.grouped
    assert {population.person(index).group for index in range(100)} == {None}
    ordinary = Population(7, "shop", SIZE)
    drawn = [[people.draw_index(rng, START_MS) for _ in range(50)] for people, rng in _with_rng(population, ordinary)]
    assert drawn[0] == drawn[1]


def _with_rng(*populations: Population) -> list[tuple[Population, Random]]:
    return [(population, Random(1)) for population in populations]


def test_strength_is_the_exponent_of_tastes_and_0_makes_all_alike() -> None:
    person = everybody("shop")[5]
    liked, other = sorted(group(person).sections)[0], "nothing"
    paths = [f"/product/thing-{number}" for number in range(60)]
    weights = {person.item_taste(path) for path in paths}
    assert person.taste(liked) > 1 > person.taste(other)
    assert len(weights) == 2
    strong = replace(person, taste_strength=2.0)
    assert strong.taste(liked) == pytest.approx(person.taste(liked) ** 2)
    assert {strong.item_taste(path) for path in paths} == {weight**2 for weight in weights}
    indifferent = replace(person, taste_strength=0.0)
    assert {indifferent.taste(liked), indifferent.taste(other), *map(indifferent.item_taste, paths)} == {1.0}


def test_themes_belong_to_items_and_a_course_s_lessons_share_one() -> None:
    themes = Counter(theme_of(f"/article/story-{number}") for number in range(3_000))
    assert themes.keys() == set(range(THEMES))
    assert max(themes.values()) < 1.2 * min(themes.values())
    assert theme_of("/course/sql/lesson/3") == theme_of("/course/sql/lesson/1?x=1") == theme_of("/course/sql")
    assert [theme_of(path) for path in ("/", "/category/tools", "/search?q=/product/x", "/quiz/sql")] == [None] * 4


def test_people_like_the_sections_and_themes_of_their_group_and_one_theme_of_their_own() -> None:
    own = set()
    for person in everybody("shop")[:400]:
        liked = {number for number in range(THEMES) if _likes_theme(person, number)}
        assert liked >= group(person).themes
        assert len(liked - group(person).themes) <= 1
        own |= {(group(person).name, *(liked - group(person).themes))}
        assert person.likes("camping") == person.likes("/category/camping") == ("camping" in group(person).sections)
    assert len(own) > 2 * len(GROUPS)


def _likes_theme(person: Person, number: int) -> bool:
    path = next(path for path in (f"/product/{n}" for n in range(1_000)) if theme_of(path) == number)
    return person.item_taste(path) > 1


def test_people_come_at_the_hours_of_their_group_by_their_own_clock() -> None:
    population, rng = Population(7, "shop", SIZE, groups=True), Random(3)
    own = total = 0
    for hour in range(24):
        for _ in range(60):
            person = everybody("shop")[population.draw_index(rng, START_MS + hour * HOUR_MS)]
            own += _hour(person, START_MS + hour * HOUR_MS) in group(person).hours
            total += 1
    assert 0.7 < own / total < 0.99


def _hour(person: Person, ms: int) -> int:
    return local_hour(person.country.timezone, ms // HOUR_MS)


def test_a_return_moves_into_the_hours_of_the_group_and_never_before_the_last_visit() -> None:
    ordinary = Population(7, "shop", SIZE).person(3)
    assert in_own_hours(ordinary, START_MS, START_MS + 17) == START_MS + 17
    rng = Random(5)
    for person in everybody("shop")[:300]:
        due_ms = START_MS + rng.randrange(HOUR_MS, 100 * HOUR_MS)
        moved_ms = in_own_hours(person, START_MS, due_ms)
        assert _hour(person, moved_ms) in group(person).hours
        assert moved_ms >= START_MS + 0.75 * HOUR_MS
        assert abs(moved_ms - due_ms) <= 24 * HOUR_MS
        assert (moved_ms - due_ms) % HOUR_MS == 0


@lru_cache(maxsize=3)
def visits_by_group(app: str) -> dict[str, list[SimulatedVisit]]:
    population = Population(7, app, SIZE, groups=True)
    found = defaultdict(list)
    for visit in simulate(load_behaviour(app), population, 10, START_MS, 24 * HOUR_MS):
        found[group(everybody(app)[visit.index]).name].append(visit)
    return found


@pytest.mark.parametrize("app", DEMO_SITES)
def test_groups_differ_in_depth_and_engagement(app: str) -> None:
    by_depth = sorted(GROUPS, key=lambda one: -one.habits.leaving)
    pages = [mean(visit.page_views for visit in visits_by_group(app)[one.name]) for one in by_depth]
    assert all(deeper > 1.15 * shallower for shallower, deeper in pairwise(pages))
    engaged = [mean(visit.engaged_ms for visit in visits_by_group(app)[one.name]) for one in by_depth]
    assert engaged == sorted(engaged)
    assert engaged[-1] > 5 * engaged[0]


@pytest.mark.parametrize("app", DEMO_SITES)
def test_groups_differ_in_how_readily_they_convert(app: str) -> None:
    def rate(name: str) -> float:
        """Conversions for each page: visits of the groups differ in depth."""
        visits = visits_by_group(app)[name]
        return sum(visit.converted for visit in visits) / sum(visit.page_views for visit in visits)

    eager = [rate(one.name) for one in GROUPS if one.habits.converting > 1]
    reluctant = [rate(one.name) for one in GROUPS if one.habits.converting < 1]
    assert min(eager) > 2 * max(reluctant)


def _ranked(variant: str, liked: str) -> Page:
    """A page with a ranked list of twelve products, of which the eighth is of a section that is liked."""
    marks = {"data-footfall-list-id": "for-you", "data-footfall-variant": variant}
    links = tuple(Link(f"/product/{n}", {**marks, "data-section": liked if n == 7 else "nothing"}) for n in range(12))
    return Page("product", "/product/x", 200, {"product": links}, {})


def _choices(person: Person, variant: str) -> Counter[str]:
    page = _ranked(variant, sorted(group(person).sections)[0])
    behaviour = load_behaviour("shop")
    found: Counter[str] = Counter()
    for seed in range(400):
        actions = played(person_visits(person, behaviour, Random(seed), logged_in=False), page)
        found.update(action.path for action in actions if getattr(action, "link", None) is not None)
    return found


def test_a_ranked_list_is_followed_by_taste_and_position_and_not_by_variant() -> None:
    indifferent = replace(everybody("shop")[5], taste_strength=0.0)
    chosen = _choices(indifferent, "recommended")
    assert chosen == _choices(indifferent, "popular")
    assert chosen["/product/0"] > 1.5 * chosen["/product/1"] > 1.5 * chosen["/product/5"]
    assert chosen["/product/7"] < chosen["/product/2"]
    tasting = _choices(replace(indifferent, taste_strength=1.0), "recommended")
    assert tasting["/product/7"] > 2 * chosen["/product/7"]
    assert tasting == _choices(replace(indifferent, taste_strength=1.0), "popular")

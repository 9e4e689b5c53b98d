"""Lists for simulated people whose tastes are known: those that they like, or what everybody likes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

from footfall.recommendations.arms import LIST_ID
from footfall.recommendations.offer import Item
from footfall.recommendations.reads import Lists
from footfall.recommendations.table import StoredList, popular_key, subject_key
from footfall.site_registry import DemoSite
from footfall.sites.content import articles, courses, goods
from footfall.sites.visitors.actions import popularity
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.population import Person, Population
from tests.support.lists import list_of

_LENGTH: Final = 10
_POPULAR: Final = 50

# Each item of a site with its path and its section.
Goods = dict[Item, tuple[str, str]]


class ListsOfPeople:
    """Lists for the people of a site. `tastes`: each has what he or she likes most; `same`: all have the same list."""

    def __init__(self, population: Population, content: Literal["tastes", "same"]) -> None:
        self._app: DemoSite = population.app  # type: ignore[assignment]
        self._population = population
        self._content = content
        self._zipf = load_behaviour(self._app).zipf
        self._goods = goods_of(self._app)
        self._own = lru_cache(maxsize=None)(self._liked)

    def read(self, keys: Sequence[bytes]) -> Lists:
        """See `recommendations.reads.Reads`."""
        found = {}
        for key in keys:
            if key == popular_key(self._app):
                found[key] = list_of(self._popular)
            elif key in self._people:
                found[key] = self._own(key)
        return found

    @cached_property
    def _people(self) -> dict[bytes, Person]:
        people = map(self._population.person, range(self._population.size))
        return {subject_key(self._app, person.anonymous_id): person for person in people}

    @cached_property
    def _popular(self) -> list[Item]:
        ranked = sorted(self._goods, key=lambda item: -popularity(self._goods[item][0], self._zipf))
        return ranked[:_POPULAR]

    def _liked(self, key: bytes) -> StoredList:
        if self._content == "same":
            return list_of(self._popular[:_LENGTH])
        person = self._people[key]

        def appeal(item: Item) -> float:
            path, section = self._goods[item]
            return popularity(path, self._zipf) * person.taste(section) * person.item_taste(path)

        return list_of(sorted(self._goods, key=lambda item: -appeal(item))[:_LENGTH])


def goods_of(app: DemoSite) -> Goods:
    """The items of a site that lists recommend here."""
    if app == "shop":
        return {("product", one.slug): (f"/product/{one.slug}", one.category.slug) for one in goods.products().values()}
    if app == "news":
        return {
            ("article", one.slug): (f"/article/{one.slug}", one.section.slug) for one in articles.articles().values()
        }
    return {("course", one.slug): (f"/course/{one.slug}", one.subject) for one in courses.courses().values()}


def sums_by_arm(events: Iterable[Mapping[str, Any]]) -> dict[str, Counter[tuple[int, int]]]:
    """By arm: impressions and clicks of a visitor → the number of such visitors, counted from single events."""
    visitors: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        kind = event["event_type"]
        if event.get("list_id") == LIST_ID and "variant" in event and kind in ("impression", "click"):
            visitors[event["variant"], event["app_id"], event["anonymous_id"]][kind == "click"] += 1
    found: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    for (variant, *_), (impressions, clicks) in visitors.items():
        if impressions:
            found[variant][impressions, clicks] += 1
    return dict(found)

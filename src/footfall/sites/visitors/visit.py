"""One visit as a generator: it yields actions and is sent the page that each action led to.

All randomness comes from one generator seeded by (seed, app, person, visit number), and nothing depends on the duration
of an answer, so a visit to an unchanged site is the same each time.
"""

import random
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from footfall.sites.visitors.actions import Action, Close, Dwell, FormSeen, Link, Open, Page, Submit, popularity
from footfall.sites.visitors.behaviour import ERROR, LEAVE, Behaviour
from footfall.sites.visitors.population import Person

Visit = Generator[Action, Page | None, None]

_MAIN: Final = 0
_SECOND: Final = 1
# The value of fields that the behaviour does not mention, such as a street.
_ANY_TEXT: Final = "Example 1"
# Only the first links of a page are considered: people do not read a navigation bar to its end.
_LINKS_SEEN: Final = 60
# The weight of the first item of a ranked list, before taste. That of another item is its popularity, whose mean is
# about 10. The attention to an item of a ranked list is in inverse proportion to its rank.
_FIRST_OF_LIST: Final = 10.0


def visit_random(seed: int, app: str, index: int, number: int) -> random.Random:
    """The random generator of visit `number` (0 is the first) of person `index`."""
    return random.Random(f"{seed}/{app}/{index}/{number}")


def person_visits(person: Person, behaviour: Behaviour, rng: random.Random, logged_in: bool) -> Visit:
    """A visit of a person. A page of None means that the site did not answer; it ends the visit."""
    return _HumanVisit(person, behaviour, rng, logged_in).run()


def bot_visits(behaviour: Behaviour, rng: random.Random) -> Visit:
    """A visit of a crawler: page after page at a constant speed, along any link, without engagement."""
    page = yield Open(_MAIN, behaviour.entries[0].path.replace("{}", (*behaviour.entries[0].values, "")[0]))
    for _ in range(rng.randint(1, 2 * behaviour.bots.pages)):
        yield Dwell(_MAIN, behaviour.bots.seconds_between, attention=0.0)
        if page is None:
            return
        links = [link for group in page.links.values() for link in group]
        if not links:
            break
        link = rng.choice(links)
        page = yield Open(_MAIN, link.path, link=link)
    yield Close(_MAIN)


class _HumanVisit:
    def __init__(self, person: Person, behaviour: Behaviour, rng: random.Random, logged_in: bool) -> None:
        self._person = person
        self._behaviour = behaviour
        self._rng = rng
        self._logged_in = logged_in
        self._habits = person.habits
        self._pages = 0
        # Cached, since most links of a site are about one of a few subjects.
        self._taste = lru_cache(maxsize=None)(person.taste)

    def run(self) -> Visit:
        rng, shape = self._rng, self._behaviour.visit
        only_one = rng.random() < shape.only_page_share * self._habits.bouncing
        page = yield self._arrive()
        if only_one:
            yield self._look(_MAIN, shape.only_page_dwell_s.draw(rng))
            yield Close(_MAIN)
            return
        while page is not None:
            self._pages += 1
            yield self._look(_MAIN, shape.dwell_s.draw(rng))
            if self._pages >= shape.most_pages:
                break
            chance = rng.random()
            if chance < shape.reload_share:
                page = yield Open(_MAIN, page.path, reload=True)
                continue
            if chance < shape.reload_share + shape.broken_link_share:
                # A bookmark of a page that no longer exists.
                own = page.path.partition("?")[0]
                page = yield Open(_MAIN, f"{own.rstrip('/')}/gone-{rng.randrange(1000)}")
                continue
            target = self._choose_target(page)
            if target == LEAVE:
                break
            if target in page.forms:
                page = yield self._fill(target, page.forms[target])
                continue
            link = self._choose_link(page.links[target])
            if rng.random() < shape.second_tab_share:
                alive = yield from self._second_tab(link)
                if not alive:
                    return
                continue
            page = yield Open(_MAIN, link.path, link=link)
        if page is not None:
            yield Close(_MAIN)

    def _arrive(self) -> Open:
        behaviour, rng = self._behaviour, self._rng
        source = rng.choices(behaviour.sources, cum_weights=behaviour.source_weights)[0]
        entry = rng.choices(behaviour.entries, cum_weights=behaviour.entry_weights)[0]
        path = entry.path
        if entry.values:
            paths = [path.replace("{}", value) for value in entry.values]
            path = rng.choices(paths, list(self._weights([Link(p) for p in paths])))[0]
        return Open(_MAIN, path + source.query, source=source)

    def _look(self, tab: int, seconds: float) -> Dwell:
        scroll = min(100, int(100 * self._rng.betavariate(2, 1.5)) + 1)
        return Dwell(tab, seconds * self._habits.dwelling, self._behaviour.visit.attention, scroll)

    def _choose_target(self, page: Page) -> str:
        """Chooses where to go next, among the links and forms of the page."""
        state = self._behaviour.states[page.state if page.state in self._behaviour.states else ERROR]
        possible = [
            (name, weight * self._pull(name))
            for name, weight in state.to.items()
            if name == LEAVE or name in page.links or (name in page.forms and self._may(name, page))
        ]
        weights = list(accumulate(weight for _, weight in possible))
        return self._rng.choices(possible, cum_weights=weights)[0][0] if weights[-1] > 0 else LEAVE

    def _pull(self, name: str) -> float:
        if name == LEAVE:
            return self._habits.leaving
        pull = self._habits.converting if name in self._behaviour.goal else 1.0
        could_log_in = self._person.user_id is not None and not self._logged_in
        if could_log_in and name in self._behaviour.states:
            pull *= self._behaviour.states[name].members_factor
        return pull

    def _may(self, name: str, page: Page) -> bool:
        if page.status >= 400 and page.state != ERROR:
            return False  # the form has been refused, such as an order of a product that is sold out
        form = self._behaviour.forms[name]
        if form.needs_login and not self._logged_in:
            return False
        return not form.only_logged_out or (self._person.user_id is not None and not self._logged_in)

    def _choose_link(self, links: tuple[Link, ...]) -> Link:
        if len(links) == 1:
            return links[0]
        seen = links[:_LINKS_SEEN]
        return self._rng.choices(seen, list(self._weights(seen)))[0]

    def _weights(self, links: Sequence[Link]) -> Iterator[float]:
        """The weights of links: taste times popularity or, in a ranked list, times the attention to the rank.

        The variant of a ranked list is unknown to people, so it has no effect on them.
        """
        zipf, taste, item_taste = self._behaviour.zipf, self._taste, self._person.item_taste
        ranks: Counter[str] = Counter()
        for link in links:
            if link.ranked_in is None:
                appeal = popularity(link.path, zipf)
            else:
                ranks[link.ranked_in] += 1
                appeal = _FIRST_OF_LIST / ranks[link.ranked_in]
            yield appeal * taste(link.subject) * item_taste(link.path)

    def _fill(self, name: str, form: FormSeen) -> Submit:
        rule = self._behaviour.forms[name]
        values = {field: value or _ANY_TEXT for field, value in form.values.items()}
        for field, choices in form.options.items():
            values[field] = self._rng.choice(choices)
        for field, wanted in rule.fill.items():
            values[field] = self._replace(self._rng.choice(wanted))
        if rule.only_logged_out or rule.needs_login:
            self._logged_in = rule.only_logged_out
        return Submit(_MAIN, form, values)

    def _replace(self, value: str) -> str:
        if value == "{term}":
            terms = self._behaviour.search_terms
            # The list is in order of popularity: Zipf's law with exponent 1.
            return self._rng.choices(terms, [1 / rank for rank in range(1, len(terms) + 1)])[0]
        if value == "{email}":
            return self._person.email or f"visitor{self._person.index}@example.org"
        return value

    def _second_tab(self, link: Link) -> Generator[Action, Page | None, bool]:
        """Opens the link in a second tab and switches between both; returns False if the site did not answer."""
        shape, rng = self._behaviour.visit, self._rng
        other = yield Open(_SECOND, link.path, link=link, opener=_MAIN)
        if other is None:
            return False
        self._pages += 1
        yield self._look(_SECOND, shape.dwell_s.draw(rng) / 2)
        yield self._look(_MAIN, shape.dwell_s.draw(rng) / 2)
        yield self._look(_SECOND, shape.dwell_s.draw(rng) / 2)
        yield Close(_SECOND)
        return True

"""Decisions of a visit: repeatable, only along what the page really offers, forms filled as the behaviour says."""

from random import Random

import pytest

from footfall.sites.visitors.actions import Action, Close, FormSeen, Link, Open, Page, Submit, popularity
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.visit import Visit, bot_visits, person_visits, visit_random

BEHAVIOUR = load_behaviour("shop")
PEOPLE = Population(7, "shop", 2_000)
LOGIN = FormSeen("log_in", "post", "/login", {"csrf": "token", "note": ""}, {})
PRODUCTS = tuple(Link(f"/product/{n}") for n in range(40))
PAGE = Page("login_page", "/login", 200, {"home": (Link("/"),), "product": PRODUCTS}, {"log_in": LOGIN})


def actions_of(person: Person, seed: int, page: Page = PAGE, logged_in: bool = False) -> list[Action]:
    """All actions of one visit to a site where every page is `page`."""
    return played(person_visits(person, BEHAVIOUR, Random(seed), logged_in), page)


def played(visit: Visit, page: Page) -> list[Action]:
    actions: list[Action] = []
    answer: Page | None = None
    while True:
        try:
            actions.append(visit.send(answer))
        except StopIteration:
            return actions
        answer = page if isinstance(actions[-1], Open | Submit) else None


def somebody(with_login: bool) -> Person:
    return next(p for p in map(PEOPLE.person, range(100)) if (p.user_id is not None) == with_login)


def test_the_same_chance_makes_the_same_visit() -> None:
    person = somebody(with_login=True)
    assert actions_of(person, 3) == actions_of(person, 3)
    assert visit_random(7, "shop", 1, 0).random() == visit_random(7, "shop", 1, 0).random()
    assert visit_random(7, "shop", 1, 0).random() != visit_random(7, "shop", 1, 1).random()


def test_every_visit_ends_with_its_tabs_closed_and_follows_only_links_of_the_page() -> None:
    offered = {"/", *(link.path for link in PRODUCTS)}
    for seed in range(150):
        actions = actions_of(somebody(with_login=True), seed)
        assert actions[-1] == Close(0)
        followed = [a.path for a in actions if isinstance(a, Open) and a.link is not None]
        assert set(followed) <= offered


def test_a_person_with_a_login_uses_it_once_with_the_form_s_token() -> None:
    person = somebody(with_login=True)
    logins = [[a for a in actions_of(person, seed) if isinstance(a, Submit)] for seed in range(60)]
    assert any(logins)
    assert max(map(len, logins)) == 1
    submit = next(login[0] for login in logins if login)
    assert submit.values == {"csrf": "token", "note": "Example 1", "email": person.email}


@pytest.mark.parametrize(("with_login", "logged_in"), [(False, False), (True, True)])
def test_a_person_without_a_login_or_logged_in_already_does_not_log_in(with_login: bool, logged_in: bool) -> None:
    person = somebody(with_login)
    for seed in range(60):
        assert not [a for a in actions_of(person, seed, logged_in=logged_in) if isinstance(a, Submit)]


def test_a_site_that_does_not_answer_ends_the_visit() -> None:
    visit = person_visits(somebody(with_login=False), BEHAVIOUR, Random(1), False)
    assert isinstance(next(visit), Open)
    # On a visit of one page it is looked at all the same; there is nothing to close then.
    rest = [action for action in visit if isinstance(action, Open | Submit)]
    assert rest == []


def test_a_crawler_goes_from_page_to_page_and_is_engaged_with_nothing() -> None:
    actions = played(bot_visits(BEHAVIOUR, Random(2)), PAGE)
    assert sum(isinstance(action, Open) for action in actions) > 3
    assert not [a for a in actions if getattr(a, "attention", 0.0) > 0]


def test_popularity_follows_zipf() -> None:
    weights = sorted((popularity(f"/product/{n}", 1.0) for n in range(2_000)), reverse=True)
    # With exponent 1 the hundredth is about a hundredth as popular as the first in a list of ranks.
    assert 0.5 < weights[99] / (weights[999] * 10) < 2
    assert popularity("/product/1", 0.0) == 1.0

"""The goods, articles and courses: enough of them, all different, always the same."""

import re
import subprocess
import sys

import pytest

from footfall.sites.content import articles, courses, goods
from footfall.sites.content.words import matches, slug
from footfall.sites.visitors.behaviour import load_behaviour

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_there_are_hundreds_of_goods_with_prices() -> None:
    products = list(goods.products().values())
    assert len(products) == 320
    assert len(goods.categories()) == 8
    assert all(SLUG.fullmatch(p.slug) and 500 < p.price_cents < 100_000 for p in products)
    assert all(goods.products()[p.slug] is p for p in products)
    assert len({p.title for p in products}) == 320


def test_there_are_hundreds_of_articles_with_text() -> None:
    found = list(articles.articles().values())
    assert len(articles.sections()) == 7
    assert len(found) > 250
    assert all(SLUG.fullmatch(a.slug) and len(a.paragraphs) >= 4 for a in found)
    assert not any("{" in text for a in found for text in (a.title, *a.paragraphs))
    assert [a.age_minutes for a in found] == sorted(a.age_minutes for a in found)


def test_there_are_forty_courses_and_a_quiz_for_each() -> None:
    found = list(courses.courses().values())
    assert len(found) == 40
    for course in found:
        assert len(course.lessons) >= 5
        for question in courses.quiz(course):
            assert len(set(question.answers)) == 3
            assert 0 <= question.right < 3


def test_exactly_one_product_and_one_article_are_spoiled() -> None:
    assert sum(not p.stock.isdigit() for p in goods.products().values()) == 1
    corrections = [a.corrected for a in articles.articles().values() if a.corrected is not None]
    assert len(corrections) > 5
    assert sum(re.fullmatch(r"\d+:\d\d", c) is None for c in corrections) == 1
    with pytest.raises(ValueError, match="late"):
        articles.minutes_of("late")


def test_another_process_makes_the_same() -> None:
    program = (
        "from footfall.sites.content import articles, courses, goods;"
        "print([*goods.products().values()][-1], [*articles.articles().values()][-1],"
        " courses.quiz([*courses.courses().values()][7]))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    course = list(courses.courses().values())[7]
    last = list(goods.products().values())[-1], list(articles.articles().values())[-1]
    assert other == f"{last[0]} {last[1]} {courses.quiz(course)}"


def test_the_visitors_searches_find_what_they_should() -> None:
    for app, search in (("shop", goods.search), ("news", articles.search), ("academy", courses.search)):
        *found, last, nonsense = load_behaviour(app).search_terms
        assert all(search(term) for term in found), app
        assert not search(last) + search(nonsense), app


def test_what_goes_with_a_thing_is_others_of_its_kind_and_the_same_each_time() -> None:
    product = goods.products()["alder-two-person-tent"]
    assert goods.related(product, 4) == goods.related(product, 4)
    assert product not in goods.related(product, 4)
    assert len(goods.related(product, 4)) == 4
    assert len(courses.related(next(iter(courses.courses().values())), 3)) == 3


@pytest.mark.parametrize(
    ("term", "text", "fits"),
    [("tent", "Two-person tents", True), ("ent", "tent", False), ("red tent", "tent", False), ("", "tent", False),
     ("TENT two", "two-person tent", True), ("%", "tent", False)],
)  # fmt: skip
def test_a_search_wants_all_its_words_as_beginnings(term: str, text: str, fits: bool) -> None:
    assert matches(term, text) is fits


def test_an_address_is_made_of_letters_digits_and_hyphens() -> None:
    assert slug("Chef's knife, 20 cm – Olé!") == "chef-s-knife-20-cm-ole"

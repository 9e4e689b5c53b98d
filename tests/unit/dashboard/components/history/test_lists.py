"""The lists of the history page: what a line says, and the sentence in place of an empty list."""

import html
from collections.abc import Callable
from typing import Any

import pytest

from footfall.dashboard.components.history.content import pages_panel, sections_panel, slow_pages_panel
from footfall.dashboard.components.history.errors import errors_panel
from footfall.dashboard.components.history.felt import felt_panel
from footfall.dashboard.components.history.paths import paths_panel, transitions_panel
from footfall.dashboard.components.history.people import places_panel, profiles_panel
from footfall.dashboard.components.history.quality import quality_panel
from footfall.dashboard.data.past_days import CITIES
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html
from tests.unit.dashboard.drawing import lines
from tests.unit.dashboard.past_rows import (
    error_row,
    felt_row,
    page_row,
    path_row,
    place_row,
    profile_row,
    quality_row,
    section_row,
    slow_row,
    transition_row,
)
from tests.unit.dashboard.rows import HOSTILE

Rows = list[dict[str, Any]]
_HOSTILE = " ".join(HOSTILE)


def read(*rows: dict[str, Any]) -> Reading[Rows]:
    """An answer with these rows."""
    return Reading(list(rows), 1)


def body(text: str, title: str) -> list[list[str]]:
    """The cells of a panel's lines below the heads of its tables."""
    return [line for line in lines(text, title) if line]


def test_pages() -> None:
    text = pages_panel(read(page_row("/tea", 200), page_row("/b", 50, "news", bounce_rate=None, page_title=None))).text
    assert body(text, "Most visited pages") == [
        ["shop", "A title/tea", "200", "70", "12.0 s", "12.5 %", "25.0 %"],
        ["news", "untitled/b", "50", "70", "12.0 s", "12.5 %", "–"],
    ]
    assert "width:25%" in text


def test_sections() -> None:
    text = sections_panel(read(section_row("news", 7_260_000))).text
    assert body(text, "Sections") == [["shop", "news", "2 h 1 min", "1 min 13 s", "100"]]


def test_slow_pages() -> None:
    text = slow_pages_panel(read(slow_row("/a", 1400), slow_row("/b", None))).text
    assert body(text, "Slow pages") == [
        ["shop", "/a", "1,400 ms", "5.0 %", "60"],
        ["shop", "/b", "–", "5.0 %", "60"],
    ]


def test_paths_are_steps_with_arrows() -> None:
    text = paths_panel(read(path_row(["home", "product"], 500), path_row(["home", "cart"], 1, ends_in_exit=True))).text
    assert body(text, "Paths") == [
        ["shop", "home → product", "500", "25.0 %"],
        ["shop", "home → cart → exit", "1", "&lt; 0.1 %"],
    ]


def test_transitions() -> None:
    text = transitions_panel(read(transition_row("/", "/cart", 1234))).text
    assert body(text, "From page to page") == [["shop", "/ → /cart", "1,234", "40.0 %"]]


def test_places_sum_sites_and_name_unknown_countries() -> None:
    countries = read(place_row("DE", 60), place_row("DE", 15, "news"), place_row(None, 25))
    cities = read(place_row("DE", 20, city="Berlin", latitude=52.5, longitude=13.4))
    text = places_panel(countries, cities).text
    assert body(text, "Where from") == [
        ["Germany", "75", "75.0 %", "45.0 s"],
        ["unknown", "25", "25.0 %", "45.0 s"],
        ["Berlin", "Germany", "80"],
    ]
    assert 'title="Germany: 75"' in text
    assert 'title="Berlin: 80 page views"' in text


def test_places_without_cities() -> None:
    assert "No visit began in a known city." in places_panel(read(place_row("DE", 1)), read()).text
    assert "Reading the first figures" in places_panel(read(place_row("DE", 1)), Reading(None, None)).text
    assert "It is away." in places_panel(read(place_row("DE", 1)), Reading(None, None, "It is away.")).text


def test_more_countries_than_are_shown() -> None:
    many = [place_row(code, 10) for code in ("AT", "AU", "BR", "CH", "DE", "ES", "FR", "GB", "IN", "JP")]
    assert "and 2 others." in places_panel(read(*many), read()).text


def test_more_cities_than_are_shown() -> None:
    many = [place_row("DE", 100 - n, city=f"City {n}") for n in range(CITIES)]
    by_country = read(place_row("DE", 10))
    assert "others." not in places_panel(by_country, read(*many[:8])).text
    assert "and 2 others." in places_panel(by_country, read(*many[:10])).text
    assert "and many others." in places_panel(by_country, read(*many)).text


def test_profiles() -> None:
    text = profiles_panel(read(profile_row("plus", 40))).text
    assert body(text, "Users by plan") == [["shop", "plus", "40", "1 min 30 s", "10", "420.00"]]


def test_errors_mark_new_ones_and_name_the_code_without_a_message() -> None:
    new = error_row("no answer", 7, is_new=True)
    text = errors_panel(read(new, error_row("", 2, origin="client"))).text
    assert body(text, "Errors") == [
        ["shopserver", "no answernew /checkout", "7", "9", "21:04:05"],
        ["shopclient", "TimeoutError/checkout", "2", "9", "21:04:05"],
    ]


def test_web_vitals_by_page_and_by_device_are_judged_in_words_and_colour() -> None:
    pages = read(felt_row("/tea", 1_200), felt_row("/b", 4, "news", inp_p75_ms=None, inp_rating=None))
    devices = read(felt_row("mobile", 900, by="device"), felt_row(None, 1, "news", by="device"))
    text = felt_panel(pages, devices).text
    vitals = ["1,234 ms good", "250 ms needs improvement", "0.30 poor", "–"]
    assert body(text, "How fast it felt") == [
        ["shop", "/tea", *vitals, "1,200"],
        ["news", "/b", vitals[0], "–", *vitals[2:], "4"],
        ["shop", "mobile", *vitals, "900"],
        ["news", "unknown", *vitals, "1"],
    ]
    assert '<small class="ff-fair">needs improvement</small>' in text


def test_web_vitals_without_those_by_device() -> None:
    pages = read(felt_row("/tea", 1))
    assert "Reading the first figures" in felt_panel(pages, Reading(None, None)).text
    assert "It is away." in felt_panel(pages, Reading(None, None, "It is away.")).text


def test_quality_is_shown_only_if_a_check_found_something() -> None:
    assert quality_panel(read(quality_row("repeated"))) is None
    assert quality_panel(Reading(None, None)) is None
    odd = quality_panel(read(quality_row("repeated"), quality_row("change to a week before", "warning")))
    assert odd is not None
    assert body(odd.text, "Data quality") == [["warning", "change to a week before", "fact_events", "0.25", "0.1"]]
    assert "1 check of it found something unusual" in odd.text
    away = quality_panel(Reading(None, None, "It is away."))
    assert away is not None
    assert "It is away." in away.text


@pytest.mark.parametrize(
    ("panel", "row", "sentence"),
    [
        (pages_panel, page_row(_HOSTILE, 1, page_title=_HOSTILE), "No page was viewed."),
        (sections_panel, section_row(_HOSTILE, 1), "No section was viewed."),
        (slow_pages_panel, slow_row(_HOSTILE, 1), "No page was viewed often enough to judge its speed."),
        (paths_panel, path_row([_HOSTILE, _HOSTILE], 1), "No visit had three different kinds of page."),
        (transitions_panel, transition_row(_HOSTILE, _HOSTILE, 1), "No visit had a second page view."),
        (lambda rows: places_panel(rows, rows), place_row(_HOSTILE, 1, city=_HOSTILE), "There was no visit"),
        (profiles_panel, profile_row(_HOSTILE, 1), "Nobody was logged in."),
        (errors_panel, error_row(_HOSTILE, 1, page_path=_HOSTILE), "Nothing failed on this day."),
        (
            lambda rows: felt_panel(rows, rows),
            felt_row(_HOSTILE, 1),
            "No browser said on this day how fast a page felt.",
        ),
    ],
)
def test_empty_lists_and_hostile_strings(
    panel: Callable[[Reading[Rows]], Html], row: dict[str, Any], sentence: str
) -> None:
    assert sentence in panel(read()).text
    text = panel(read(row)).text
    assert html.escape(_HOSTILE, quote=True) in text
    assert "<script" not in text
    assert "<img" not in text

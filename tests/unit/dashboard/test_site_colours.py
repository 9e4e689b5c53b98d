"""Colours of sites: readable on both cards, one for every name; only a site's name gets into a style."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dashboard import HERE, site_colours
from footfall.dashboard.site_colours import PALETTE, contrast_of, readable, style_of, style_sheet
from footfall.site_registry import Site

COLOURS = st.from_regex("#[0-9a-f]{6}", fullmatch=True)
_SHEET = re.compile(r"(--ff-(?:site|hue)-[a-z0-9-]+): (#[0-9a-f]{6});")


def of(app_id: str, colour: str | None = None) -> Site:
    return Site(app_id=app_id, title=app_id, colour=colour)


def halves(*sites: Site) -> tuple[dict[str, str], dict[str, str]]:
    """The variables on light and on dark pages."""
    light, _, dark = style_sheet(sites).text.partition("@media (prefers-color-scheme: dark)")
    return dict(_SHEET.findall(light)), dict(_SHEET.findall(dark))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast_of("#000000", "#ffffff") == pytest.approx(21)
    assert contrast_of("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast_of("#123456", "#123456") == 1


@given(COLOURS)
def test_every_colour_becomes_readable_on_both_cards(colour: str) -> None:
    for ground, contrast in (
        (site_colours.LIGHT_CARD, site_colours.LIGHT_CONTRAST),
        (site_colours.DARK_CARD, site_colours.DARK_CONTRAST),
    ):
        shown = readable(colour, ground, contrast)
        assert contrast_of(shown, ground) >= contrast
        assert shown == colour or contrast_of(colour, ground) < contrast


def test_the_cards_are_those_of_the_page() -> None:
    cards = re.findall(r"--ff-card: (#[0-9a-f]{6})", (HERE / "page.css").read_text())
    assert cards == [site_colours.LIGHT_CARD, site_colours.DARK_CARD]


def test_a_registered_colour_is_taken_and_the_others_are_all_different() -> None:
    sites = [of("shop", "#8A4B08"), of("blog"), of("wiki"), of("forum", PALETTE[0])]
    light, dark = halves(*sites)
    assert light["--ff-site-shop"] == "#8a4b08"
    for found in (light, dark):
        names = [found[f"--ff-site-{site.app_id}"] for site in sites]
        assert len(set(names)) == len(names)
        assert [name for name in found if name.startswith("--ff-hue-")] == [
            f"--ff-hue-{n}" for n in range(len(PALETTE))
        ]
    # More sites than colours share some.
    many, _ = halves(*(of(f"site-{n}") for n in range(2 * len(PALETTE) + 1)))
    assert len({many[f"--ff-site-site-{n}"] for n in range(2 * len(PALETTE) + 1)}) == len(PALETTE)


def test_any_site_has_a_style_registered_or_not() -> None:
    hues, _ = halves()
    for app in ("shop", "blog", "gone-2", "z" * 31):
        found = re.fullmatch(rf"color:var\(--ff-site-{app},var\((--ff-hue-\d+)\)\)", style_of(app) or "")
        assert found is not None
        assert found[1] in hues


@pytest.mark.parametrize("odd", ["all", "", "Shop", "a;b", "a)", "</style>", "x" * 32, "url(//evil)"])
def test_only_a_sites_name_gets_into_a_style(odd: str) -> None:
    assert style_of(odd) is None

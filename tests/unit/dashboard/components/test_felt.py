"""How fast pages felt, drawn on the live page."""

from tests.unit.dashboard.drawing import drawn, lines, page
from tests.unit.dashboard.rows import Travelled


def test_sites_are_judged_in_words_and_colour() -> None:
    text = drawn(page(Travelled()))
    cells = ["1,234 ms good", "250 ms needs improvement", "0.30 poor", "–"]
    assert lines(text, "How fast it felt")[1:] == [
        ["shop", *cells, "1,000"],
        ["news", *cells, "40"],
    ]
    assert '<small class="ff-good">good</small>' in text
    assert '<small class="ff-fair">needs improvement</small>' in text
    assert '<small class="ff-bad">poor</small>' in text


def test_a_chosen_site_is_shown_by_device() -> None:
    text = drawn(page(Travelled(), app="news"))
    found = lines(text, "How fast it felt")[1:]
    assert [(line[0], line[1]) for line in found] == [("mobile", "–"), ("unknown", found[1][1])]
    assert "1,234" in found[1][1]

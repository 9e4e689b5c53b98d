"""The pages on which visits begin and end, drawn on the live page."""

from tests.unit.dashboard.drawing import drawn, lines, page
from tests.unit.dashboard.rows import Travelled


def test_visits_begin_and_end_on_pages() -> None:
    text = drawn(page(Travelled()))
    assert lines(text, "Where visits begin") == [[], ["shop", "/tea", "5"], ["news", "/rain", "3"]]
    assert lines(text, "Where visits end") == [[], ["shop", "/cart", "4"], ["news", "/rain", "2"]]
    alone = drawn(page(Travelled(), app="news"))
    assert lines(alone, "Where visits begin") == [[], ["news", "/rain", "3"]]
    assert lines(alone, "Where visits end") == [[], ["news", "/rain", "2"]]

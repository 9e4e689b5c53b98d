"""The stream of the newest page views, drawn on the live page."""

import re

import pytest

from footfall.dashboard.data import readings
from footfall.dashboard.data.recent_views import PageView
from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import MadeUp, page_view


def test_navigation_stands_still_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each run of the page asks again.
    monkeypatch.setattr(readings, "FRESH_S", 0.0)

    class Moving(MadeUp):
        looks = 0

        def latest(self) -> list[PageView]:
            self.looks += 1
            return [page_view(page_title=f"look {self.looks}")]

    source = Moving()
    test = page(source)
    assert "look 1" in drawn(test)
    test.toggle[0].set_value(True).run()
    shown = re.findall(r"look \d+", drawn(test))
    assert re.findall(r"look \d+", drawn(test.run())) == shown
    test.toggle[0].set_value(False).run()
    assert re.findall(r"look \d+", drawn(test)) != shown

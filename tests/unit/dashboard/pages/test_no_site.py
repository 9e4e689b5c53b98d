"""The pages without any site, as after `demo.enabled = false`, and with one of which nothing is known yet."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from footfall.site_registry import Site
from tests.unit.dashboard.drawing import drawn, history_page, learning_page, page
from tests.unit.dashboard.rows import MadeUp, active_row


class Empty(MadeUp):
    """A platform on which nothing has happened."""

    def __init__(self, *registered: Site) -> None:
        super().__init__()
        self.registered = registered

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if question == "live-active-users" and parameters["by"] == "app":
            return [active_row(app, 0) for app in (*(site.app_id for site in self.registered), "all")]
        return []

    def latest(self) -> list[Any]:
        return []


@pytest.mark.parametrize("draw", [page, history_page, learning_page])
@pytest.mark.parametrize("registered", [(), (Site(app_id="blog", title="Field notes"),)])
def test_a_page_without_events_is_drawn(draw: Callable[[MadeUp], AppTest], registered: tuple[Site, ...]) -> None:
    test = draw(Empty(*registered))
    assert not test.exception
    assert "ff-trouble" not in drawn(test)

"""Alerts, and the details of one, drawn on the live page."""

import html
import re
from typing import Any
from urllib.parse import quote

from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import HOSTILE, MadeUp, alert_row


def test_an_alert_has_a_link_to_its_details() -> None:
    text = drawn(page(MadeUp()))
    assert "80.0 % of 10 page views and browser errors failed; 0.4 % is usual." in text
    assert re.search(r"since 24 Nov [0-9:]+ UTC", text)
    assert "ended after 1 min 30 s" in text
    identity = alert_row("errors")["alert_id"]
    assert f"?alert={quote(identity, safe='')}" in text
    opened = drawn(page(MadeUp(), alert=identity))
    for title in ("Alert", "Errors there", "A request that shows it"):
        assert f"<h2>{title}</h2>" in opened
    assert "<pre><bdi" in opened
    assert "12 ms" in opened
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in opened


def test_an_alert_without_a_request_says_where_to_look() -> None:
    class Dropped(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question == "live-alerts":
                return [alert_row("drop", page_path=None, sample_request_id=None)]
            return super().ask(question, **parameters)

    opened = drawn(page(Dropped(), alert=alert_row("drop", page_path=None)["alert_id"]))
    assert "<code>./footfall status</code>" in opened
    assert "A request that shows it" not in opened


def test_no_alerts_and_an_unknown_alert_are_sentences() -> None:
    class Calm(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            return [] if question == "live-alerts" else super().ask(question, **parameters)

    opened = drawn(page(Calm(), alert="errors:shop::1"))
    assert "Nothing is out of the ordinary." in opened
    assert "There is no such alert" in opened

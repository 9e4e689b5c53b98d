"""The order and the words of errors, drawn on the live page."""

from typing import Any

from footfall.dashboard.components.errors import errors_table
from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import MadeUp


def test_current_errors_come_before_past_ones_and_newer_before_older() -> None:
    class Failing(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            rows = super().ask(question, **parameters)
            if question != "live-errors":
                return rows
            kinds = (("over-long-ago", 0, 20), ("over-just-now", 0, 50), ("now", 1, 30))
            return [
                rows[0] | {"error_code": code, "count_5m": count, "last_at": f"2026-11-24T07:{minute}:00.000Z"}
                for code, count, minute in kinds
            ]

    text = drawn(page(Failing()))
    assert text.index(">now<") < text.index(">over-just-now<") < text.index(">over-long-ago<")


def test_an_error_without_a_message_says_what_failed_and_where() -> None:
    row = MadeUp().ask("live-errors")[0] | {"error_message": None}
    failed = errors_table([row | {"error_code": "503", "app_id": "news"}]).text
    assert "the page failed" in failed
    assert 'data-app="news"' in failed
    assert "no message" in errors_table([row | {"error_code": "TypeError"}]).text

"""The order of errors, drawn on the live page."""

from typing import Any

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

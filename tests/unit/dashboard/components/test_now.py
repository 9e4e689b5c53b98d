"""The panel "Active now", drawn on the live page."""

from typing import Any

import pytest

from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import MadeUp, metrics_row


@pytest.mark.parametrize(
    ("rate", "sentence"), [(0.0, "usually 0.0 %"), (0.015, "usually 0.0 %"), (0.3, "far from the usual 0.0 %")]
)
def test_an_error_rate_is_far_from_usual_only_if_it_is_worth_a_look(rate: float, sentence: str) -> None:
    class Failing(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question != "live-metrics" or parameters["by"] != "app":
                return super().ask(question, **parameters)
            last = metrics_row(1, page_views=200, errors=round(200 * rate), error_rate=rate)
            return [metrics_row(0, events=30), last, *(metrics_row(minute) for minute in range(2, 20))]

    text = drawn(page(Failing()))
    assert sentence in text
    assert ("ff-far" in text) is sentence.startswith("far")

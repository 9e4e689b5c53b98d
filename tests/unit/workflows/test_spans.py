"""Days are joined to as few ranges as possible."""

import pytest

from footfall.workflows.tasks.spans import spans


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], []),
        (["2026-11-22"], [("2026-11-22", "2026-11-22")]),
        (
            ["2026-12-01", "2026-11-29", "2026-11-30", "2026-11-27", "2026-11-30"],
            [("2026-11-27", "2026-11-27"), ("2026-11-29", "2026-12-01")],
        ),
    ],
)
def test_days_become_ranges(days: list[str], expected: list[tuple[str, str]]) -> None:
    assert [(span["from"], span["to"]) for span in spans(days)] == expected


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        spans(["2026-11-31"])

"""The panel "Data quality", if there is something to warn about."""

from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.components.parts import panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, foreign, tag
from footfall.questions.model import Row

_OK: Final = "ok"


def quality_panel(reading: Reading[list[Row]]) -> Html | None:
    """The checks that found something odd; None if all passed or are not known yet."""
    if reading.value is None and reading.trouble is None:
        return None
    odd = [row for row in reading.value or [] if row["status"] != _OK]
    if not odd and reading.trouble is None:
        return None

    def draw(_: list[Row]) -> Html:
        lines = [
            (
                tag("b", row["status"], class_="ff-severity ff-warn"),
                foreign(row["check_name"]),
                foreign(row["table_name"]),
                _measure(row["observed"]),
                _measure(row["threshold"]),
            )
            for row in odd
        ]
        return table("ff-quality", ("Status", "Check", "Table", "Found", "At most"), lines, numeric=(3, 4))

    note = f"The day is published, but {wording.counted(len(odd), 'check')} of it found something unusual."
    return panel("Data quality", note if odd else "", reading, draw)


def _measure(value: float) -> str:
    return f"{value:,.4g}"

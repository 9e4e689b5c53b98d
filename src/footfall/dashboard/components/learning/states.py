"""The panel in the place of what cannot be shown."""

from typing import Any

from footfall.dashboard.components.history.states import LIVE_IS_NOT_AFFECTED
from footfall.dashboard.components.parts import panel
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, join, prose, tag


def nothing_panel(reading: Reading[Any]) -> Html:
    """The page while nothing is published, or while nobody knows whether something is."""

    def draw(_: Any) -> Html:
        return join(
            tag("p", "Segments and recommendations appear here once they were learned from past days and checked."),
            tag("p", prose("`./footfall learn` does that now; Airflow does it whenever a new day was published.")),
        )

    title = "Nothing was learned yet" if reading.value is not None else "Segments and recommendations"
    return panel(title, None, reading, draw, LIVE_IS_NOT_AFFECTED)

"""The head of the page: its title, and up to which day was learned."""

from collections.abc import Mapping

from footfall.dashboard import wording
from footfall.dashboard.components.page_switch import LEARNING, page_switch
from footfall.dashboard.markup import Html, tag
from footfall.warehouse.published import Published


def head(learned: Mapping[str, Published], app: str | None) -> Html:
    """The title. learned: the newest published run of each kind. app: None for all sites."""
    newest = max(learned.values(), key=lambda one: one.published_ms, default=None)
    said = "Nothing was learned yet" if newest is None else f"From the days up to {wording.full_day(newest.day)}"
    return tag(
        "div",
        tag("h1", "Footfall ", tag("small", "Learning")),
        page_switch(LEARNING, app),
        tag("p", tag("strong", said)),
        class_="ff-head",
    )


def since(which: Published | None) -> str:
    """Up to which day a kind was learned, and since when that is published; '' if it is not."""
    if which is None:
        return ""
    return f"Up to {wording.day_and_year(which.day)}, published {wording.moment(which.published_ms)} UTC."

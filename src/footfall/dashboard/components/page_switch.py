"""The links between the pages of the dashboard, which keep the chosen site, and the addresses of past days."""

from datetime import date
from typing import Final

from footfall.dashboard.markup import Html, address, tag

# The values of `view` in the addresses of the other pages. The live page has no `view`.
HISTORY: Final = "history"
LEARNING: Final = "learning"
_PAGES: Final = (("Live", None), ("History", HISTORY), ("Learning", LEARNING))


def page_switch(current: str | None, app: str | None) -> Html:
    """Links to all pages. current: the `view` of the page that is shown. app: the chosen site, None for all."""
    links = (
        tag(
            "a",
            name,
            href=address(view=view, app=app),
            target="_self",
            aria_current="page" if view == current else None,
        )
        for name, view in _PAGES
    )
    return tag("nav", *links, class_="ff-switch", aria_label="Pages")


def day_address(day: date, app: str | None) -> str:
    """The address of a past day. app: the chosen site, None for all."""
    return address(view=HISTORY, date=str(day), app=app)

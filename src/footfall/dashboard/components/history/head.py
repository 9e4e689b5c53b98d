"""The head of the history page: its title, the day, and links to the days beside it."""

from collections.abc import Iterable, Mapping
from datetime import date

from footfall.dashboard import wording
from footfall.dashboard.components.page_switch import HISTORY, day_address, page_switch
from footfall.dashboard.markup import Html, tag
from footfall.warehouse.published import Published


def head(day: date | None, published: Mapping[date, Published], app: str | None) -> Html:
    """The head of a day. day: None if none is shown. published: all published days. app: None for all sites."""
    return tag(
        "div",
        tag("h1", "Footfall ", tag("small", "History")),
        page_switch(HISTORY, app),
        None if day is None else tag("p", tag("strong", wording.full_day(day)), _published(published.get(day))),
        None if day is None else _beside(day, published, app),
        class_="ff-head",
    )


def neighbours(published: Iterable[date], day: date) -> tuple[date | None, date | None]:
    """The published days just before and just after a day."""
    known = set(published)
    return (
        max((one for one in known if one < day), default=None),
        min((one for one in known if one > day), default=None),
    )


def _beside(day: date, published: Iterable[date], app: str | None) -> Html | None:
    before, after = neighbours(published, day)
    if before is None and after is None:
        return None
    links = _link(day, before, app, "← {}", "prev"), _link(day, after, app, "{} →", "next")
    return tag("nav", *links, class_="ff-beside", aria_label="Days beside this one")


def _published(of_day: Published | None) -> str:
    return f", published {wording.moment(of_day.published_ms)} UTC" if of_day is not None else ", not published"


def _link(shown: date, day: date | None, app: str | None, words: str, rel: str) -> Html | None:
    if day is None:
        return None
    name = wording.day(day) if day.year == shown.year else wording.day_and_year(day)
    return tag("a", words.format(name), href=day_address(day, app), target="_self", rel=rel)

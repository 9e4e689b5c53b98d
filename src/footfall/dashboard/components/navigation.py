"""The panel "Latest navigation": the newest page views as a stream."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, attribution, empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.data.recent_views import PageView
from footfall.dashboard.markup import Html, cut_path, foreign, join, local_link, tag

_SHOWN = 18
_WITHOUT_KAFKA = "Nothing is lost: until Kafka is back, the sites keep received events on disk."


def navigation_panel(reading: Reading[list[PageView]], app: str | None = None, is_paused: bool = False) -> Html:
    """The newest page views, each with a link to its visit.

    app: None for all sites. is_paused: the caller passes the same reading until the user continues.
    """

    def draw(all_views: list[PageView]) -> Html:
        views = [view for view in all_views if app in (None, view.app_id)][:_SHOWN]
        if not views:
            return empty("No page has been viewed yet. Open one of the sites, or wait for the simulated visitors.")
        lines = [
            (
                tag("time", wording.clock(view.event_ms)),
                app_mark(view.app_id),
                tag(
                    "span",
                    foreign(view.page_title, "untitled"),
                    _pages(view),
                ),
                local_link("session", view.session_id, view.user_id or f"visitor {view.anonymous_id[-6:]}"),
                foreign(view.country),
            )
            for view in views
        ]
        shown = table("ff-stream", ("Time", "Site", "Page", "Visitor", "Country"), lines)
        return join(shown, attribution() if any(view.country for view in views) else None)

    return panel(
        "Latest navigation",
        "Paused. Choose a visitor to see the visit."
        if is_paused
        else "The newest page views of people. Choose a visitor to see the visit.",
        reading,
        draw,
        _WITHOUT_KAFKA,
    )


def _pages(view: PageView) -> Html:
    """The page, with the one before it and the status of a failure."""
    path, status = cut_path(view.page_path), _failed_status(view.http_status)
    if not view.previous_path or view.previous_path == view.page_path:
        return tag("small", path, status)
    before = tag("span", cut_path(view.previous_path), " → ", class_="ff-from")
    return tag("small", before, path, status, class_="ff-two")


def _failed_status(status: int | None) -> Html | None:
    return tag("b", f" {status}", class_="ff-bad") if status is not None and status >= 400 else None

"""Renders a page with the meta elements that the tracker reads: page type, request id, and the page's own events.

The tracker in a browser (`tracker.js`) and the simulated visitors read the same meta elements, so both send the same
events.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response, current_app, g, make_response, render_template, session

# Key of the session: events that the next page emits, whichever page that is. The page after a login emits the login.
PENDING_EVENTS: Final = "told"


def show(
    template: str,
    page_type: str,
    section: str,
    /,
    *,
    item: tuple[str, str] | None = None,
    events: Sequence[Mapping[str, Any]] = (),
    status: int = 200,
    **values: Any,
) -> Response:
    """Renders a page with its meta elements.

    template: a file in `templates`. page_type, section: the values that events carry. item: the (item_type, item_id)
    that the page is about. events: the events that this page emits in addition to its page view, each with an
    `event_type`. status: the HTTP status.
    """
    page = {"page_type": page_type, "page_section": section}
    if item is not None:
        page["item_type"], page["item_id"] = item
    page_events = [*session.pop(PENDING_EVENTS, ()), *events]
    g.page = page
    body = render_template(
        template,
        page=page,
        page_events=page_events,
        status=status,
        app_id=current_app.config["APP_ID"],
        site_name=current_app.config["SITE_NAME"],
        user_id=session.get("user_id"),
        request_id=g.request_id,
        **values,
    )
    return make_response(body, status)


def emit_on_next_page(event_type: str, **fields: Any) -> None:
    """Adds an event that the tracker of the next page emits."""
    session[PENDING_EVENTS] = [*session.get(PENDING_EVENTS, ()), {"event_type": event_type, **fields}]


def impression(list_id: str) -> dict[str, Any]:
    """The event that a list of links was shown; the list's markup has `data-footfall-list` with the same name."""
    return {"event_type": "impression", "element": f"list-{list_id}", "list_id": list_id}

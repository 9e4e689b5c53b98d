"""A page as the tracker needs it: what it is, which request made it, and what showing it means, all said in metas.

Both the tracker in a browser (`tracker.js`) and the simulated visitors read these metas, so both send the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response, current_app, g, make_response, render_template, session

# Events to be told by the next page that is shown, whichever it is: a login is told by the page after it.
_TOLD_NEXT: Final = "told"


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
    """Renders a page with its metas.

    Arguments: template: file in `templates`; page_type, section: as the event has them; item: (item_type, item_id) of
    what the page is about; events: what showing it means beside the view, each with its `event_type`; status: HTTP.
    """
    page = {"page_type": page_type, "page_section": section}
    if item is not None:
        page["item_type"], page["item_id"] = item
    told = [*session.pop(_TOLD_NEXT, ()), *events]
    g.page = page
    body = render_template(
        template,
        page=page,
        told=told,
        status=status,
        app_id=current_app.config["APP_ID"],
        site_name=current_app.config["SITE_NAME"],
        user_id=session.get("user_id"),
        request_id=g.request_id,
        **values,
    )
    return make_response(body, status)


def tell_next(event_type: str, **fields: Any) -> None:
    """Has the next page tell the tracker of an event."""
    session[_TOLD_NEXT] = [*session.get(_TOLD_NEXT, ()), {"event_type": event_type, **fields}]


def impression(list_id: str) -> dict[str, Any]:
    """The event of a list of links being shown; the markup of the list has `data-footfall-list` of the same name."""
    return {"event_type": "impression", "element": f"list-{list_id}", "list_id": list_id}

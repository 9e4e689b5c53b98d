"""Translates a click, a form or a shown page into events: the contract between the sites' markup and their trackers.

A page describes itself in meta elements: `footfall-page` (page_type, page_section, item_id, item_type),
`footfall-status`, `footfall-request-id`, `footfall-user`, and `footfall-events`. The last one lists the events that
showing the page means (a search's results, the lines of an order, a login, a list of links), each an object with its
`event_type`. Links and forms have a name in `data-footfall-element`, and the fields of their event in further
`data-footfall-…` attributes. `data-footfall-event` of a form names the event of sending it, if any.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, Final, NamedTuple

from footfall.sites.visitors.actions import FormSeen, Link, Page
from footfall.sites.visitors.markup import LaterList, Markup

PageEvent = tuple[str, Mapping[str, Any]]

_PREFIX: Final = "data-footfall-"
_FIELDS: Final = ("element", "item_id", "item_type", "list_id", "variant", "value_cents", "currency")
# Within one tag: a list, and its variant if it has one.
_LIST_TAG: Final = re.compile(r'data-footfall-list="([^"]*)"(?:[^>]*?data-footfall-variant="([^"]*)")?')
_MOST_PIECES: Final = 1_000_000


def click(link: Link) -> PageEvent:
    """The event of a click on a link."""
    return "click", _named("a", link.attributes)


def submitted(form: FormSeen, values: Mapping[str, str]) -> Iterator[PageEvent]:
    """The events of sending a form. The page that follows emits searches and logins."""
    event_type = form.attributes.get(f"{_PREFIX}event")
    if not event_type:
        return
    fields = _named("form", form.attributes)
    if "quantity" in values:
        quantity = values["quantity"]
        fields["quantity"] = min(_MOST_PIECES, int(quantity)) if quantity.isdecimal() else 0
    yield event_type, fields


class Document(NamedTuple):
    """A loaded page: the part that a visit sees, and the part that its tracker reports.

    about: the fields of each event on it; None if it has no tracker. shown: the events that showing it means, in
    addition to the page view. Each has the position of its list on the page (0–100), an event type and fields; an event
    whose position is None counts at once, the others when their list comes into sight. later: the list that the page
    asks for once it has loaded, if any.
    """

    page: Page
    about: Mapping[str, Any] | None
    title: str
    status: int | None
    request_id: str | None
    user_id: str | None
    shown: tuple[tuple[int | None, str, Mapping[str, Any]], ...]
    later: LaterList | None = None


def document(markup: Markup, page: Page) -> Document:
    """Reads the meta elements of a page."""
    status = markup.metas.get("footfall-status", "")
    return Document(
        page=page,
        about=markup.meta_json("footfall-page"),
        title=markup.title,
        status=int(status) if status.isdecimal() else None,
        request_id=markup.metas.get("footfall-request-id"),
        user_id=markup.metas.get("footfall-user") or None,
        shown=tuple(_shown(markup)),
        later=markup.later,
    )


def list_shown(html: str) -> PageEvent | None:
    """The event that a list which came later was shown; None if there is no list in it."""
    found = _LIST_TAG.search(html)
    if found is None:
        return None
    list_id, variant = unescape(found[1]), None if found[2] is None else unescape(found[2])
    return "impression", {"element": f"list-{list_id}", "list_id": list_id, "variant": variant}


def asked_for(about: Mapping[str, Any], anonymous_id: str | None) -> dict[str, str]:
    """The request for a list by a page. about: the page's description of itself. anonymous_id: None without consent."""
    asked = {name: about[name] for name in ("page_section", "item_type", "item_id") if name in about}
    return asked if anonymous_id is None else {**asked, "anonymous_id": anonymous_id}


def _shown(markup: Markup) -> Iterator[tuple[int | None, str, dict[str, Any]]]:
    for entry in markup.meta_json("footfall-events") or ():
        fields = dict(entry)
        event_type = fields.pop("event_type")
        yield markup.lists.get(fields.get("list_id", "")), event_type, fields


def _named(tag: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for field in _FIELDS:
        value = attributes.get(_PREFIX + field.replace("_", "-"))
        if value:
            fields[field] = int(value) if field == "value_cents" else value
    if "element" not in fields:
        mark = attributes.get("id"), attributes.get("class", "").split()
        fields["element"] = tag + (f"#{mark[0]}" if mark[0] else f".{mark[1][0]}" if mark[1] else "")
    return fields

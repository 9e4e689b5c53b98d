"""The tracker on pages that are not Footfall's own: what it takes from the page, and where it sends."""

from typing import Any

import pytest

from footfall.events.validate import check_sent
from tests.support.tracker import Tracked, track

SCRIPT = {"src": "https://stats.example.org/footfall.js", "data-site": "blog"}
VISITOR = {"agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0", "language": "de", "gpc": False, "width": 9, "height": 9}


def tracked(path: str, script: dict[str, str] | None = SCRIPT, **metas: str) -> Tracked:
    """A visit of one page."""
    about = {f"footfall-{name.replace('_', '-')}": value for name, value in metas.items()}
    page = {"url": f"https://blog.example.org{path}", "title": "Notes", "metas": about, "lists": [], "gestures": []}
    found = track(VISITOR, [page | ({"script": script} if script else {})], "UTC")
    assert [check_sent({**event, "sent_at": event["occurred_at"]}) for event in found.events] == [None] * len(
        found.events
    )
    return found


def view(found: Tracked) -> dict[str, Any]:
    (one,) = (event for event in found.events if event["event_type"] == "page_view")
    return one


def test_it_sends_to_where_it_came_from() -> None:
    found = tracked("/")
    assert found.beacons == ["https://stats.example.org/collect?site=blog"]
    assert {event["app_id"] for event in found.events} == {"blog"}
    below = tracked("/", SCRIPT | {"src": "https://blog.example.org/stats/footfall.js?v=1"})
    assert below.beacons == ["https://blog.example.org/stats/collect?site=blog"]


@pytest.mark.parametrize(
    ("path", "page_type", "page_section"),
    [
        ("/", "home", "home"),
        ("/about.html", "article", "home"),
        ("/notes/", "article", "notes"),
        ("/notes/2026/rain?x=1", "article", "notes"),
        ("/search?q=rain", "search", "home"),
        ("/account/orders", "account", "account"),
        ("//odd", "home", "home"),
        ("/caf%C3%A9/" + "x" * 300, "article", "caf%C3%A9"),
        (f"/{'x' * 300}/y", "article", "x" * 128),
    ],
)
def test_what_a_page_does_not_say_follows_from_its_path(path: str, page_type: str, page_section: str) -> None:
    found = view(tracked(path))
    assert (found["page_type"], found["page_section"]) == (page_type, page_section)


def test_a_page_speaks_by_attributes_and_meta_elements() -> None:
    script = SCRIPT | {"data-page-type": "product", "data-item-id": "lamp", "data-request-id": "r-1", "data-user": "u1"}
    found = view(tracked("/x/y", script, page_section="lamps", item_type="thing", item_id="meta", status="404"))
    assert {name: found[name] for name in ("page_type", "page_section", "item_type", "request_id", "user_id")} == {
        "page_type": "product",
        "page_section": "lamps",
        "item_type": "thing",
        "request_id": "r-1",
        "user_id": "u1",
    }
    # The attribute is nearer than the meta element.
    assert (found["item_id"], found["http_status"]) == ("lamp", 404)


def test_a_page_may_describe_itself_as_footfalls_own_do() -> None:
    found = view(tracked("/x", page='{"page_type": "course", "page_section": "art", "item_id": "c1"}'))
    assert (found["page_type"], found["page_section"], found["item_id"]) == ("course", "art", "c1")


def test_a_page_without_a_site_is_not_tracked() -> None:
    assert tracked("/", {"src": SCRIPT["src"]}) == ([], [])
    assert tracked("/", None) == ([], [])

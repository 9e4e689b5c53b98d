"""The tracker on pages that are not Footfall's own: what it takes from the page, and where it sends."""

from typing import Any

import pytest

from footfall.events.validate import check_sent
from tests.support.tracker import Tracked, track

SCRIPT = {"src": "https://stats.example.org/footfall.js", "data-site": "blog"}
VISITOR = {"agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0", "language": "de", "gpc": False, "width": 9, "height": 9}


def tracked(
    path: str,
    script: dict[str, str] | None = SCRIPT,
    before: str = "",
    after: str = "",
    gpc: bool = False,
    form: dict[str, str] | None = None,
    **metas: str,
) -> Tracked:
    """A visit of one page. before, after: what the page runs before and after the tracker.

    form: the attributes of a form that is sent, without `data-footfall-`.
    """
    about = {f"footfall-{name.replace('_', '-')}": value for name, value in metas.items()}
    page = {"url": f"https://blog.example.org{path}", "title": "Notes", "metas": about, "lists": [], "gestures": []}
    page |= {"before": before, "after": after}
    if form is not None:
        attributes = {f"data-footfall-{name}": value for name, value in form.items()}
        page["gestures"] = [["submit", "form", attributes, {"quantity": "2"}]] * 2
    found = track(VISITOR | {"gpc": gpc}, [page | ({"script": script} if script else {})], "UTC")
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


@pytest.mark.parametrize("said", ["popup", "Product", "other", "toString"])
def test_a_page_of_an_unknown_type_is_of_another_type(said: str) -> None:
    for found in (
        tracked("/x", SCRIPT | {"data-page-type": said}),
        tracked("/x", page=f'{{"page_type": "{said}", "page_section": "s"}}'),
    ):
        assert (view(found)["page_type"], view(found)["schema_version"]) == ("other", "1.1")
    (start,) = (event for event in found.events if event["event_type"] == "session_start")
    assert start["schema_version"] == "1.0"
    assert view(tracked("/home"))["page_type"] == "home"


def customs(found: Tracked) -> list[dict[str, Any]]:
    return [event for event in found.events if event["event_type"] == "custom"]


def test_a_page_may_send_events_of_its_own() -> None:
    found = tracked("/notes/rain", after="footfall('signup', {plan: 'pro', seats: 3, trial: true}); footfall('read')")
    signup, read = customs(found)
    assert (signup["event_name"], signup["properties"]) == ("signup", {"plan": "pro", "seats": 3, "trial": True})
    assert (signup["page_path"], signup["page_section"]) == ("/notes/rain", "notes")
    assert signup["page_view_id"] == view(found)["page_view_id"]
    assert read["event_name"] == "read"
    assert "properties" not in read
    assert {event["schema_version"] for event in (signup, read)} == {"1.1"}
    assert view(found)["schema_version"] == "1.0"


STUB = "globalThis.footfall ||= (...call) => { (footfall.waiting ||= []).push(call); };"


def test_a_page_may_do_so_before_the_tracker_has_loaded() -> None:
    found = tracked("/", before=STUB + "footfall('early', {n: 1}); footfall('earlier')", after="footfall('late')")
    assert [event["event_name"] for event in customs(found)] == ["early", "earlier", "late"]
    assert view(found)["seq"] < customs(found)[0]["seq"]
    older = "function footfall() { (footfall.waiting = footfall.waiting || []).push(arguments); } footfall('early')"
    assert [event["event_name"] for event in customs(tracked("/", before=older))] == ["early"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("{a: NaN, b: Infinity, c: 2 ** 53, d: -(2 ** 53 - 1), e: 0.5}", {"d": -(2**53 - 1), "e": 0.5}),
        ("{a: null, b: undefined, c: [1], d: {}, e: () => 1, f: 1n, g: Symbol('x'), h: 'x'}", {"h": "x"}),
        ("{'': 1, ['x'.repeat(64)]: 2, ['x'.repeat(65)]: 3}", {"x" * 64: 2}),
        ("Object.fromEntries(Array.from({length: 40}, (_, n) => ['k' + n, n]))", {f"k{n}": n for n in range(32)}),
        # Characters, not units of UTF-16.
        ("{['🫖'.repeat(64)]: 1, ['🫖'.repeat(65)]: 2}", {"🫖" * 64: 1}),
        ("{a: 'x'.repeat(1025), e: ''}", {"a": "x" * 1024, "e": ""}),
        ("{'a\\n': 'c\\u0000d', b: '\\ud83d'}", {"a ": "c d", "b": " "}),
        # An entry must not be mistaken for the method of a text.
        ("{slice: 'x', length: 5, toString: 'y'}", {"slice": "x", "length": 5, "toString": "y"}),
        ("{get a() { throw new Error('spoilt'); }}", None),
        ("new Proxy({}, {ownKeys() { throw new Error('spoilt'); }})", None),
        ("(() => { const ring = {n: 1}; ring.ring = ring; return ring; })()", {"n": 1}),
        *((nothing, None) for nothing in ("null", "undefined", "5", "'pro'", "{}", "[]", "Symbol('x')")),
    ],
)
def test_properties_are_cut_to_what_the_schema_allows(given: str, kept: dict[str, Any] | None) -> None:
    (event,) = customs(tracked("/", after=f"footfall('signup', {given})"))
    assert event.get("properties") == kept


def test_a_form_sends_an_event_of_its_own_by_its_markup() -> None:
    form = {"event": "custom", "event-name": "sign up\n", "element": "join", "item-id": "pro", "value-cents": "500"}
    found = tracked("/notes/rain", form=form)
    first, second = customs(found)
    assert {name: first[name] for name in ("schema_version", "event_name", "element", "item_id", "value_cents")} == {
        "schema_version": "1.1",
        "event_name": "sign up ",
        "element": "join",
        "item_id": "pro",
        "value_cents": 500,
    }
    assert first["page_view_id"] == second["page_view_id"] == view(found)["page_view_id"]
    assert found.said == []


@pytest.mark.parametrize("event", ["add_to_cart", "form_submit", "login", "logout", "purchase", "search"])
def test_a_form_sends_other_events_as_before(event: str) -> None:
    found = tracked("/", form={"event": event, "event-name": "no name of one's own"})
    sent = [one for one in found.events if one["event_type"] == event]
    assert [(one["schema_version"], one["quantity"], "event_name" in one) for one in sent] == [("1.0", 2, False)] * 2
    assert found.said == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"event": "custom"}, "a custom event needs a name; it was not sent"),
        ({"event": "custom", "event-name": ""}, "a custom event needs a name; it was not sent"),
        ({"event": "web_vitals"}, "a form cannot send the event web_vitals"),
        ({"event": "page_view"}, "a form cannot send the event page_view"),
        ({"event": "signup", "event-name": "signup"}, "a form cannot send the event signup"),
    ],
)
def test_a_form_that_asks_for_what_cannot_be_is_told_once(form: dict[str, str], said: str) -> None:
    found = tracked("/", form=form)
    assert [event["event_type"] for event in found.events if event["event_type"] != "page_ping"] == [
        "session_start",
        "page_view",
    ]
    assert found.said == [f"Footfall: {said}"]


def test_a_form_without_an_event_is_none() -> None:
    assert tracked("/", form={}).said == []


def test_a_page_may_announce_an_event_of_its_own() -> None:
    found = tracked("/", events='[{"event_type": "custom", "event_name": "greeted"}, {"event_type": "custom"}]')
    assert [(event["event_name"], event["schema_version"]) for event in customs(found)] == [("greeted", "1.1")]
    assert found.said == ["Footfall: a custom event needs a name; it was not sent"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *(("'x'.repeat(129)", "x" * 128), ("'a\\nb'", "a b"), ("'<b>'", "<b>")),
        *((none, None) for none in ("", "''", "null", "5", "{}", "['signup']", "Symbol('x')")),
    ],
)
def test_an_event_without_a_name_is_none(name: str, kept: str | None) -> None:
    found = tracked("/", after=f"footfall({name}); footfall({name})")
    assert [event["event_name"] for event in customs(found)] == ([] if kept is None else [kept] * 2)
    assert found.said == (["Footfall: a custom event needs a name; it was not sent"] if kept is None else [])


@pytest.mark.parametrize(
    "before",
    [
        "footfall = {localName: 'form', id: 'footfall'};",
        "footfall = () => {}; footfall.waiting = 'no list';",
        "footfall = () => {}; footfall.waiting = [null, 5, 'x', [], [Symbol('x')], {}, ['kept']];",
        "Object.defineProperty(globalThis, 'footfall', {value: () => {}});",
        "Object.prototype.extra = 1; Object.entries = null; globalThis.footfall = null;",
        "console = null;",
    ],
)
def test_nothing_that_has_its_name_stops_the_tracker(before: str) -> None:
    found = tracked(
        "/", before=before, after="try { footfall('x'); } catch (fault) { if (footfall.waiting) throw fault; }"
    )
    assert view(found)["page_path"] == "/"
    assert ("kept" in before) is ("kept" in [event["event_name"] for event in customs(found)])


def test_properties_are_not_sent_without_consent() -> None:
    (event,) = customs(tracked("/", after="footfall('signup', {mail: 'jane'})", gpc=True))
    assert (event["event_name"], event["consent"]) == ("signup", "denied")
    assert "properties" not in event


def test_a_page_without_a_site_is_not_tracked() -> None:
    assert tracked("/", {"src": SCRIPT["src"]}) == ([], [], [])
    assert tracked("/", None) == ([], [], [])

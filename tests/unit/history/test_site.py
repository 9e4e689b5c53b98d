"""A cached page equals the page that the site would show to this session, whatever other visitors did meanwhile."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from footfall.history.site import USER_ID, Outcome, RememberingSite
from footfall.settings import Settings
from footfall.site_registry import DemoSite
from footfall.sites import incidents
from footfall.sites.pages import PENDING_EVENTS
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.gestures import Document

_CHAIR = "alder-camp-chair"


def _read(outcome: Outcome) -> Document:
    assert outcome.document is not None
    return outcome.document


def _site(app: DemoSite) -> Iterator[RememberingSite]:
    site = RememberingSite(app, load_behaviour(app))
    yield site
    site.close()


@pytest.fixture
def shop() -> Iterator[RememberingSite]:
    yield from _site("shop")


@pytest.fixture
def academy() -> Iterator[RememberingSite]:
    yield from _site("academy")


def test_a_page_is_rendered_once_for_all_campaigns_and_sessions(shop: RememberingSite) -> None:
    plain = shop.ask("/", {})
    assert plain.status == 200
    assert shop.ask("/?utm_source=google&utm_medium=cpc", {"cart": {_CHAIR: 1}}) is plain
    assert _read(shop.ask("/", {"user_id": USER_ID})).user_id == USER_ID


def test_an_order_goes_from_the_product_to_its_purchase(shop: RememberingSite) -> None:
    session = shop.ask("/cart/add", {}, {"item": _CHAIR, "quantity": "2", "csrf": "simulated"}).session
    assert session["cart"] == {_CHAIR: 2}
    assert "place_order" in _read(shop.ask("/checkout", session)).page.forms
    given = {"email": "u000007@example.com", "name": "A", "street": "B", "city": "C", "csrf": "simulated"}
    ids = ["01a20dd7-33b9-7a12-9edc-ad74f29e26c4", "01a20dd7-33b9-7a12-9edc-ad74f29e26c5"]
    for order_id in ids:
        placed = shop.ask("/checkout", session, given, order_id=order_id)
        assert (placed.status, placed.location) == (303, f"/order/{order_id}")
        assert placed.waited_s > 0.08
        ((_, event_type, purchase),) = _read(shop.ask(placed.location, placed.session)).shown
        assert event_type == "purchase"
        assert (purchase["order_id"], purchase["item_id"], purchase["quantity"]) == (order_id, _CHAIR, 2)


def test_a_login_is_emitted_once_without_a_name(shop: RememberingSite) -> None:
    form = {"email": "u000123@example.com", "csrf": "simulated"}
    after = shop.ask("/login", {}, form)
    assert after.location == "/account"
    assert after.session["user_id"] == USER_ID
    account = shop.ask("/account", after.session)
    assert [event_type for _, event_type, _ in _read(account).shown] == ["login"]
    assert PENDING_EVENTS not in shop.after("/account", after.session, account)


def test_a_form_without_the_token_is_refused(shop: RememberingSite) -> None:
    assert shop.ask("/cart/add", {}, {"item": _CHAIR, "quantity": "1"}).status == 400


def test_a_course_goes_on_after_the_lessons_that_were_read(academy: RememberingSite) -> None:
    course = next(link.path for link in _read(academy.ask("/", {})).page.links["course"])
    session: dict[str, object] = {}
    for number in (1, 2):
        (start,) = [
            link.path
            for link in _read(academy.ask(course, session)).page.links["lesson"]
            if link.attributes.get("data-footfall-element") == "start-course"
        ]
        assert start == f"{course}/lesson/{number}"
        session = academy.after(start, session, academy.ask(start, session))


def test_a_failing_page_says_why(shop: RememberingSite) -> None:
    failed = shop.ask("/category/camping", {}, failing=True)
    assert failed.status == 500
    assert failed.failure is not None
    assert failed.failure[0] == "view category"
    assert str(failed.failure[1]) == "The content service of shop did not answer within 2 s."
    assert shop.ask("/category/camping", {}).status == 200


@pytest.mark.parametrize(
    ("app", "path"), [("shop", "/category/camping"), ("news", "/section/sport"), ("academy", "/catalogue")]
)
def test_no_page_depends_on_when_it_is_asked_for(app: DemoSite, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log lines have the sizes of pages, and whoever repeats a history on another day shall repeat its lines."""

    def size(now: datetime) -> int:
        clock = type("Clock", (datetime,), {"now": classmethod(lambda _, __=None: now)})
        monkeypatch.setattr("footfall.sites.app.datetime", clock)
        site = RememberingSite(app, load_behaviour(app))
        try:
            return site.ask(path, {}).bytes_sent
        finally:
            site.close()

    assert size(datetime(2026, 5, 3, 0, 1, tzinfo=timezone.utc)) == size(
        datetime(2026, 9, 30, 23, 59, tzinfo=timezone.utc)
    )


def test_an_incident_of_the_running_platform_does_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    incidents.begin(Settings(), "shop", "errors", 600, 1.0)
    site = RememberingSite("shop", load_behaviour("shop"))
    try:
        assert site.ask("/", {}).status == 200
    finally:
        site.close()

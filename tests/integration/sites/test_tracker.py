"""The tracker in a real Chromium on the real pages: what it posts, and that all of it is a valid event."""

import re

from playwright.sync_api import Page

from footfall.events.identity import UUID7, uuid7_ms
from footfall.events.times import parse_rfc3339_ms
from tests.support.sites import Remembering
from tests.support.tracked import Opens, arrived, leave, refused_times


def test_a_page_view_says_what_its_page_is(opened: Opens, collector: Remembering) -> None:
    page, _ = opened(
        "shop", "/product/alder-two-person-tent?utm_source=letter&utm_medium=email&x=secret", locale="de-DE"
    )
    view = arrived(page, collector, "page_view")[0]
    assert view["app_id"] == "shop"
    assert view["page_path"] == "/product/alder-two-person-tent"
    assert (view["page_type"], view["page_section"]) == ("product", "camping")
    assert (view["item_type"], view["item_id"]) == ("product", "alder-two-person-tent")
    assert view["page_title"].startswith("Alder two-person tent")
    assert view["http_status"] == 200
    assert 0 < view["response_ms"] < 20_000
    assert view["request_id"] == page.locator("meta[name=footfall-request-id]").get_attribute("content")
    assert (view["utm_source"], view["utm_medium"]) == ("letter", "email")
    assert "referrer" not in view
    assert "previous_path" not in view
    assert "user_id" not in view
    assert (view["language"], view["device_type"], view["os"]) == ("de-DE", "desktop", "Linux")
    assert (view["viewport_w"], view["viewport_h"]) == (1280, 720)
    assert "secret" not in str(collector.requests)


def test_ids_are_uuid7_of_the_time_of_the_event(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("news", "/")
    arrived(page, collector, "impression")
    sent = [event for _, _, events in list(collector.requests) for event in events]
    for event in sent:
        for name in ("event_id", "session_id", "anonymous_id"):
            assert UUID7.fullmatch(event[name])
        # The start of a visit gets its id when it has its place in the visit, which takes time in a slow browser.
        assert abs(uuid7_ms(event["event_id"]) - parse_rfc3339_ms(event["occurred_at"])) <= 5_000
        assert event["sent_at"] >= event["occurred_at"]
    assert len({event["event_id"] for event in sent}) == len({(event["session_id"], event["seq"]) for event in sent})


def test_a_visit_counts_from_nought_without_a_gap_over_pages(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/")
    page.click(".shelves a >> nth=2")
    page.wait_for_url("**/category/**")
    page.click(".card a >> nth=0")
    page.wait_for_url("**/product/**")
    arrived(page, collector, "page_view", 3)
    leave(page, collector)
    events = collector.events()
    assert {event["session_id"] for event in events} == {events[0]["session_id"]}
    assert sorted(event["seq"] for event in events) == list(range(len(events)))
    first = min(events, key=lambda event: event["seq"])
    assert first["event_type"] == "session_start"
    views = collector.events("page_view")
    assert [view.get("previous_path") for view in views] == [None, "/", views[1]["page_path"]]
    clicks = collector.events("click")
    assert [click["element"] for click in clicks] == ["nav-category", "product-card"]
    assert clicks[1]["item_id"] == views[2]["item_id"]
    assert clicks[0]["page_view_id"] == views[0]["page_view_id"]


def test_two_tabs_share_a_visit_and_never_a_place_in_it(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/")
    other = page.context.new_page()
    other.goto(url + "/cart")
    # Both tabs at once: forty clicks each, on a link that leads nowhere.
    clicking = """() => { const link = document.querySelector('.brand'); link.removeAttribute('href');
        // Not by a timer: those of a tab in the background wait.
        let left = 40; const steps = new MessageChannel();
        steps.port1.onmessage = () => { link.click(); if (--left) steps.port2.postMessage(0); };
        steps.port2.postMessage(0); }"""
    page.evaluate(clicking)
    other.evaluate(clicking)
    arrived(page, collector, "click", 80)
    events = collector.events()
    assert len({event["session_id"] for event in events}) == 1
    places = [event["seq"] for event in events]
    assert len(set(places)) == len(places)


def test_engaged_time_is_pinged_every_five_seconds_and_the_rest_on_leaving(
    opened: Opens, collector: Remembering
) -> None:
    page, _ = opened("news", "/")
    page.mouse.wheel(0, 700)
    first = arrived(page, collector, "page_ping")[0]
    assert first["engaged_ms"] == 5000
    assert 0 < first["scroll_pct"] <= 100
    page.wait_for_timeout(1200)
    leave(page, collector)
    pings = collector.events("page_ping")
    assert len(pings) == 2
    assert 300 < pings[1]["engaged_ms"] < 5000
    assert collector.requests[-1][1] == "text/plain"


def test_a_purchase_is_sent_once_for_each_line_and_not_again_on_reload(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/product/juniper-tarp")
    page.fill(".add input[name=quantity]", "2")
    page.click(".add button")
    page.wait_for_url("**/cart")
    page.goto(url + "/product/alder-enamel-mug")
    page.click(".add button")
    page.wait_for_url("**/cart")
    page.click("text=To the checkout")
    for field in ("email", "name", "street", "city"):
        page.fill(f".fields input[name={field}]", "nobody@example.org")
    page.click(".fields button")
    page.wait_for_url("**/order/*")
    arrived(page, collector, "purchase", 2)
    page.reload()
    arrived(page, collector, "page_view", 7)
    leave(page, collector)

    added = collector.events("add_to_cart")
    assert [(event["item_id"], event["quantity"]) for event in added] == [("juniper-tarp", 2), ("alder-enamel-mug", 1)]
    bought = collector.events("purchase")
    assert {(event["item_id"], event["quantity"]) for event in bought} == {("juniper-tarp", 2), ("alder-enamel-mug", 1)}
    assert len(bought) == 2
    assert sum(event["value_cents"] for event in bought) == 2 * added[0]["value_cents"] + added[1]["value_cents"]
    assert {event["currency"] for event in bought} == {"EUR"}
    assert len({event["order_id"] for event in bought}) == 1
    assert [event["element"] for event in collector.events("form_submit")] == ["place-order"]


def test_login_names_the_user_and_logout_forgets_it(opened: Opens, collector: Remembering) -> None:
    page, url = opened("academy", "/login")
    page.fill(".fields input[name=email]", "u000123@example.com")
    page.click(".fields button")
    page.wait_for_url("**/account")
    assert arrived(page, collector, "login")[0]["user_id"] == "u000123"
    page.click("text=Log out")
    page.wait_for_url(url + "/")
    arrived(page, collector, "page_view", 3)
    views = collector.events("page_view")
    assert [view.get("user_id") for view in views] == [None, "u000123", None]
    assert len(collector.events("logout")) == 1


def test_searches_and_forms_are_sent(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("news", "/")
    page.fill("footer input[name=q]", "climate <b>&\t'\"")
    page.press("footer input[name=q]", "Enter")
    page.wait_for_url("**/search**")
    search = arrived(page, collector, "search")[0]
    assert search["search_term"].startswith("climate <b>")
    assert isinstance(search["results_count"], int)
    page.goto(page.url.split("/search")[0] + "/newsletter")
    page.fill(".subscribe input[name=email]", "nobody@example.org")
    page.click(".subscribe button")
    page.wait_for_url("**/newsletter/thanks")
    assert arrived(page, collector, "form_submit")[0]["element"] == "newsletter"
    assert "nobody" not in str(collector.requests)


def test_a_missing_page_and_a_failing_one_are_page_views_of_their_status(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/no/such/page")
    page.goto(url + "/product/yarrow-salt-mill")
    arrived(page, collector, "page_view", 2)
    assert [(v["page_type"], v["http_status"]) for v in collector.events("page_view")] == [
        ("error", 404),
        ("error", 500),
    ]
    assert collector.events("error") == []


def test_errors_of_scripts_are_sent_up_to_a_limit(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/")
    page.evaluate(
        "() => { for (let i = 0; i < 20; i++) setTimeout(() => { throw new TypeError('a\\u0000b\\ud800' + i); }) }"
    )
    page.evaluate("() => { Promise.reject(new RangeError('far')) }")
    errors = arrived(page, collector, "error", 5)
    page.wait_for_timeout(600)
    assert len(collector.events("error")) == 5
    assert errors[0]["error_code"] in ("TypeError", "RangeError")


def test_while_the_collector_is_away_nothing_is_lost(opened: Opens, collector: Remembering) -> None:
    collector.status = 503
    page, url = opened("shop", "/")
    refused_times(page, 1)
    page.click(".shelves a >> nth=1")
    page.wait_for_url("**/category/**")
    refused_times(page, 2)
    refused = {e["event_id"] for _, _, events in collector.requests for e in events}
    collector.status = 202
    page.goto(url + "/cart")
    arrived(page, collector, "page_view", 3)
    assert refused <= {event["event_id"] for event in collector.events()}
    again = [e for status, _, events in collector.requests if status == 202 for e in events if e["event_id"] in refused]
    first_sent = {
        e["event_id"]: e["sent_at"] for s, _, events in reversed(collector.requests) if s == 503 for e in events
    }
    assert all(event["sent_at"] > first_sent[event["event_id"]] for event in again)


def test_a_denied_consent_begins_a_visit_without_a_name(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/login")
    page.fill(".fields input[name=email]", "u000123@example.com")
    page.click(".fields button")
    page.wait_for_url("**/account")
    page.click("[data-footfall-consent=denied]")
    click = arrived(page, collector, "click")[-1]
    before = collector.events("page_view")[0]
    assert before["consent"] == "unknown"
    assert click["consent"] == "denied"
    assert click["session_id"] != before["session_id"]
    assert click["anonymous_id"] == click["session_id"]
    assert "user_id" not in click


def test_global_privacy_control_denies(opened: Opens, collector: Remembering) -> None:
    script = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    page, _ = opened("shop", "/search?q=lamp", script)
    search = arrived(page, collector, "search")[0]
    assert search["consent"] == "denied"
    assert "search_term" not in search


def test_a_visit_ends_after_half_an_hour_and_a_visitor_after_a_year(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/")
    first = arrived(page, collector, "page_view")[0]
    page.evaluate(
        """() => { const age = (key, ms) => { const kept = JSON.parse(localStorage['footfall.' + key]);
        kept.at -= ms; localStorage['footfall.' + key] = JSON.stringify(kept); };
        addEventListener('pagehide', () => age('visit', 31 * 60000)); }"""
    )
    page.goto(url + "/cart")
    second = arrived(page, collector, "page_view", 2)[1]
    assert second["session_id"] != first["session_id"]
    assert second["anonymous_id"] == first["anonymous_id"]
    page.evaluate(
        """() => { const kept = JSON.parse(localStorage['footfall.visitor']);
        kept.at -= 366 * 86400000; localStorage['footfall.visitor'] = JSON.stringify(kept); }"""
    )
    page.goto(url + "/login")
    third = arrived(page, collector, "page_view", 3)[2]
    assert third["anonymous_id"] != first["anonymous_id"]


def test_without_storage_or_locks_events_still_come(opened: Opens, collector: Remembering) -> None:
    script = """Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }});
    Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined});"""
    page, _ = opened("academy", "/catalogue", script)
    view = arrived(page, collector, "page_view")[0]
    assert view["seq"] == 1
    assert view["page_type"] == "catalogue"


def test_a_list_counts_when_it_comes_into_sight(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/product/alder-two-person-tent", viewport={"width": 390, "height": 500})
    arrived(page, collector, "page_view")
    page.wait_for_timeout(600)
    assert collector.events("impression") == []
    page.locator("[data-footfall-list=related]").scroll_into_view_if_needed()
    impression = arrived(page, collector, "impression")[0]
    assert impression["list_id"] == "related"


def _heard(page: Page) -> tuple[list[str], list[str]]:
    """Fills with the addresses that the page requests and the lines of its console from now on."""
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    return asked, said


def test_the_pages_break_no_policy_and_ask_nobody_else(opened: Opens, collector: Remembering) -> None:
    for app_id in ("shop", "news", "academy"):
        page, url = opened(app_id, "/")
        asked, said = _heard(page)
        for path in ("/", "/search?q=lamp", "/login"):
            page.goto(url + path, wait_until="load")
        page.wait_for_timeout(500)
        assert all(address.startswith(url) for address in asked)
        assert said == []
    arrived(page, collector, "page_view", 9)


def test_a_hostile_search_stays_text(opened: Opens, collector: Remembering) -> None:
    page, _ = opened(
        "shop", "/search?q=%3Cscript%3Ewindow.hurt%3D1%3C/script%3E'\"%3E%3Cimg%20src=x%20onerror=alert(1)%3E%00%0D%0A"
    )
    search = arrived(page, collector, "search")[0]
    assert page.evaluate("window.hurt") is None
    assert "<script>window.hurt=1</script>" in page.inner_text("h1")
    assert re.search(r"[\x00-\x1f]", search["search_term"]) is None

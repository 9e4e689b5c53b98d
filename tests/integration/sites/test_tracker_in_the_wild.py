"""What browsers, networks and other scripts do to a tracker, each in a real Chromium where one can be made to do it."""

from typing import Any

import pytest

from tests.support.platform import await_true
from tests.support.sites import Remembering
from tests.support.tracked import Opens, arrived, leave, refused_times

_IPAD = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1"
)
_CHROME_IOS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"
)


def _getter(owner: str, name: str, value: str) -> str:
    return f"Object.defineProperty({owner}, '{name}', {{get: () => {value}, configurable: true}});"


@pytest.mark.parametrize(
    "storage",
    [
        "null",
        "undefined",
        # Full from the beginning, and full of what is not ours.
        "{setItem() { throw new DOMException('full', 'QuotaExceededError'); }}",
        "Object.freeze({'footfall.visit': '5', 'footfall.visitor': '{\"at\": 9e15}', 'footfall.event.x': 'null'})",
    ],
)
def test_any_storage_will_do(opened: Opens, collector: Remembering, storage: str) -> None:
    page, _ = opened("shop", "/cart", f"const kept = {storage}; " + _getter("window", "localStorage", "kept"))
    assert arrived(page, collector, "page_view")[0]["page_path"] == "/cart"


def test_broken_entries_in_the_storage_are_replaced(opened: Opens, collector: Remembering) -> None:
    script = """if (!sessionStorage.done) { sessionStorage.done = 1;
        for (const [key, value] of Object.entries({visit: '{"at": "x"', visitor: '{"at": 9e15}', failures: 'NaN',
            'event.1': '5', 'event.2': '{"occurred_at": "2020-01-01T00:00:00Z", "event_id": "2"}'}))
            localStorage['footfall.' + key] = value; }"""
    page, _ = opened("shop", "/cart", script)
    arrived(page, collector, "page_view")
    await_true(
        lambda: page.evaluate("() => Object.keys(localStorage).filter(key => key.includes('event.')).length") == 0,
        "an empty queue",
        10,
    )


def test_a_page_out_of_the_browsers_cache_is_a_new_view(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart", keeps_pages=True)
    arrived(page, collector, "page_view")
    # The click is an event that gets its position just before the page is left.
    page.evaluate("() => { window.kept = true; document.querySelector('a[href^=\"/category\"]').click() }")
    arrived(page, collector, "page_view", 2)
    page.evaluate("() => history.back()")
    first, second, third = arrived(page, collector, "page_view", 3)
    assert page.evaluate("() => window.kept"), "the browser has loaded the page anew"
    (click,) = collector.events("click")
    assert first["seq"] < click["seq"] < second["seq"] < third["seq"]
    assert third["page_path"] == first["page_path"] == "/cart"
    assert third["page_view_id"] != first["page_view_id"]
    assert third["session_id"] == first["session_id"]
    # Nothing was requested again.
    assert not {"request_id", "http_status", "response_ms"} & set(third)


@pytest.mark.parametrize(
    ("referrer", "stored"),
    [
        ("android-app://com.google.android.gm/", "android-app://com.google.android.gm/"),
        ("https:/", None),
        ("about:blank", None),
        ("null", None),
        ("https://search.example/find?q=secret", "https://search.example/find"),
    ],
)
def test_odd_referrers(opened: Opens, collector: Remembering, referrer: str, stored: str | None) -> None:
    page, _ = opened("shop", "/cart", _getter("Document.prototype", "referrer", f"'{referrer}'"))
    assert arrived(page, collector, "page_view")[0].get("referrer") == stored


def test_a_page_that_is_only_prepared_counts_when_it_is_shown(opened: Opens, collector: Remembering) -> None:
    page, _ = opened(
        "shop", "/cart", "window.hidden = true; " + _getter("Document.prototype", "prerendering", "hidden")
    )
    page.evaluate("() => setTimeout(() => { throw new Error('early') })")
    page.wait_for_timeout(800)
    assert collector.requests == []
    page.evaluate("() => { hidden = false; document.dispatchEvent(new Event('prerenderingchange')) }")
    assert len(arrived(page, collector, "page_view")) == 1
    assert len(collector.events("session_start")) == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "<h1>Not found</h1>"),
        (408, ""),
        (425, "{}"),
        (407, "{}"),
        (200, "<html>Please log in to this network</html>"),
        (200, '{"ok": true}'),
        (403, '{"error": "foreign_origin", "detail": "Events are taken from this site\'s own pages only."}'),
        (429, '{"error": "too_many", "detail": "Too many events from this address."}'),
    ],
)
def test_only_the_collectors_own_answer_counts_as_delivered(
    opened: Opens, collector: Remembering, status: int, said: str
) -> None:
    collector.status, collector.said = status, said
    page, _ = opened("shop", "/cart")
    refused_times(page, 2)
    refused = {event["event_id"] for _, _, events in collector.requests for event in events}
    collector.status, collector.said = 202, None
    arrived(page, collector, "page_view")
    assert refused <= {event["event_id"] for event in collector.events()}


def test_a_request_that_the_collector_can_never_use_is_forgotten(opened: Opens, collector: Remembering) -> None:
    collector.status, collector.said = 400, '{"error": "not_json", "detail": "The body is not valid JSON in UTF-8."}'
    page, _ = opened("shop", "/cart")
    await_true(lambda: bool(collector.requests), "a request", 10)
    collector.status, collector.said = 202, None
    page.click(".brand")
    arrived(page, collector, "page_view")
    assert {event["page_path"] for event in collector.events("page_view")} == {"/"}


def test_a_yes_in_the_middle_of_a_visit_does_not_begin_another(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/")
    before = arrived(page, collector, "page_view")[0]
    page.click("[data-footfall-consent=granted]")
    page.goto(url + "/cart")
    after = arrived(page, collector, "page_view", 2)[1]
    assert (before["consent"], after["consent"]) == ("unknown", "granted")
    assert after["session_id"] == before["session_id"]
    assert len(collector.events("session_start")) == 1


def test_a_new_campaign_replaces_the_whole_of_the_old_one(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/?utm_source=letter&utm_campaign=spring&utm_content=top")
    page.goto(url + "/cart?utm_source=partner")
    page.goto(url + "/login")
    views = arrived(page, collector, "page_view", 3)
    named = [{key: view[key] for key in view if key.startswith("utm_")} for view in views]
    assert named == [
        {"utm_source": "letter", "utm_campaign": "spring", "utm_content": "top"},
        {"utm_source": "partner"},
        {"utm_source": "partner"},
    ]


def test_noise_is_no_error_of_the_site(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/")
    page.evaluate(
        """() => {
        const fail = (message, filename) => dispatchEvent(new ErrorEvent('error', {message, filename}));
        fail('ResizeObserver loop completed with undelivered notifications.');
        fail('ResizeObserver loop limit exceeded');
        fail('Script error.');
        fail('Uncaught TypeError: x is undefined', 'chrome-extension://abc/content.js');
        Promise.reject(); Promise.reject(null); Promise.reject('');
        fail('Script error in our own code', 'https://shop.example/app.js');
        Promise.reject(new RangeError('far'));
        }"""
    )
    errors = arrived(page, collector, "error", 2)
    page.wait_for_timeout(500)
    assert [error["error_message"] for error in collector.events("error")] == [
        "Script error in our own code",
        "far",
    ]
    assert errors[1]["error_code"] == "RangeError"


def test_texts_that_take_many_bytes_are_all_sent(opened: Opens, collector: Remembering) -> None:
    collector.status = 503
    page, _ = opened("shop", "/")
    refused_times(page, 1)
    page.evaluate(
        """() => { const link = document.querySelector('.brand'); link.removeAttribute('href');
        for (const name of ['element', 'item-id', 'item-type', 'list-id', 'variant'])
            link.setAttribute('data-footfall-' + name, '漢'.repeat(128));
        for (let i = 0; i < 60; i++) link.click(); }"""
    )
    collector.status = 202
    assert len(arrived(page, collector, "click", 60)) == 60
    leave(page, collector)


@pytest.mark.parametrize(
    ("agent", "touches", "known"),
    [
        (_IPAD, 5, ("tablet", "iPadOS", "Safari")),
        (_IPAD, 0, ("desktop", "macOS", "Safari")),
        (_CHROME_IOS, 5, ("mobile", "iOS", "Chrome")),
        (_CHROME_IOS.replace("CriOS/126.0.6478.54", "FxiOS/128.0"), 5, ("mobile", "iOS", "Firefox")),
        (_CHROME_IOS.replace("CriOS", "EdgiOS"), 5, ("mobile", "iOS", "Edge")),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537",
            0,
            ("desktop", "ChromeOS", "Chrome"),
        ),
    ],
)
def test_devices_that_say_that_they_are_others(
    opened: Opens, collector: Remembering, agent: str, touches: int, known: tuple[str, str, str]
) -> None:
    script = _getter("Navigator.prototype", "maxTouchPoints", str(touches))
    page, _ = opened("shop", "/cart", script, user_agent=agent)
    view = arrived(page, collector, "page_view")[0]
    assert (view["device_type"], view["os"], view["browser"]) == known


def test_the_views_of_an_application_of_one_page(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/")
    first = arrived(page, collector, "page_view")[0]
    page.wait_for_timeout(1_200)
    page.evaluate("() => { history.pushState({}, '', '/settings?tab=1'); document.title = 'Settings'; }")
    second = arrived(page, collector, "page_view", 2)[1]
    # Neither another query nor another fragment is another page, and a state alone is none.
    page.evaluate(
        """() => { history.replaceState({}, '', '/settings?tab=2'); history.pushState({}, '');
        location.hash = 'here'; }"""
    )
    page.evaluate("() => { history.replaceState({}, '', '/profile'); }")
    arrived(page, collector, "page_view", 3)
    page.evaluate("() => history.go(-2)")
    views = arrived(page, collector, "page_view", 4)
    page.wait_for_timeout(400)
    assert [view["page_path"] for view in collector.events("page_view")] == ["/", "/settings", "/profile", "/settings"]
    assert [view.get("previous_path") for view in views] == [None, "/", "/settings", "/profile"]
    assert second["page_title"] == "Settings"
    assert len({view["page_view_id"] for view in views}) == 4
    assert "response_ms" in first
    assert "response_ms" not in second
    # What was engaged before belongs to the view before.
    ping = collector.events("page_ping")[0]
    assert (ping["page_view_id"], ping["page_path"]) == (first["page_view_id"], "/")
    assert 0 < ping["engaged_ms"] < 5_000


def test_names_of_views_behind_the_fragment_count_where_the_page_says_so(opened: Opens, collector: Remembering) -> None:
    script = """addEventListener('DOMContentLoaded', () => {}); new MutationObserver((_, seen) => {
        if (!document.head) return; seen.disconnect();
        document.head.insertAdjacentHTML('afterbegin', '<meta name="footfall-hash-routes" content="yes">');
    }).observe(document, {childList: true, subtree: true});"""
    page, _ = opened("shop", "/cart#/list", script)
    arrived(page, collector, "page_view")
    page.evaluate("() => { location.hash = '#/list/7?sort=up'; }")
    arrived(page, collector, "page_view", 2)
    page.evaluate("() => { location.hash = '#top'; }")
    views = arrived(page, collector, "page_view", 3)
    assert [view["page_path"] for view in views] == ["/cart/list", "/cart/list/7", "/cart"]


def test_a_visit_does_not_go_on_after_a_clock_that_was_ahead(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/")
    first = arrived(page, collector, "page_view")[0]
    page.evaluate(
        """() => { addEventListener('pagehide', () => { const kept = JSON.parse(localStorage['footfall.visit']);
        kept.at += 2 * 86400000; localStorage['footfall.visit'] = JSON.stringify(kept); }) }"""
    )
    page.goto(url + "/cart")
    second = arrived(page, collector, "page_view", 2)[1]
    assert second["session_id"] != first["session_id"]


def test_a_page_that_loads_the_tracker_twice_counts_once(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    arrived(page, collector, "page_view")
    source: Any = page.locator("script[src*=footfall]").first.get_attribute("src")
    page.add_script_tag(url=source)
    page.evaluate("() => footfall('once')")
    arrived(page, collector, "custom")
    page.wait_for_timeout(800)
    assert len(collector.events("custom")) == 1
    assert len(collector.events("page_view")) == 1
    assert len(collector.events("session_start")) == 1


_STUB = "window.footfall ||= (...call) => { (footfall.waiting ||= []).push(call); };"


def test_a_page_sends_events_of_its_own_before_and_after_the_tracker_has_loaded(
    opened: Opens, collector: Remembering
) -> None:
    page, _ = opened("shop", "/cart", _STUB + "if (!window.done) { done = 1; footfall('early', {plan: 'pro'}); }")
    arrived(page, collector, "custom")
    assert page.evaluate("() => footfall('late', {seats: 3, trial: false, 'nothing': null})") is None
    early, late = arrived(page, collector, "custom", 2)
    assert (early["event_name"], early["properties"]) == ("early", {"plan": "pro"})
    assert (late["event_name"], late["properties"]) == ("late", {"seats": 3, "trial": False})
    (view,) = collector.events("page_view")
    assert early["page_view_id"] == late["page_view_id"] == view["page_view_id"]
    assert (early["page_path"], early["page_type"]) == ("/cart", "cart")
    assert [event["schema_version"] for event in (view, early, late)] == ["1.0", "1.1", "1.1"]
    # The last moment of a page: it leaves with the beacon.
    page.evaluate("() => { footfall('leaving'); location = 'about:blank'; }")
    assert arrived(page, collector, "custom", 3)[2]["event_name"] == "leaving"


def test_events_of_a_page_that_is_only_prepared_count_when_it_is_shown(opened: Opens, collector: Remembering) -> None:
    page, _ = opened(
        "shop", "/cart", "window.hidden = true; " + _getter("Document.prototype", "prerendering", "hidden")
    )
    page.evaluate("() => { for (let n = 0; n < 200; n++) footfall('prepared', {n}); }")
    page.wait_for_timeout(800)
    assert collector.requests == []
    page.evaluate("() => { hidden = false; document.dispatchEvent(new Event('prerenderingchange')) }")
    found = arrived(page, collector, "custom", 100)
    assert [event["properties"]["n"] for event in found] == list(range(100))
    assert len(collector.events("page_view")) == 1


def test_an_event_of_its_own_never_throws_into_the_page(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart", "addEventListener('error', event => (window.seen ||= []).push(event.message));")
    arrived(page, collector, "page_view")
    page.evaluate(
        """() => {
            const ring = {}; ring.ring = ring;
            const spoilt = new Proxy({}, {ownKeys() { throw new Error('spoilt'); }});
            for (const given of [undefined, null, 5, Symbol('x'), ring, spoilt, [], document, window, () => {}])
                { footfall('given', given); footfall(given, given); }
            footfall();
            for (const [owner, name] of [[Object, 'entries'], [Object, 'keys'], [String.prototype, 'slice'],
                [String.prototype, 'replace'], [Array.prototype, 'push']]) {
                const real = owner[name];
                owner[name] = () => { throw new Error('spoilt'); };
                footfall('spoilt', {a: 'x'});
                owner[name] = real;
            }
        }"""
    )
    assert {event["event_name"] for event in arrived(page, collector, "custom", 10)} <= {"given", "spoilt"}
    assert page.evaluate("() => window.seen ?? []") == []


def test_a_form_sends_an_event_of_its_own_by_its_markup(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.evaluate(
        """() => { document.body.insertAdjacentHTML('afterbegin',
            '<form id="join" data-footfall-event="custom"><button>Join</button></form>');
        const form = document.querySelector('#join');
        form.addEventListener('submit', event => event.preventDefault());
        for (const event of ['custom', 'web_vitals', 'page_view']) {
            form.dataset.footfallEvent = event; form.requestSubmit(); }
        form.dataset.footfallEvent = 'custom'; form.dataset.footfallEventName = 'signup'; }"""
    )
    page.click("#join button")
    (signup,) = arrived(page, collector, "custom")
    assert (signup["event_name"], signup["element"], signup["schema_version"]) == ("signup", "form#join", "1.1")
    assert {event["event_type"] for event in collector.events()} <= {
        "session_start",
        "page_view",
        "page_ping",
        "custom",
    }
    assert len(collector.events("page_view")) == 1
    assert said == ["warning: Footfall: a custom event needs a name; it was not sent"]


def test_a_page_of_an_unknown_type_is_of_another_type(opened: Opens, collector: Remembering) -> None:
    script = """new MutationObserver((_, seen) => {
        const about = document.querySelector('meta[name=footfall-page]'); if (!about) return; seen.disconnect();
        about.content = JSON.stringify({...JSON.parse(about.content), page_type: 'brochure'});
    }).observe(document, {childList: true, subtree: true});"""
    page, _ = opened("shop", "/cart", script)
    view = arrived(page, collector, "page_view")[0]
    assert (view["page_type"], view["schema_version"], view["page_section"]) == ("other", "1.1", "cart")


def test_a_page_that_spoils_what_the_tracker_uses_sees_no_error(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    arrived(page, collector, "page_view")
    page.evaluate(
        """() => { window.seen = []; addEventListener('error', event => seen.push(event.message));
        addEventListener('unhandledrejection', event => seen.push('' + event.reason));
        window.fetch = () => { throw new Error('spoiled'); }; navigator.sendBeacon = undefined;
        Storage.prototype.setItem = () => { throw new Error('spoiled'); };
        Array.prototype.extra = 1; Object.prototype.extra = 1; }"""
    )
    page.click("body")
    page.evaluate("() => { history.pushState({}, '', '/spoiled'); }")
    page.wait_for_timeout(1_000)
    assert page.evaluate("() => seen") == []

"""How fast pages felt, as a real Chromium measures it: one event for each view, and never a fault on the page."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.platform import await_true
from tests.support.sites import Remembering
from tests.support.tracked import Opens, arrived

# A page under the control of a program has frames only while somebody looks.
_PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"


def measured(page: Page) -> None:
    """Waits until the browser has painted the page and the library has heard of it."""
    page.wait_for_load_state("load")
    page.evaluate(_PAINTED)


def hide(page: Page, state: str = "hidden") -> None:
    """What a browser says when its tab is covered; a headless one never says it while the page stays."""
    page.evaluate(
        """state => { Object.defineProperty(document, 'visibilityState', {get: () => state, configurable: true});
        Object.defineProperty(document, 'hidden', {get: () => state == 'hidden', configurable: true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true})); }""",
        state,
    )


def vitals(page: Page, collector: Remembering, count: int = 1) -> list[dict[str, Any]]:
    """The events, after a while in which more might have come."""
    arrived(page, collector, "web_vitals", count)
    page.wait_for_timeout(600)
    return collector.events("web_vitals")


def test_a_page_that_is_left_says_how_fast_it_felt(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/product/alder-two-person-tent")
    measured(page)
    page.goto("about:blank")
    (event,) = vitals(page, collector)
    (view,) = collector.events("page_view")
    about = ("page_view_id", "page_path", "page_section", "page_type", "item_id", "session_id", "device_type")
    assert {name: event[name] for name in about} == {name: view[name] for name in about}
    assert 0 < event["lcp_ms"] < 20_000
    assert 0 < event["ttfb_ms"] <= event["lcp_ms"]
    assert event["cls_milli"] == 0
    # Nobody touched the page.
    assert "inp_ms" not in event
    assert event["seq"] > view["seq"]


def test_shifts_of_the_layout_and_slow_answers_to_a_click_are_measured(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    measured(page)
    # Half a second after an input, a shift counts as its consequence. So the shift comes first.
    page.evaluate("() => document.querySelector('main').style.paddingTop = '300px'")
    page.evaluate(_PAINTED)
    page.evaluate(
        """() => { const link = document.querySelector('.brand'); link.removeAttribute('href');
        const busy = () => { for (const end = performance.now() + 250; performance.now() < end;); };
        link.addEventListener('click', busy); }"""
    )
    page.click(".brand")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    (event,) = vitals(page, collector)
    assert 50 < event["cls_milli"] < 1_000
    assert 250 <= event["inp_ms"] < 5_000


def test_each_view_says_it_once_when_it_is_first_hidden(opened: Opens, collector: Remembering) -> None:
    page, url = opened("news", "/")
    measured(page)
    for state in ("hidden", "visible", "hidden"):
        hide(page, state)
    page.evaluate("() => delete document.visibilityState")
    page.goto(url + "/newsletter")
    measured(page)
    page.goto("about:blank")
    events = vitals(page, collector, 2)
    assert [event["page_path"] for event in events] == ["/", "/newsletter"]


def test_loaded_twice_it_measures_once(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    page.evaluate(
        """() => new Promise(onload => document.head.append(Object.assign(document.createElement('script'),
        {onload, src: document.querySelector('script[src*=vitals]').src})))"""
    )
    measured(page)
    page.goto("about:blank")
    assert len(vitals(page, collector)) == 1


def test_what_was_measured_of_a_load_belongs_to_the_view_with_which_it_began(
    opened: Opens, collector: Remembering
) -> None:
    page, _ = opened("shop", "/cart")
    measured(page)
    page.evaluate("() => history.pushState({}, '', '/another')")
    views = arrived(page, collector, "page_view", 2)
    page.goto("about:blank")
    (event,) = vitals(page, collector)
    assert (event["page_path"], event["page_view_id"]) == ("/cart", views[0]["page_view_id"])


def test_a_page_that_comes_back_is_measured_anew(opened: Opens, collector: Remembering) -> None:
    page, _ = opened("shop", "/cart")
    measured(page)
    # Headless browsers keep no pages. The event is what they would say.
    hide(page)
    hide(page, "visible")
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.evaluate(_PAINTED)
    hide(page)
    first, second = vitals(page, collector, 2)
    views = collector.events("page_view")
    assert [first["page_view_id"], second["page_view_id"]] == [view["page_view_id"] for view in views]
    assert second["ttfb_ms"] == 0


def test_without_consent_it_is_still_measured(opened: Opens, collector: Remembering) -> None:
    script = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    page, _ = opened("shop", "/cart", script)
    measured(page)
    page.goto("about:blank")
    (event,) = vitals(page, collector)
    assert event["consent"] == "denied"
    assert event["lcp_ms"] > 0


@pytest.mark.parametrize(
    "broken",
    [
        "delete window.PerformanceObserver",
        "Object.defineProperty(window, 'PerformanceObserver', {value: null})",
        """const real = Performance.prototype.getEntriesByType;
        Performance.prototype.getEntriesByType = function (type) {
            if (type == 'visibility-state') throw new Error('no'); return real.call(this, type); }""",
        "PerformanceObserver.prototype.observe = () => { throw new Error('no') }",
        "Object.defineProperty(window, 'PerformanceEventTiming', {value: undefined})",
        "window.webVitals = 'the page\\'s own'",
    ],
)
def test_whatever_the_page_does_nothing_is_thrown_into_it(opened: Opens, collector: Remembering, broken: str) -> None:
    heard = "window.faults = []; addEventListener('error', event => faults.push(event.message));"
    page, _ = opened("shop", "/cart", f"{heard} {broken};")
    measured(page)
    hide(page)
    assert page.evaluate("() => faults") == []
    if "webVitals" in broken:
        assert page.evaluate("() => webVitals") == "the page's own"
    await_true(lambda: len(collector.requests) > 0, "a request", 10)
    # A browser that is closed while it opens a page may never say that it is closed.
    page.goto("about:blank")


def test_a_page_without_the_second_script_measures_nothing(opened: Opens, collector: Remembering) -> None:
    page, url = opened("shop", "/cart")
    page.route("**/footfall-vitals.js*", lambda route: route.abort())
    page.goto(url + "/login")
    measured(page)
    page.goto("about:blank")
    events = vitals(page, collector)
    assert [event["page_path"] for event in events] == ["/cart"]

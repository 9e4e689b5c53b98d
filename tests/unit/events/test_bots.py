"""Bots: by name, with real browsers as the counter-proof, and by rate."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events import bots
from footfall.events.bots import RateRule, agent_reason

BOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0.1938.76 Safari/537.36",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.1; +https://openai.com/gptbot)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0",
    "Mozilla/5.0 (compatible; ClaudeBot/1.0)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko; compatible; Bytespider)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/125.0.0.0 Safari/537.36 Chrome-Lighthouse",
    "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Scrapy/2.11.0 (+https://scrapy.org)",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.31.0",
    "Python-urllib/3.11",
    "Go-http-client/1.1",
    "okhttp/4.12.0",
    "Java/17.0.9",
    "Apache-HttpClient/4.5.14 (Java/17.0.9)",
    "Webzio-Extended/1.0 (+https://webz.io/bot.html)",
    "Mozilla/5.0 (compatible; Webzio-Extended)",
    "Google-NotebookLM",
    "ktor-client",
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
    "Mozilla/5.0 (compatible; inoreader.com-like FeedFetcher-Google)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amazonbot/0.1) Chrome/119.0.6045.214 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0.0.0 Safari/537.36 GTmetrix",
]
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
    " Edg/131.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0"
    " Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile"
    " Safari/537.36",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 YaBrowser/24.6 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
    " OPR/115.0.0.0",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile"
    " Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.0;]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 330.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/21E219 [Pinterest/iOS]",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/5.2 Safari/538.1",
    "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.12.423 Version/12.16",
    # Browsers inside the apps of companies that also have fetchers.
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
    " Tumblr/iPhone/33.9/339/17.5/tumblr",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
    " Feedly/86.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/126.0.0.0 Mobile Safari/537.36 Inoreader/7.8.2",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/126.0.0.0 Mobile Safari/537.36 Feedly/89",
]


@pytest.mark.parametrize("agent", BOTS)
def test_programs_are_recognised(agent: str) -> None:
    assert agent_reason(agent) == "agent"
    assert agent_reason(agent.upper()) == "agent"


@pytest.mark.parametrize("agent", [*BROWSERS, "", None])
def test_browsers_and_missing_agents_are_not_bots(agent: str | None) -> None:
    assert agent_reason(agent) is None


@given(st.text())
def test_no_agent_makes_it_raise(agent: str) -> None:
    assert agent_reason(agent) in (None, "agent")


def test_flags_start_with_the_event_over_the_limit_and_end_after_a_calm_minute() -> None:
    rule = RateRule(120)
    assert [rule.observe("a", i * 100) for i in range(121)] == [False] * 120 + [True]
    assert not rule.observe("b", 12_100)
    assert not rule.observe("a", 12_000 + 60_000)


def test_what_a_tracker_sends_after_an_outage_is_judged_by_when_it_happened() -> None:
    """Pings of ten minutes in eight requests within a second."""
    rule = RateRule(120)
    assert not any(rule.observe("a", 1_000_000 + number * 3_750, 1_600_000 + number // 20) for number in range(160))
    # Events that come behind newer ones are no burst either, and a real one is still seen.
    assert not any(rule.observe("a", 1_000_000 + number * 3_750, 1_601_000) for number in range(160))
    assert any(rule.observe("a", 1_700_000 + number * 100, 1_720_000) for number in range(160))


def test_exactly_sixty_seconds_is_outside_the_window() -> None:
    rule = RateRule(1)
    assert not rule.observe("a", 0)
    assert rule.observe("a", 59_999)
    assert not rule.observe("a", 59_999 + 60_000)


@given(
    st.integers(min_value=1, max_value=5),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(min_value=0, max_value=30_000)), max_size=80),
)
def test_each_browser_has_its_own_sliding_count(limit: int, steps: list[tuple[str, int]]) -> None:
    rule, now_ms = RateRule(limit), 0
    all_seen: dict[str, deque[int]] = {}
    for browser, step in steps:
        now_ms += step
        seen = all_seen.setdefault(browser, deque())
        seen.append(now_ms)
        while now_ms - seen[0] >= 60_000:
            seen.popleft()
        assert rule.observe(browser, now_ms) == (len(seen) > limit)


def test_memory_is_bounded_and_the_longest_unseen_go_first() -> None:
    rule = RateRule(3, max_stamps=1000)
    for i in range(10_000):
        rule.observe(f"browser-{i}", 1000)
        rule.observe("busy", 1000)
    # A browser counts as 24 stamps in addition to its own stamps.
    assert 35 <= len(rule) <= 40
    assert rule.observe("busy", 1001)


def test_browsers_unseen_for_a_minute_are_forgotten() -> None:
    rule = RateRule(3)
    for i in range(50):
        rule.observe(f"browser-{i}", 0)
    rule.observe("late", 60_000)
    assert len(rule) == 1


@given(st.lists(st.integers(min_value=-(10**15), max_value=10**15), max_size=50))
def test_a_clock_that_jumps_does_no_harm(moments: list[int]) -> None:
    rule = RateRule(2)
    for moment in moments:
        assert rule.observe("a", moment) in (True, False)


def test_a_clock_that_is_set_back_flags_nobody() -> None:
    rule = RateRule(3)
    for moment in (600_000, 700_000, 800_000):
        rule.observe("a", moment)
    assert not any(rule.observe("a", moment) for moment in (500_000, 540_000, 580_000))
    assert rule.observe("a", 580_001) is False
    assert [rule.observe("a", 590_000 + i) for i in range(3)] == [True, True, True]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RateRule(0)


def test_long_agents_are_not_remembered() -> None:
    hits = bots._reason.cache_info().hits
    for number in range(10):
        agent_reason("Mozilla/5.0 " + "x" * 2000 + f" {number}")
    # Only their beginnings are, and those are equal.
    assert bots._reason.cache_info().hits == hits + 9

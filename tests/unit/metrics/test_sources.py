"""Where visits come from."""

import pytest

from footfall.metrics.sources import registered_domain, source


@pytest.mark.parametrize(
    ("referrer", "found"),
    [
        (None, "direct"),
        ("", "direct"),
        ("https://www.google.com/", "search"),
        ("https://www.google.co.uk/search", "search"),
        ("https://news.google.com.br/a", "search"),
        ("https://duckduckgo.com/", "search"),
        ("HTTPS://WWW.Bing.COM", "search"),
        ("https://google.example.org/", "referral"),
        ("https://notgoogle.com/", "referral"),
        ("https://l.facebook.com/l.php", "social"),
        ("https://x.com/someone", "social"),
        ("https://t.co/abc", "social"),
        ("https://x.example.org/", "referral"),
        ("https://mastodon.social/@someone", "social"),
        ("https://bsky.app/", "social"),
        ("http://localhost:5001/", "direct"),
        ("http://127.0.0.1:5001/cart", "direct"),
        ("https://shop.example.org/cart", "direct"),
        ("https://other.example.org/", "referral"),
        ("https://[broken", "direct"),
        ("no url at all", "direct"),
    ],
)
def test_the_referrers_host_decides(referrer: str | None, found: str) -> None:
    assert source(None, referrer, {"shop.example.org"}) == found


def test_a_campaign_comes_first() -> None:
    assert source("newsletter", "https://www.google.com/") == "campaign"
    assert source("", "https://www.google.com/") == "search"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.org", "example.org"),
        ("example.org", "example.org"),
        ("localhost", "localhost"),
        ("www.yahoo.co.jp", "yahoo.co.jp"),
        ("t.co", "t.co"),
        ("www.t.co.", "t.co"),
    ],
)
def test_an_owner_registers_the_label_below_the_suffix(host: str, domain: str) -> None:
    assert registered_domain(host) == domain

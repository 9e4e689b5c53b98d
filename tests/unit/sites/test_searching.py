import re
from pathlib import Path

import pytest
from flask import Flask

from footfall.site_registry import DEMO_SITES
from footfall.sites.searching import did_you_mean, search_events, term_of_request
from tests.support.sites import make_site


def test_a_term_is_one_bounded_line() -> None:
    app = Flask(__name__)
    with app.test_request_context("/search", query_string={"q": "  a\r\n\0b\u2028c  "}):
        assert term_of_request() == "a b c"
    with app.test_request_context("/search", query_string={"q": "x" * 5000}):
        assert len(term_of_request()) == 200
    with app.test_request_context("/search"):
        assert term_of_request() == ""


def test_an_empty_search_is_none() -> None:
    assert search_events("", 0) == []
    assert search_events("x", 3) == [{"event_type": "search", "search_term": "x", "results_count": 3}]


def test_a_slip_of_the_finger_is_guessed() -> None:
    assert did_you_mean("lmap", ["Alder desk lamp", "Tent"]) == ["lamp"]
    assert did_you_mean("xyzzy", ["Alder desk lamp"]) == []


@pytest.mark.parametrize("app_id", DEMO_SITES)
def test_a_search_page_has_no_words_of_the_search_in_its_title(app_id: str, tmp_path: Path) -> None:
    site, _ = make_site(tmp_path, app_id)
    page = site.test_client().get("/search?q=zebra").text
    assert page.count("zebra") > 0
    assert re.findall("<title>(.*)</title>", page) == [f"Search – {site.config['SITE_NAME'].replace('&', '&amp;')}"]

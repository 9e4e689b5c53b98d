from flask import Flask

from footfall.sites.searching import did_you_mean, search_events, term_of_request


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

"""One visit and one person's pages in words."""

import re

import pytest

from footfall.dashboard.components import one_visit
from footfall.events.times import format_rfc3339_ms
from tests.unit.dashboard.rows import AT_MS, session_row


def test_a_path_is_summed_up() -> None:
    rows = [session_row(0), session_row(1, event_type="click"), session_row(2, user_id="u-7")]
    text = one_visit.path(rows).text
    assert 'user <a href="?user=u-7"' in text
    assert "2 page views and 1 other event in 20 s, starting 24 Nov 08:10:30 UTC, still open." in text
    assert text.count("<tr>") == 4


def test_a_visitor_without_a_login_is_named_by_the_browser() -> None:
    text = one_visit.path([session_row(0, is_open=False)]).text
    assert "browser-1" in text
    assert "ended" in text


@pytest.mark.parametrize(("is_open", "mark"), [(True, ">entry<"), (False, ">entry exit<")])
def test_an_open_visit_has_no_exit_yet(is_open: bool, mark: str) -> None:
    assert mark in one_visit.path([session_row(0, is_exit=True, is_open=is_open)]).text


def test_a_very_long_session_is_cut_and_says_so() -> None:
    text = one_visit.path([session_row(seq) for seq in range(205)]).text
    assert "and 5 more events." in text


def test_an_event_of_a_sites_own_type_is_named() -> None:
    text = one_visit.path([session_row(0, event_type="custom", event_name="<b>signup")]).text
    assert re.search("custom</bdi></span> <bdi.*?>&lt;b&gt;signup</bdi>", text)


def test_recent_pages_lead_to_their_sessions() -> None:
    row = {"viewed_at": format_rfc3339_ms(AT_MS), "app_id": "news", "session_id": "0193-abcdef", "page_path": "/a"}
    text = one_visit.recent([row | {"page_title": None, "engaged_ms": 65_000, "http_status": 200}]).text
    assert 'href="?session=0193-abcdef"' in text
    assert "24 Nov 08:10:30" in text
    assert "1 min 5 s" in text
    assert "untitled" in text


def test_an_empty_list_is_a_sentence() -> None:
    assert "no event" in one_visit.path([]).text
    assert "no page" in one_visit.recent([]).text

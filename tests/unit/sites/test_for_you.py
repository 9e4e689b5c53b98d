"""The list "for you" on real sites, with recommended lists in memory."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from footfall.recommendations.offer import Item
from footfall.recommendations.table import popular_key, subject_key
from footfall.site_registry import DEMO_SITES
from footfall.sites import app as factory
from footfall.sites import for_you
from footfall.sites.content import articles, courses, goods
from footfall.sites.rate_limit import FloodGate
from tests.support.lists import POPULAR, RECOMMENDED, StoredLists, list_of
from tests.support.sites import make_site

PAGES = {
    "shop": ("/", f"/product/{[*goods.products()][7]}"),
    "news": ("/", f"/article/{[*articles.articles()][7]}"),
    "academy": ("/", f"/course/{[*courses.courses()][7]}"),
}
LISTED: dict[str, list[Item]] = {
    "shop": [("product", slug) for slug in [*goods.products()][10:20]],
    "news": [("article", slug) for slug in [*articles.articles()][30:40]],
    "academy": [("course", slug) for slug in [*courses.courses()][10:14]],
}


class Browser:
    """A browser on a site whose visitors of both arms have lists."""

    def __init__(self, home: Path, app_id: str = "shop") -> None:
        self.app_id = app_id
        mine = LISTED[app_id]
        self.lists = StoredLists({subject_key(app_id, who): list_of(mine) for who in (RECOMMENDED, POPULAR)})
        app, _ = make_site(home, app_id, lists=self.lists)
        self.client: FlaskClient = app.test_client()

    def ask(self, body: Any = None, **headers: str) -> TestResponse:
        sent = body if isinstance(body, bytes) else orjson.dumps({} if body is None else body)
        given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.post("/for-you", data=sent, headers=given)

    def shown(self, body: Any = None, **headers: str) -> str:
        answer = self.ask(body, **headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)


@pytest.fixture
def shop(tmp_path: Path) -> Browser:
    return Browser(tmp_path)


def items(html: str) -> list[Item]:
    return re.findall(r'data-footfall-item-id="([^"]*)" data-footfall-item-type="([^"]*)"', html)


def ids(html: str) -> list[str]:
    return [item_id for item_id, _ in items(html)]


@pytest.mark.parametrize("app_id", DEMO_SITES)
def test_a_site_shows_each_arm_its_list_in_the_same_shape(tmp_path: Path, app_id: str) -> None:
    browser = Browser(tmp_path, app_id)
    own, popular = browser.shown({"anonymous_id": RECOMMENDED}), browser.shown({"anonymous_id": POPULAR})
    size = factory._CATALOGUES[app_id].size  # type: ignore[index]
    assert ids(own) == [item_id for _, item_id in LISTED[app_id][:size]]
    assert len(ids(popular)) == size
    assert ids(popular) != ids(own)
    for html, variant in ((own, "recommended"), (popular, "popular")):
        # The list itself and each of its links.
        assert html.count(f'data-footfall-variant="{variant}"') == size + 1
        assert html.count('data-footfall-list-id="for-you"') == size + 1
        assert html.count('data-footfall-list="for-you"') == 1

    def shape(html: str) -> list[str]:
        return re.findall(r"<(/?[a-z0-9]+)\b", re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL))

    assert shape(own) == shape(popular)
    assert "<h2>For you</h2>" in own
    assert "<h2>For you</h2>" in popular


@pytest.mark.parametrize("app_id", DEMO_SITES)
def test_pages_have_a_place_for_the_list_only_if_the_site_has_lists(tmp_path: Path, app_id: str) -> None:
    browser = Browser(tmp_path, app_id)
    without, _ = make_site(tmp_path, app_id)
    for path in PAGES[app_id]:
        page = browser.client.get(path).get_data(as_text=True)
        assert page.count('data-footfall-for-you="/for-you"') == 1
        assert page.index("footfall.js") < page.index("for-you.js")
        plain = without.test_client().get(path).get_data(as_text=True)
        assert "for-you" not in plain
    assert not browser.lists.asked, "no page reads a list"
    assert without.test_client().post("/for-you").status_code == 404


def test_an_answer_says_where_its_list_comes_from(shop: Browser) -> None:
    def said(html: str) -> list[tuple[str, str]]:
        return re.findall(r'data-source="(\w+)"(?: data-reason="(\w+)")?', html)

    assert said(shop.shown({"anonymous_id": RECOMMENDED})) == [("learned", "")]
    assert said(shop.shown({"anonymous_id": POPULAR})) == [("catalogue", "arm")]
    shop.lists.lists[popular_key("shop")] = list_of(LISTED["shop"])
    assert said(shop.shown({"anonymous_id": POPULAR})) == [("popular", "arm")]
    assert said(shop.shown({"anonymous_id": "c-new-visitor"})) in ([("popular", "arm")], [("popular", "no_list")])
    shop.lists.why = "paused"
    assert said(shop.shown({"anonymous_id": RECOMMENDED})) == [("catalogue", "paused")]


@pytest.mark.parametrize("headers", [{}, {"Sec_GPC": "1"}, {"DNT": "1"}])
def test_without_consent_nobody_is_in_the_experiment(shop: Browser, headers: dict[str, str]) -> None:
    html = shop.shown({"anonymous_id": RECOMMENDED} if headers else {}, **headers)
    assert "variant" not in html
    assert 'data-reason="outside"' in html
    assert "<h2>Popular now</h2>" in html
    assert shop.lists.asked == [[popular_key("shop")]]


def test_the_login_is_the_site_s_own(shop: Browser) -> None:
    shop.lists.lists[subject_key("shop", "u000007")] = list_of(LISTED["shop"][4:])
    with shop.client.session_transaction() as session:
        session["user_id"] = "u000007"
    assert ids(shop.shown({"anonymous_id": RECOMMENDED})) == [slug for _, slug in LISTED["shop"][4:8]]
    assert shop.ask({"anonymous_id": RECOMMENDED, "user_id": "u000008"}).status_code == 400
    # Without consent, the login is not used either.
    assert "variant" not in shop.shown({})
    assert shop.lists.asked[-1] == [popular_key("shop")]


def test_the_page_s_item_the_cart_and_orders_are_left_out(shop: Browser) -> None:
    first, second, third, *_ = (slug for _, slug in LISTED["shop"])
    with shop.client.session_transaction() as session:
        session["cart"] = {second: 1}
        session["orders"] = [{"id": "o", "lines": [[third, 2]], "told": True}]
    shown = ids(shop.shown({"anonymous_id": RECOMMENDED, "item_type": "product", "item_id": first}))
    assert shown == [slug for _, slug in LISTED["shop"][3:7]]


def test_the_academy_leaves_out_what_was_begun_and_shows_lessons(tmp_path: Path) -> None:
    browser = Browser(tmp_path, "academy")
    slug = LISTED["academy"][0][1]
    mine = [("lesson", f"{slug}/1"), ("lesson", f"{slug}/2"), ("course", slug), ("lesson", f"{slug}/99")]
    browser.lists.lists[subject_key("academy", RECOMMENDED)] = list_of([*mine, ("quiz", slug), ("course", f"{slug}/2")])
    shown = items(browser.shown({"anonymous_id": RECOMMENDED}))
    assert shown[:3] == [(f"{slug}/1", "lesson"), (f"{slug}/2", "lesson"), (slug, "course")]
    with browser.client.session_transaction() as session:
        session["read"] = [[slug, 1]]
    assert items(browser.shown({"anonymous_id": RECOMMENDED}))[0] == (f"{slug}/2", "lesson")
    assert slug not in ids(browser.shown({"anonymous_id": RECOMMENDED}))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"nonsense", b'{"anonymous_id": 7}', b'{"anonymous_id": ""}', b'{"anonymous_id": "a b"}',
        b'{"anonymous_id": "a\\n"}', b'{"anonymous_id": "' + b"a" * 65 + b'"}', b'{"item_id": "' + b"a" * 129 + b'"}',
        b'{"page_section": "a\\u0000s\\u0000b"}', b'{"page_section": ""}', b'{"unknown": 1}', b'{"item_type": "\xff"}',
        b'{"item_id": "\\ud800"}', b'{"anonymous_id": {"$gt": ""}}',
    ],
)  # fmt: skip
def test_what_is_not_a_request_is_refused_with_a_sentence(shop: Browser, body: bytes) -> None:
    answer = shop.ask(body)
    assert answer.status_code == 400
    assert answer.mimetype == "application/json"
    assert "not as it should be" in answer.get_json()["error"]
    assert not shop.lists.asked


def test_other_ways_of_asking_are_refused(shop: Browser) -> None:
    assert shop.client.get("/for-you").status_code == 405
    assert shop.ask({"item_id": "a"} | {"page_section": "b"}, Content_Type="text/plain").status_code == 415
    assert shop.ask(b" " * 2049).status_code == 413
    assert shop.ask({}, Origin="http://evil.example").status_code == 403
    assert shop.ask({}, Origin="http://localhost").status_code == 200


def test_text_from_outside_is_inert(shop: Browser) -> None:
    hostile = '"><script>alert(1)</script>'
    shop.lists.lists[subject_key("shop", RECOMMENDED)] = list_of([("product", hostile), (hostile, "x")])
    html = shop.shown({"anonymous_id": RECOMMENDED, "page_section": hostile, "item_type": hostile, "item_id": hostile})
    assert "script" not in html
    assert len(ids(html)) == 4


def test_no_cache_keeps_an_answer_and_no_cookie_is_set(shop: Browser) -> None:
    answer = shop.ask({"anonymous_id": RECOMMENDED})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_an_address_that_asks_without_end_is_slowed_down(
    shop: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(for_you, "FloodGate", lambda *_: FloodGate(3, 1))
    browser = Browser(tmp_path)
    answers = [browser.ask({}, X_Forwarded_For="198.51.100.7") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "5"
    assert browser.ask({}, X_Forwarded_For="198.51.100.8").status_code == 200

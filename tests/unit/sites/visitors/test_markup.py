"""Reading pages: metas, links and forms as our sites write them, and how the behaviour sorts them."""

from footfall.sites.visitors.actions import Link
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.gestures import asked_for, list_shown
from footfall.sites.visitors.markup import LaterList, page_of, parse, with_list

# A form that was refused is shown again; what is missing or broken is not what it should be.
STATES = {200: "list", 409: "list", 422: "list", 400: "error", 404: "error", 500: "error"}
HTML = """<!doctype html><html><head><title> A &amp; B </title>
<meta charset="utf-8"><meta name="footfall-page" content='{"page_type":"home","note":"a > b"}'>
<META NAME="footfall-request-id" CONTENT="r-17"></head><body>
<a class="x" href="/product/1?ref=a&amp;b=1" data-footfall-element="card">One</a>
<a href="/product/1?ref=a&amp;b=1">1</a>
<a href="/category/lamps">L</a><a href="https://elsewhere.example/">E</a><a href="//elsewhere.example/">E</a>
<a href="#top">T</a><a href="/unknown">U</a><a>no address</a>
<form method="POST" action="/cart/add"><input type="hidden" name="csrf" value="a&quot;b">
<input name="quantity" value="1">
<select name="size"><option value="s">S</option><option value="m" selected>M</option></select>
<input type="radio" name="gift" value="yes"><input type="radio" name="gift" value="no"><button>Add</button></form>
<form action="/search"><input name="q"></form></body></html>"""


def test_metas_and_title() -> None:
    markup = parse(HTML, "/")
    assert markup.title == "A & B"
    assert markup.meta_json("footfall-page") == {"page_type": "home", "note": "a > b"}
    assert markup.metas["footfall-request-id"] == "r-17"
    assert markup.meta_json("footfall-events") is None


def test_a_list_stands_where_its_markup_begins() -> None:
    html = f'<p>{" " * 393}<ul data-footfall-list="a&amp;b">'.ljust(1000)
    assert parse(html, "/").lists == {"a&b": 40}


def test_links_of_the_own_site_are_sorted_by_state() -> None:
    page = page_of(parse(HTML, "/"), "/", 200, load_behaviour("shop"))
    assert page.state == "home"
    assert {state: [link.path for link in links] for state, links in page.links.items()} == {
        "product": ["/product/1?ref=a&b=1", "/product/1?ref=a&b=1"],
        "list": ["/category/lamps"],
    }
    assert page.links["product"][0].attributes["data-footfall-element"] == "card"


def test_forms_keep_their_token_and_offer_their_choices() -> None:
    page = page_of(parse(HTML, "/"), "/", 200, load_behaviour("shop"))
    form = page.forms["add_to_cart"]
    assert (form.method, form.action) == ("post", "/cart/add")
    assert form.values == {"csrf": 'a"b', "quantity": "1"}
    assert form.options == {"size": ("s", "m"), "gift": ("yes", "no")}
    assert page.forms["find"].method == "get"


def test_the_page_itself_is_no_link_and_a_failed_page_is_the_error_state() -> None:
    markup = parse(HTML, "/category/lamps")
    page = page_of(markup, "/category/lamps", 200, load_behaviour("shop"))
    assert "list" not in page.links
    states = {status: page_of(markup, "/category/lamps", status, load_behaviour("shop")).state for status in STATES}
    assert states == STATES


def test_a_page_that_is_no_html_has_nothing() -> None:
    markup = parse("plain < text > and <a", "/")
    assert (markup.title, markup.links, markup.forms, dict(markup.metas), dict(markup.lists)) == ("", (), (), {}, {})
    assert Link("/") == Link("/", {})


def test_the_place_of_a_later_list_is_known() -> None:
    html = f'<p>{" " * 396}<section data-footfall-for-you="/for-you?a&amp;b">'.ljust(1000)
    assert parse(html, "/").later == LaterList("/for-you?a&b", 40)
    assert parse(HTML, "/").later is None


def test_links_of_a_later_list_come_first_and_never_lead_to_the_page_itself() -> None:
    behaviour = load_behaviour("shop")
    page = page_of(parse(HTML, "/product/9"), "/product/9", 200, behaviour)
    later = with_list(
        page, '<a href="/product/9">own</a><a href="/product/8">other</a><a href="/cart">c</a>', behaviour
    )
    assert [link.path for link in later.links["product"]] == ["/product/8", *["/product/1?ref=a&b=1"] * 2]
    assert [link.path for link in later.links["cart"]] == ["/cart"]
    assert (later.state, later.forms, later.links["list"]) == (page.state, page.forms, page.links["list"])


def test_a_later_list_is_reported_with_its_variant_if_it_has_one() -> None:
    fields = {"element": "list-a&b", "list_id": "a&b", "variant": None}
    assert list_shown('<ul data-footfall-list="a&amp;b"><a data-footfall-variant="x">') == ("impression", fields)
    shown = list_shown('<ul data-footfall-list="a&amp;b" data-footfall-list-id="a" data-footfall-variant="x">')
    assert shown == ("impression", {**fields, "variant": "x"})
    assert list_shown("<p>nothing</p>") is None


def test_a_page_asks_with_what_it_says_about_itself() -> None:
    about = {"page_type": "product", "page_section": "packs", "item_type": "product", "item_id": "a"}
    asked = {"page_section": "packs", "item_type": "product", "item_id": "a"}
    assert asked_for(about, "somebody") == {**asked, "anonymous_id": "somebody"}
    assert asked_for(about, None) == asked
    assert asked_for({"page_section": "home"}, None) == {"page_section": "home"}

"""A visitor's string always shows as its own characters."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dashboard.markup import address, cut_path, foreign, foreign_path, inert, join, local_link, prose, tag
from tests.unit.dashboard.rows import HOSTILE


class Reader(HTMLParser):
    """Parses HTML as a browser does, into tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_its_characters(text: str) -> None:
    read = Reader(foreign(text).text)
    assert read.tags == ["bdi"]
    assert read.text == text
    assert read.attributes == {"title": text}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    read = Reader(tag("p", text, title=text).text)
    assert (read.tags, read.text, read.attributes) == (["p"], text, {"title": text})


@given(st.text())
def test_nothing_escapes_from_an_attribute(text: str) -> None:
    assert Reader(tag("p", "x", title=text).text).tags == ["p"]
    assert set(inert(text)).isdisjoint("<>\"'")


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\u202e", "\u2066", "\u200b", "\x85", "\ufeff"])
def test_controls_are_replaced(control: str) -> None:
    assert html.unescape(inert(f"a{control}b")) == "a\ufffdb"


def test_scripts_that_need_joiners_keep_them() -> None:
    assert inert("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("value", ["javascript:alert(1)", "//evil.example/", "&x=1#y", *HOSTILE])
def test_a_link_stays_on_the_page(value: str) -> None:
    read = Reader(local_link("session", value, value).text)
    assert read.tags == ["a", "bdi"]
    href = read.attributes["href"] or ""
    assert href.startswith("?session=")
    assert set(href[len("?session=") :]).isdisjoint("&#=?/: \"'<>")


def test_absent_children_and_attributes_leave_no_trace() -> None:
    assert join("a", None, tag("br"), 3).text == "a<br>3"
    assert tag("i", class_=None, aria_hidden="true").text == '<i aria-hidden="true"></i>'
    assert Reader(foreign(None, "nobody").text).text == "nobody"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1))
def test_a_path_can_be_broken_after_its_slashes_and_stays_the_same_text(text: str) -> None:
    read = Reader(foreign_path(text).text)
    assert (read.text, read.attributes) == (text, {"title": text})
    assert read.tags == ["bdi", *["wbr"] * text[1:].count("/")]
    assert foreign_path("/a/<b>").text == '<bdi title="/a/&lt;b&gt;">/a/<wbr>&lt;b&gt;</bdi>'
    assert foreign_path(None) == foreign(None)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1))
def test_a_path_that_can_be_cut_in_its_middle_stays_the_same_text(text: str) -> None:
    read = Reader(cut_path(text).text)
    assert (read.text, read.attributes["title"]) == (text, text)


def test_only_the_beginning_of_a_long_path_can_be_cut_off() -> None:
    one, other = (cut_path(f"/product/camping/a-tent-for-two-people-{number}").text for number in (17, 18))
    assert one.endswith("<span>/product/camping/a-tent-for-two-</span>people-17</bdi>")
    assert one.partition("</span>")[2] != other.partition("</span>")[2]
    assert cut_path("/cart") == foreign("/cart")
    assert cut_path(None, "none") == foreign(None, "none")


def test_what_to_type_is_set_as_code_and_stays_inert() -> None:
    assert prose("Run `./footfall doctor` <b>").text == "Run <code>./footfall doctor</code> &lt;b&gt;"
    assert Reader(prose("a `<img src=x> b").text).tags == ["code"]


def test_an_address_holds_any_text_and_leaves_absent_parameters_out() -> None:
    assert address() == "?"
    assert address(app=None, date="2026-11-28") == "?date=2026-11-28"
    assert address(app="a/b&c=d #e") == "?app=a%2Fb%26c%3Dd%20%23e"

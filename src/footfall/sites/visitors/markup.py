"""Parses a page into what a visit needs: its meta elements, its links and its forms, as our own sites write them.

This is not a general HTML parser: attributes are quoted, forms are not nested, comments and scripts contain no tags.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from footfall.sites.visitors.actions import FormSeen, Link, Page
from footfall.sites.visitors.behaviour import ERROR, Behaviour

_TAG: Final = re.compile(
    r"""<(meta|a|form|input|select|option|textarea|button|/form|/select)\b((?:"[^"]*"|'[^']*'|[^>"'])*)>""",
    re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(r"""([\w-]+)(?:="([^"]*)"|='([^']*)')?""")
_LIST: Final = re.compile(r'data-footfall-list="([^"]*)"')
# The place of a list that a page asks for once it has loaded; its value is the address of the list.
_LATER: Final = re.compile(r'data-footfall-for-you="([^"]*)"')
# A form refused with one of these statuses is shown again: people correct it, or go back.
_CORRECTABLE: Final = frozenset((409, 422))
_TITLE: Final = re.compile(r"<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Markup:
    """The content of one page: title, meta elements by name, links and forms in their order."""

    title: str
    metas: Mapping[str, str]
    links: tuple[Link, ...]
    forms: tuple[FormSeen, ...]
    lists: Mapping[str, int]
    """Lists of links by name: where each begins in the page, 0 (top) to 100, estimated by its place in the text."""
    later: "LaterList | None" = None
    """The list that the page asks for once it has loaded, if any."""

    def meta_json(self, name: str) -> Any:
        """The JSON value of a meta element, None if there is none."""
        value = self.metas.get(name)
        return orjson.loads(value) if value else None


class LaterList(NamedTuple):
    """A list that a page asks for once it has loaded. position: as in `Markup.lists`."""

    address: str
    position: int


class _OpenForm:
    def __init__(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        self.values: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self.select: str | None = None

    def field(self, tag: str, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name"), attributes.get("value", "")
        if tag == "option" and self.select is not None:
            self.options.setdefault(self.select, []).append(value)
        elif name is None:
            return
        elif tag == "select":
            self.select = name
        elif attributes.get("type") in ("radio", "checkbox"):
            self.options.setdefault(name, []).append(value or "on")
        elif tag == "button":
            self.options.setdefault(name, []).append(value)
        else:
            self.values[name] = value

    def seen(self, own_path: str) -> FormSeen:
        attributes = self.attributes
        return FormSeen(
            name="",
            method=attributes.get("method", "get").lower(),
            action=attributes.get("action") or own_path,
            values=self.values,
            options={name: tuple(options) for name, options in self.options.items()},
            attributes=attributes,
        )


def parse(html: str, own_path: str) -> Markup:
    """Parses the page at `own_path`."""
    title = _TITLE.search(html)
    metas: dict[str, str] = {}
    links: list[Link] = []
    forms: list[FormSeen] = []
    form: _OpenForm | None = None
    for match in _TAG.finditer(html):
        tag = match[1].lower()
        if tag == "/form":
            if form is not None:
                forms.append(form.seen(own_path))
            form = None
            continue
        if tag == "/select":
            if form is not None:
                form.select = None
            continue
        if tag == "a":
            link = _link(match[2])
            if link is not None:
                links.append(link)
            continue
        attributes = _attributes(match[2])
        if tag == "meta":
            if "name" in attributes:
                metas[attributes["name"]] = attributes.get("content", "")
        elif tag == "form":
            form = _OpenForm(attributes)
        elif form is not None:
            form.field(tag, attributes)
    # Normalised like a browser's `document.title`: trimmed, with single spaces.
    words = " ".join(unescape(title[1]).split()) if title else ""
    lists = {unescape(found[1]): 100 * found.start() // len(html) for found in _LIST.finditer(html)}
    place = _LATER.search(html)
    later = None if place is None else LaterList(unescape(place[1]), 100 * place.start() // len(html))
    return Markup(words, metas, tuple(links), tuple(forms), lists, later)


# The same tags occur on many pages. Nothing modifies the cached values.
@lru_cache(maxsize=16_384)
def _link(text: str) -> Link | None:
    """The link with these attributes, None if it leads to another site."""
    attributes = _attributes(text)
    href = attributes.get("href", "")
    return Link(href, attributes) if href.startswith("/") and not href.startswith("//") else None


@lru_cache(maxsize=16_384)
def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): unescape(one or other) for name, one, other in _ATTRIBUTE.findall(text)}


def page_of(markup: Markup, path: str, status: int, behaviour: Behaviour) -> Page:
    """Groups a page's links by the state they lead to, and names its forms, as the behaviour defines them.

    An address that several links lead to occurs several times; links to the page itself are left out.
    path: with query, after redirects.
    """
    own = path.partition("?")[0]
    links = _by_state(markup.links, own, behaviour)
    forms: dict[str, FormSeen] = {}
    for form in markup.forms:
        action = _split(form.action)[0]
        for name, rule in behaviour.forms.items():
            if name not in forms and re.fullmatch(rule.action, action):
                forms[name] = FormSeen(name, form.method, form.action, form.values, form.options, form.attributes)
    state = behaviour.state_of(own) if status < 400 or status in _CORRECTABLE else ERROR
    return Page(state or ERROR, path, status, links, forms)


def with_list(page: Page, html: str, behaviour: Behaviour) -> Page:
    """The page with the links of a list that came later; its own links follow those of the list."""
    own = page.path.partition("?")[0]
    more = _by_state(parse(html, own).links, own, behaviour)
    names = dict.fromkeys((*page.links, *more))
    return replace(page, links={name: (*more.get(name, ()), *page.links.get(name, ())) for name in names})


def _by_state(found: Iterable[Link], own: str, behaviour: Behaviour) -> dict[str, tuple[Link, ...]]:
    """Links by the state that they lead to, in their order; those to the page itself, `own`, are left out."""
    links: dict[str, list[Link]] = {}
    for link in found:
        path_of, query = _split(link.path)
        if path_of == own and not query:
            continue
        state = behaviour.state_of(path_of)
        if state is not None:
            links.setdefault(state, []).append(link)
    return {name: tuple(group) for name, group in links.items()}


@lru_cache(maxsize=16_384)
def _split(address: str) -> tuple[str, str]:
    """Path and query."""
    parts = urlsplit(address)
    return parts.path, parts.query

"""HTML in which every string is inert. No other module of the dashboard makes tags.

Nothing here passes through Markdown, so `[x](javascript:…)`, `$\\LaTeX$`, `:red[…]` and `:material/…:` remain plain
characters.
"""

import html
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

# Control characters move the cursor or reverse the reading order of the text after them (U+202E), so a text could show
# something that it does not contain. They appear as the replacement character.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_VOID = frozenset({"br", "hr", "wbr"})

# The place behind a slash that does not begin the text.
_INNER_SLASH = re.compile("(?<=./)", re.DOTALL)

# Characters at the end of a path that stay in sight where the path is cut, and the longest path that is not cut so.
# The style sheet leaves room for the former.
_END = 9
_SHORT = _END + 6


@dataclass(frozen=True)
class Html:
    """Finished HTML. Only this module creates it."""

    text: str


Child = Html | str | int | None


def inert(text: str) -> str:
    """`text` as HTML that shows exactly its characters; control characters become U+FFFD."""
    return html.escape(_CONTROLS.sub("\ufffd", text), quote=True)


def tag(name: str, *children: Child, **attributes: str | int | None) -> Html:
    """An element. Strings among the children are escaped.

    attributes: `class_`, `aria_label` and the like. A trailing underscore is removed, the others become hyphens.
        None leaves the attribute out.
    """
    parts = [f"<{name}"]
    for attribute, value in attributes.items():
        if value is not None:
            parts.append(f' {attribute.rstrip("_").replace("_", "-")}="{inert(str(value))}"')
    parts.append(">")
    if name not in _VOID:
        parts.append(join(*children).text)
        parts.append(f"</{name}>")
    return Html("".join(parts))


def join(*children: Child) -> Html:
    """The children in their order. Strings are escaped, None is left out."""
    return Html("".join(c.text if isinstance(c, Html) else inert(str(c)) for c in children if c is not None))


def style(rules: Iterable[str]) -> Html:
    """CSS rules as a style sheet. Nothing is escaped, so no rule may contain foreign text."""
    return Html(f"<style>{' '.join(rules)}</style>")


def data_url(kind: str, content: str) -> str:
    """A small file as a data URL."""
    return f"data:{kind};base64,{b64encode(content.encode()).decode()}"


def foreign(text: str | None, absent: str = "–") -> Html:
    """A string that a visitor chose: escaped, and isolated so that right-to-left letters do not reorder other text.

    The whole text is also the tooltip, since a narrow cell cuts it off.
    """
    if not text:
        return tag("span", absent, class_="ff-faint")
    return tag("bdi", text, title=text)


def foreign_path(text: str | None, absent: str = "–") -> Html:
    """Like `foreign`, of a path: a line may also end after an inner slash, and so need not end inside of a word."""
    if not text:
        return foreign(text, absent)
    first, *rest = _INNER_SLASH.split(text)
    return tag("bdi", first, *(join(tag("wbr"), part) for part in rest), title=text)


def cut_path(text: str | None, absent: str = "–") -> Html:
    """Like `foreign`, of a path in a single line: a narrow cell cuts it in the middle, since many paths differ only in
    their ends."""
    if not text or len(text) <= _SHORT:
        return foreign(text, absent)
    return tag("bdi", tag("span", text[:-_END]), text[-_END:], class_="ff-cut", title=text)


def prose(sentence: str) -> Html:
    """A sentence of our own. Text in `backticks` is shown as code; everything is escaped."""
    parts = sentence.split("`")
    return join(*(tag("code", part) if i % 2 else part for i, part in enumerate(parts)))


def address(**parameters: str | None) -> str:
    """An address of the dashboard with these query parameters; None leaves one out.

    It cannot lead elsewhere, whatever the parameters contain.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    return "?" + urlencode(given, quote_via=quote, safe="")


def local_link(parameter: str, value: str, label: str) -> Html:
    """A link to this page with one query parameter. It cannot lead elsewhere, whatever `value` contains."""
    return tag("a", tag("bdi", label), href=address(**{parameter: value}), target="_self")

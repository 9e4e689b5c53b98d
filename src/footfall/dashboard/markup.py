"""HTML in which every string is inert: the only place of the dashboard that makes tags.

Nothing here passes through Markdown, so `[x](javascript:…)`, `$\\LaTeX$`, `:red[…]` and `:material/…:` stay what they
are: characters.
"""

import html
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

# Controls move cursors or reverse the reading order of what follows (U+202E), and can make a text say another thing
# than it holds. They are shown as the replacement character.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_VOID = frozenset({"br", "hr"})


@dataclass(frozen=True)
class Html:
    """Finished HTML; only this module makes it."""

    text: str


Child = Html | str | int | None


def inert(text: str) -> str:
    """`text` as HTML that shows exactly its characters, controls as U+FFFD."""
    return html.escape(_CONTROLS.sub("\ufffd", text), quote=True)


def tag(name: str, *children: Child, **attributes: str | int | None) -> Html:
    """An element. Strings among the children are escaped.

    attributes: `class_`, `aria_label` and the like: a trailing underscore falls, the others become hyphens;
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
    """Children one after the other, strings escaped, None left out."""
    return Html("".join(c.text if isinstance(c, Html) else inert(str(c)) for c in children if c is not None))


def style(rules: Iterable[str]) -> Html:
    """Rules of our own as a style sheet; nothing in them may be anybody else's."""
    return Html(f"<style>{' '.join(rules)}</style>")


def data_url(kind: str, content: str) -> str:
    """A small file as an address that holds it all."""
    return f"data:{kind};base64,{b64encode(content.encode()).decode()}"


def foreign(text: str | None, absent: str = "–") -> Html:
    """A string that a visitor chose: escaped, and isolated so that right-to-left letters do not turn their neighbours.

    The whole text is also the tooltip, since a narrow cell cuts it.
    """
    if not text:
        return tag("span", absent, class_="ff-faint")
    return tag("bdi", text, title=text)


def prose(sentence: str) -> Html:
    """A sentence of our own in which `backticks` hold what to type: that is set as code, all of it escaped."""
    parts = sentence.split("`")
    return join(*(tag("code", part) if i % 2 else part for i, part in enumerate(parts)))


def local_link(parameter: str, value: str, label: str) -> Html:
    """A link to this page with one query parameter; it can lead nowhere else, whatever `value` holds."""
    return tag("a", tag("bdi", label), href=f"?{quote(parameter, safe='')}={quote(value, safe='')}", target="_self")

"""What a visitor sent, as it may stand inside quotes on a line of a log: short, printable ASCII, no values of queries.

Pure. What is not printable ASCII is written as `\\xHH` of its UTF-8 bytes, as Apache does, so no visitor can begin a
line or end a quoted field.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_LONGEST_TARGET: Final = 2048
_UNSAFE: Final = re.compile(r"[^ !#-\[\]-~]")
_HOST: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_MOST_PARAMETERS: Final = 16


def loggable(text: str, longest: int) -> str:
    """`text` with everything escaped that is not printable ASCII, a quote or a backslash, at most `longest` long.

    text: as WSGI gives it, bytes decoded as Latin-1.
    """
    clean = _UNSAFE.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in _bytes_of(match.group())), text[:longest])
    return clean[:longest]


def without_query(address: str) -> str:
    """An address up to its query or fragment."""
    return re.split(r"[?#]", address, maxsplit=1)[0]


def loggable_referrer(referrer: str) -> str:
    """A Referer as a log shows it: without query, `-` if there is none."""
    return loggable(without_query(referrer) or "-", 1024)


def loggable_agent(agent: str) -> str:
    """A User-Agent as a log shows it, `-` if there is none."""
    return loggable(agent or "-", 512)


def target_of(environ: Mapping[str, Any]) -> str:
    """A request's path as sent, and the names of its query's parameters: `/search?q=boots` gives `/search?q`.

    A parameter without a value or with a strange name may itself be a secret: it is left out.
    """
    raw = environ.get("REQUEST_URI")
    # A proxy's form of address names scheme and host; they are the site's own.
    path = _HOST.sub("", raw.partition("?")[0]) if isinstance(raw, str) else environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    path = loggable(path or "/", _LONGEST_TARGET).replace(" ", "\\x20")
    names = []
    for pair in query.split("&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
        name, equals, _ = pair.partition("=")
        if equals and _PARAMETER.fullmatch(name):
            names.append(name)
    return path + ("?" + "&".join(names) if names else "")


def _bytes_of(character: str) -> bytes:
    try:
        return character.encode("latin-1")
    except UnicodeEncodeError:
        return character.encode("utf-8", "replace")

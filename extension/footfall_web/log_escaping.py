"""Escapes text that a visitor sent, for use inside quotes in a log line: short, printable ASCII, no query values.

Pure. A character that is not printable ASCII becomes `\\xHH` for each of its UTF-8 bytes, as in Apache's logs, so no
visitor can start a new line or close a quoted field.
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
    """`text` with quotes, backslashes and everything but printable ASCII escaped, at most `longest` characters long.

    text: as WSGI passes it, bytes decoded as Latin-1.
    """
    clean = _UNSAFE.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in _bytes_of(match.group())), text[:longest])
    return clean[:longest]


def without_query(address: str) -> str:
    """An address without its query and fragment."""
    return re.split(r"[?#]", address, maxsplit=1)[0]


def loggable_referrer(referrer: str) -> str:
    """A Referer as it appears in a log: without its query, `-` if there is none."""
    return loggable(without_query(referrer) or "-", 1024)


def loggable_agent(agent: str) -> str:
    """A User-Agent as it appears in a log, `-` if there is none."""
    return loggable(agent or "-", 512)


def target_of(environ: Mapping[str, Any]) -> str:
    """A request's path as sent, with the names of its query parameters: `/search?q=boots` gives `/search?q`.

    A parameter without a value or with an unusual name may itself be a secret, so it is left out.
    """
    # Gunicorn has another name for it.
    raw = environ.get("REQUEST_URI", environ.get("RAW_URI"))
    # A request in proxy form names the scheme and host too; both are the site's own.
    path = _HOST.sub("", raw.partition("?")[0]) if isinstance(raw, str) else _path_of(environ)
    query = environ.get("QUERY_STRING", "")
    path = loggable(path or "/", _LONGEST_TARGET).replace(" ", "\\x20")
    names = []
    for pair in query.split("&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
        name, equals, _ = pair.partition("=")
        if equals and _PARAMETER.fullmatch(name):
            names.append(name)
    return path + ("?" + "&".join(names) if names else "")


def _path_of(environ: Mapping[str, Any]) -> str:
    return f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def _bytes_of(character: str) -> bytes:
    try:
        return character.encode("latin-1")
    except UnicodeEncodeError:
        return character.encode("utf-8", "replace")

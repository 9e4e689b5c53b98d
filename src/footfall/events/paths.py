"""The normal form of a page's path, so that one page has one name however its address is written."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

# The longest path that the schema allows.
_LONGEST: Final = 1024
# Characters that mean the same with and without percent-encoding (RFC 3986, section 2.3).
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_DOTS: Final = re.compile(r"/\.{1,2}(?:/|$)")
# Everything of ASCII stays as it is: what else needs encoding, a browser has encoded.
_ASCII: Final = "".join(map(chr, range(128)))


def normal_path(path: str) -> str:
    """The path as RFC 3986, section 6.2.2, normalises it: `/%63af%c3%a9`, `/x/../café` → `/caf%C3%A9`.

    A path that would become longer than an event may hold stays as it is.
    """
    if path.isascii() and "%" not in path and "/." not in path:
        return path
    return _normal(path)


@lru_cache(maxsize=4096)
def _normal(path: str) -> str:
    normal = _without_dots(_ENCODED.sub(_normal_byte, quote(path, safe=_ASCII, errors="replace")))
    return normal if len(normal) <= _LONGEST else path


def _normal_byte(encoded: re.Match[str]) -> str:
    byte = int(encoded[1], 16)
    return chr(byte) if byte in _UNRESERVED else encoded[0].upper()


def _without_dots(path: str) -> str:
    if not _DOTS.search(path):
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        if segment not in (".", ".."):
            kept.append(segment)
            continue
        if segment == "..":
            del kept[-1:]
        if number == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)

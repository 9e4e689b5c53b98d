"""Splits the body of a request into events, parsed or as the original bytes."""

import re
import zlib
from typing import Final

import msgspec
import orjson

from footfall.events.rejects import Reject

_elements: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPACE: Final = b" \t\r\n"
# zlib's argument: gzip's header, or zlib's own.
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


class TooLarge(ValueError):
    """A body is larger than its limit once it is expanded."""


class UnknownEncoding(ValueError):
    """A body is compressed in a way that is not known here."""


def expanded(body: bytes, encoding: str, most: int) -> bytes:
    """A body as it was before it was compressed. encoding: the header `Content-Encoding`, or ''. most: bytes.

    Bytes that are not what the header says are returned as they are: they are no JSON, and whoever looks at the reject
    sees what came. Raises TooLarge and UnknownEncoding.
    """
    names = encoding.lower().replace(" ", "").split(",")
    for name in reversed([name for name in names if name not in ("", "identity")]):
        if name not in _WINDOWS:
            raise UnknownEncoding(name)
        reader = zlib.decompressobj(_WINDOWS[name])
        try:
            found = reader.decompress(body, most + 1)
        except zlib.error:
            return body
        if len(found) > most:
            raise TooLarge
        body = found if reader.eof else body
    return body


def parse_body(body: bytes) -> list[object] | Reject:
    """Returns the events of a body: the elements of an array, or a single value. Returns a Reject if it is not JSON.

    Any JSON is accepted here; `accept` decides whether an element is an event. If a key is repeated, its last value
    counts. Nesting deeper than the limit of the parser (1,024) is `too_deep`, invalid UTF-8 is `not_json`. In an array,
    an element that cannot be parsed, such as a text with half a surrogate pair, is a Reject beside the other elements,
    unless there are no others.
    """
    parsed = _parse(body)
    if not isinstance(parsed, Reject):
        return parsed if isinstance(parsed, list) else [parsed]
    text = body.strip(_SPACE)
    # Without its end, an array may lack events. The sender still has them.
    found = [_parse(element) for element in _split(text)] if text.startswith(b"[") else []
    return parsed if all(isinstance(one, Reject) for one in found) else found


def _parse(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg or "ecursion" in error.msg:
            return Reject("too_deep", "The body is nested too deeply.")
        return Reject("not_json", "The body is not valid JSON in UTF-8.")


def element_bytes(body: bytes) -> list[bytes]:
    """Returns the bytes of each element of a body that `parse_body` accepted, without surrounding white space.

    A reject keeps its original bytes, because re-encoding the parsed value would lose repeated keys and the notation
    of numbers.
    """
    text = body.strip(_SPACE)
    if not text.startswith(b"["):
        return [text]
    try:
        return [bytes(element) for element in _elements(text)]
    except (RecursionError, msgspec.DecodeError):
        # It follows fewer levels than `parse_body` does, and refuses an array with a broken element.
        return _split(text)


def _split(text: bytes) -> list[bytes]:
    """The elements of an array whose brackets match, else none; takes fifty times as long as msgspec."""
    elements: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
        if (sign == b"," and depth == 1) or depth == 0:
            elements.append(text[start : token.start()].strip(_SPACE))
            start = token.end()
        if depth == 0:
            break
    return [] if elements == [b""] or depth or start != len(text) else elements

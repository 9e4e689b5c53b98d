"""Splits the body of a request into events, parsed or as the original bytes."""

import re
from typing import Final

import msgspec
import orjson

from footfall.events.rejects import Reject

_elements: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


def parse_body(body: bytes) -> list[object] | Reject:
    """Returns the events of a body: the elements of an array, or a single value. Returns a Reject if it is not JSON.

    Any JSON is accepted here; `accept` decides whether an element is an event. If a key is repeated, its last value
    counts. Nesting deeper than the limit of the parser (1,024) is `too_deep`, invalid UTF-8 is `not_json`.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg or "ecursion" in error.msg:
            return Reject("too_deep", "The body is nested too deeply.")
        return Reject("not_json", "The body is not valid JSON in UTF-8.")
    return parsed if isinstance(parsed, list) else [parsed]


def element_bytes(body: bytes) -> list[bytes]:
    """Returns the bytes of each element of a body that `parse_body` accepted, without surrounding white space.

    A reject keeps its original bytes, because re-encoding the parsed value would lose repeated keys and the notation
    of numbers.
    """
    text = body.strip(b" \t\r\n")
    if not text.startswith(b"["):
        return [text]
    try:
        return [bytes(element) for element in _elements(text)]
    except (RecursionError, msgspec.DecodeError):
        # It follows fewer levels than `parse_body` does.
        return _split(text)


def _split(text: bytes) -> list[bytes]:
    """The elements of an array that is valid JSON; takes fifty times as long as msgspec."""
    elements: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
        if (sign == b"," and depth == 1) or depth == 0:
            elements.append(text[start : token.start()].strip(b" \t\r\n"))
            start = token.end()
    return [] if elements == [b""] else elements

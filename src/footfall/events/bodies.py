"""From the body of a request to events, and from a body back to the very bytes of one of its events."""

import re
from typing import Final

import orjson

from footfall.events.rejects import Reject

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


def parse_body(body: bytes) -> list[object] | Reject:
    """The events of a body: the elements of an array, or the one value that it is; a Reject if it is no JSON.

    JSON of any kind passes here; that an element is an event is `accept`'s to decide. Of a repeated key the last
    counts. Nesting deeper than the parser's limit (1,024) is `too_deep`, invalid UTF-8 `not_json`.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg or "ecursion" in error.msg:
            return Reject("too_deep", "The body is nested too deeply.")
        return Reject("not_json", "The body is no JSON in UTF-8.")
    return parsed if isinstance(parsed, list) else [parsed]


def element_bytes(body: bytes) -> list[bytes]:
    """The bytes of each element of a body that `parse_body` accepted, in order and without white space around.

    For rejects, which are kept as they came: encoding the parsed value again would lose repeated keys and the way
    that numbers were written.
    """
    text = body.strip(b" \t\r\n")
    if not text.startswith(b"["):
        return [text]
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

"""Lines of the sites' logs, good and broken, on which all readers of lines must agree."""

import json
from typing import Any, Final

from footfall.names import LogKind

ACCESS: Final = (
    b'10.1.2.0/24 - - [24/Nov/2026:08:00:00 +0000] "GET /search?q HTTP/1.1" 200 512 "http://x/" "Mozilla/5.0 (X11)" '
    b"shop 01a 1234 2026-11-24T08:00:00.123Z"
)
ERROR: Final[dict[str, Any]] = {
    "logged_at": "2026-11-24T08:00:00.123Z",
    "app_id": "shop",
    "request_id": "01a",
    "level": "error",
    "status": 500,
    "code": "ValueError",
    "message": "no such thing",
    "user_action": "view product",
    "page_path": "/product/x",
    "traceback": 'Traceback (most recent call last):\n  File "/a/footfall/sites/shop.py", line 7, in product\n    x()\n'
    "ValueError: no such thing\n",
}
PERFORMANCE: Final[dict[str, Any]] = {
    "logged_at": "2026-11-24T08:00:00.123Z",
    "app_id": "shop",
    "request_id": "01a",
    "method": "GET",
    "endpoint": "shop.search",
    "page_path": "/search",
    "status": 200,
    "duration_us": 1234,
    "queue_us": 5,
    "bytes_sent": 512,
    "memory_bytes": 1_000_000,
    "cpu_us": 900,
}
_RECORDS: Final[dict[LogKind, dict[str, Any]]] = {"error": ERROR, "performance": PERFORMANCE}


def lines() -> dict[LogKind, list[bytes]]:
    """Lines by kind, without line feeds; no two of a kind are equal."""
    found: dict[LogKind, list[bytes]] = {"access": list(_access())}
    for kind, record in _RECORDS.items():
        found[kind] = list(dict.fromkeys([*_values(record), *_documents(record)]))
    return found


def _access() -> list[bytes]:
    def changed(old: bytes, new: bytes) -> bytes:
        assert ACCESS.count(old) == 1
        return ACCESS.replace(old, new)

    return [
        ACCESS,
        # Good ones.
        changed(b"10.1.2.0/24", b"-"),
        changed(b"http://x/", b"-"),
        changed(b"Mozilla/5.0 (X11)", b"-"),
        changed(b"Mozilla/5.0 (X11)", b"\\x22 odd \\x09 agent"),
        changed(b"/search?q", b"/search"),
        changed(b"/search?q", b"/search?a&b?c"),
        changed(b"GET /search?q HTTP/1.1", b""),
        changed(b"GET /search?q HTTP/1.1", b"GET"),
        changed(b"GET /search?q HTTP/1.1", b"GET /search"),
        changed(b"GET /search?q HTTP/1.1", b"GET /a HTTP/1.1 and more"),
        changed(b"GET /search?q HTTP/1.1", b"  "),
        changed(b" shop ", b" unknown-site "),
        changed(b" 200 ", b" 7 "),
        changed(b" 512 ", b" 999999999999999 "),
        changed(b"2026-11-24T08", b"1969-12-31T08"),
        changed(b"2026-11-24T08", b"2024-02-29T08"),
        # Broken ones.
        *(ACCESS[:kept] for kept in (1, 20, 60, 90, 120, len(ACCESS) - 1)),
        ACCESS[30:],
        ACCESS + b" ",
        b" " + ACCESS,
        ACCESS + b"\r",
        ACCESS + ACCESS,
        changed(b"/search", b"/s\tearch"),
        changed(b"/search", b"/s\x00earch"),
        changed(b"/search", b"/s\x1cearch"),
        changed(b"/search", b"/s\x7fearch"),
        changed(b"/search", "/sörch".encode()),
        changed(b"/search", b"/s\xff\xfeearch"),
        changed(b" 01a ", b" 0\x1c1a "),
        changed(b" 200 ", b" 2000 "),
        changed(b" 200 ", b" -20 "),
        changed(b" 512 ", b" 9999999999999999 "),
        changed(b" 1234 ", b" 12.5 "),
        changed(b" shop ", b" Shop "),
        changed(b" shop ", b" 7shop "),
        changed(b" shop ", b" " + b"s" * 32 + b" "),
        changed(b"2026-11-24T08", b"2026-02-29T08"),
        changed(b"2026-11-24T08", b"0000-11-24T08"),
        changed(b"2026-11-24T08", b"2026-11-24T24"),
        changed(b"08:00:00.123Z", b"08:00:60.123Z"),
        changed(b"08:00:00.123Z", b"08:00:00Z"),
        changed(b"08:00:00.123Z", b"08:00:00.123+00:00"),
        b"garbage",
        b"\xff\xfe\x00",
        b"x" * 5000,
        b"{}",
    ]


def _values(record: dict[str, Any]) -> list[bytes]:
    """Records with each field missing, and with values of each type."""
    others: list[Any] = [
        None, "", "text", "2026-11-24T08:00:00.123Z", "ä€\U0001f600", "\x00\t\x7f\u2028", "s" * 31, "s" * 32,
        0, 1, -1, 999, 1000, 10**15 - 1, 10**15, 2**63, 2**64, 1.0, True, False, [], {}, [1], {"a": None},
    ]  # fmt: skip
    found = [_line(record)]
    for name in record:
        found.append(_line({key: value for key, value in record.items() if key != name}))
        found += [_line(record | {name: other}) for other in others]
    times = ["2026-11-24t08:00:00.123z", "2026-13-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-11-24"]
    return found + [_line(record | {"logged_at": time}) for time in times]


def _documents(record: dict[str, Any]) -> list[bytes]:
    """Texts that are almost the record's JSON, and JSON in unusual forms."""
    line = _line(record)
    inside = line[1:-1]

    def with_extra(value: bytes) -> bytes:
        return b"{" + inside + b',"extra":' + value + b"}"

    extras = [
        b"1e400", b"-1e400", b"1e-400", b"1" * 400, b"1" * 300, b"-0", b"01", b"+1", b"1.", b".5", b"NaN", b"Infinity",
        b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\ude00"', b'"\\ud83dx"', b'"\\u12"', b'"\\x"', b'"\\/"', b'"a\tb"',
        b'"a\x01b"', b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"', b"'a'", b"tru", b"nul", b"",
        b"[" * 1023 + b"]" * 1023, b"[" * 1024 + b"]" * 1024, b"[1,]", b'{"a":1,}', b"{1:2}", b'{"\\ud800":1}',
        b"[1e400]", b'["\\udc00"]', b"/* c */ 1",
    ]  # fmt: skip
    return [
        *map(with_extra, extras),
        b'{"status":"text",' + inside + b"}",  # the last of equal names counts
        b"{" + inside + b',"status":"text"}',
        b" \t" + line + b"\r ",
        b"\xef\xbb\xbf" + line,
        line + b"x",
        line + line,
        line + b" {}",
        b"[" + line + b"]",
        b"\x0c" + line,
        json.dumps(record, indent=1).replace("\n", " ").encode(),
        *(line[:kept] for kept in (1, 2, 10, len(line) // 2, len(line) - 1)),
        line[5:],
        b"{}",
        b"[]",
        b"null",
        b"12",
        b'"text"',
        b"{",
        b"}",
        b",",
        b"\x00",
        b"\xff",
        "ä".encode("latin-1"),
        "ä".encode("utf-16"),
        b" ",
        b"[" * 5000,
        ACCESS,
    ]


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()

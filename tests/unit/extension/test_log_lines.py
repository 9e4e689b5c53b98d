"""Each line is one line of its format, whatever stands in it."""

import json
from datetime import datetime, timezone

import orjson
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.times import format_rfc3339_ms
from footfall.logs.line_parser import parse
from footfall_web.log_lines import Served, error_line

_SERVED = Served(
    app_id="shop",
    request_id="01a",
    at_ms=1_795_507_190_045,
    duration_us=1234,
    address="203.0.113.0/24",
    method="GET",
    target="/search?q",
    protocol="HTTP/1.1",
    status=200,
    bytes_sent=512,
    referrer="-",
    agent="Test/1",
    endpoint="shop.search",
    queue_us=None,
    memory_bytes=2**27,
    cpu_us=99,
)


def test_the_performance_line_is_compact_json() -> None:
    record = {
        "logged_at": "2026-11-24T07:59:50.045Z",
        "app_id": "shop",
        "request_id": "01a",
        "method": "GET",
        "endpoint": "shop.search",
        "page_path": "/search",
        "status": 200,
        "duration_us": 1234,
        "queue_us": None,
        "bytes_sent": 512,
        "memory_bytes": 2**27,
        "cpu_us": 99,
    }
    assert _SERVED.performance_line() == orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


@given(text=st.text(max_size=300), ms=st.integers(0, 4_102_444_800_000))
def test_any_text_and_time_is_one_line_that_is_read_back(text: str, ms: int) -> None:
    served = _SERVED._replace(at_ms=ms, endpoint=text, queue_us=5)
    performance, access = served.performance_line(), served.access_line()
    error = error_line("shop", "01a", ms, "/search", text, ValueError(text), 500)
    for kind, raw in (("access", access), ("performance", performance), ("error", error)):
        assert raw.count(b"\n") == 1
        line = parse(kind, raw[:-1])  # type: ignore[arg-type]
        assert line is not None, raw
        assert line.logged_at == format_rfc3339_ms(ms)
    at = datetime.fromtimestamp(ms // 1000, timezone.utc)
    assert f"[{at:%d/%b/%Y:%H:%M:%S} +0000]".encode() in access
    kept = text.encode("utf-8", "replace").decode()
    assert json.loads(performance)["endpoint"] == kept[:200]
    assert (json.loads(error)["message"], json.loads(error)["user_action"]) == (kept, kept[:200])


def test_an_exception_that_cannot_say_what_it_is_has_a_line() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise self

    record = json.loads(error_line("shop", "01a", 0, "/", "view home", Mute(), 500))
    assert (record["code"], record["message"]) == ("Mute", "")


def test_the_end_of_a_long_traceback_is_kept() -> None:
    record = json.loads(error_line("shop", "01a", 0, "/", "view home", ValueError("x" * 50_000 + "end"), 500))
    assert (len(record["message"]), len(record["traceback"])) == (1000, 16_000)
    assert record["traceback"].endswith("end\n")

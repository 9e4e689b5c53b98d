"""The sites' lines are read back; anything else in a file is ignored."""

from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.logs.line_parser import Line, parse
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from footfall_web.middleware import new_request_id
from footfall_web.weblogs import WebLogs

_ACCESS = (
    b'10.1.2.0 - - [24/Nov/2026:08:00:00 +0000] "GET /search?q HTTP/1.1" 200 512 "http://x/" "Mozilla/5.0 (X11)" '
    b"shop 01a 1234 2026-11-24T08:00:00.123Z"
)


def _environ(**more: str) -> dict[str, Any]:
    return {
        "REMOTE_ADDR": "10.1.2.3",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "footfall.request_id": new_request_id(),
        **more,
    }


def _written(home: Path, **more: str) -> dict[LogKind, Line | None]:
    """One request's lines of each kind, written by a site and read back."""
    settings = Settings(home=home)
    logs = WebLogs(settings.logs_dir / "sites" / "shop", "shop")

    def fails(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        environ["footfall.endpoint"] = "shop.search"
        logs.error(environ, "searching", ValueError("no\nsuch \x00 thing"), 500)
        return [b"body"]

    body = cast(Any, logs.around(cast(Any, fails))(_environ(**more), lambda *_: None))
    list(body)
    body.close()
    found: dict[LogKind, Line | None] = {}
    for kind in LOG_KINDS:
        (path,) = (settings.logs_dir / "sites" / "shop").glob(f"{kind}-*.log")
        (raw,) = path.read_bytes().splitlines()
        found[kind] = parse(kind, raw)
    return found


def test_a_sites_own_lines_are_read_back(tmp_path: Path) -> None:
    lines = _written(tmp_path, PATH_INFO="/search", QUERY_STRING="q=boots", HTTP_USER_AGENT='odd " \\ agent')
    access, error, performance = (lines[kind] for kind in LOG_KINDS)
    assert access is not None
    assert error is not None
    assert performance is not None
    assert {line.request_id for line in (access, error, performance)} == {access.request_id}
    assert {line.app_id for line in (access, error, performance)} == {"shop"}
    assert {line.page_path for line in (access, error, performance)} == {"/search"}
    assert (access.status, access.message, access.level) == (404, "GET /search?q HTTP/1.1", None)
    assert (error.status, error.message, error.level) == (500, "no\nsuch \x00 thing", "error")
    assert (performance.status, performance.message, performance.level) == (404, "shop.search", None)
    assert access.duration_us == performance.duration_us is not None
    assert error.duration_us is None
    assert access.logged_at == performance.logged_at


@given(agent=st.text(st.characters(max_codepoint=255)), referrer=st.text(st.characters(max_codepoint=255)))
def test_lines_with_any_visitor_input_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, agent: str, referrer: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    assert None not in _written(home, HTTP_USER_AGENT=agent, HTTP_REFERER=referrer).values()


@given(raw=st.binary(), kind=st.sampled_from(LOG_KINDS))
def test_garbage_is_not_a_line(raw: bytes, kind: LogKind) -> None:
    assert parse(kind, raw) is None


@given(kept=st.integers(0, len(_ACCESS) - 1))
def test_the_beginning_of_a_line_is_not_a_line(kept: int) -> None:
    assert parse("access", _ACCESS) is not None
    assert parse("access", _ACCESS[:kept]) is None


@given(place=st.integers(0, len(_ACCESS) - 1), byte=st.integers(0, 255))
def test_a_damaged_access_line_raises_nothing(place: int, byte: int) -> None:
    parse("access", _ACCESS[:place] + bytes([byte]) + _ACCESS[place + 1 :])


@given(record=st.dictionaries(st.sampled_from(["logged_at", "app_id", "status", "level"]), st.none() | st.text()))
def test_an_incomplete_document_is_not_a_line(record: dict[str, str | None]) -> None:
    assert parse("error", orjson.dumps(record)) is None
    assert parse("performance", orjson.dumps([record])) is None


@pytest.mark.parametrize("time", ["2026-02-31T08:00:00.123Z", "2026-11-24T08:00:00Z", "2026-11-24 08:00:00.123Z", "-"])
def test_a_line_with_a_time_that_does_not_exist_is_not_a_line(time: str) -> None:
    assert parse("access", _ACCESS.replace(b"2026-11-24T08:00:00.123Z", time.encode())) is None

"""What one event means for the live tables. Pure: bytes in, tuples out, nothing remembered.

A record is read completely here, so that whatever is wrong with it shows before anything was counted.
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from footfall.events.times import parse_shaped_ms
from footfall.realtime.histogram import bucket
from footfall.realtime.tables import person_key

# Twenty years around any event of today; eight digits in a row key hold more.
_LAST_MS: Final = 5_999_999_940_000
# The one way in which JSON can say NUL, which separates the parts of a row key.
_NUL: Final = b"\\u0000"
_ID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# HBase refuses a longer key for ever, and a partition would stand still at it. A key is shorter than its record.
_LONGEST_KEY: Final = 2**15 - 1
# Minutes of a backlog come in order, so the parts of their keys that events share are few at a time.
_SHARED_KEYS: Final = 4096


class Unparsable(ValueError):
    """A record that is no stored event; the message is what is wrong with it."""


class Counted(NamedTuple):
    """An event as the live tables need it.

    cell: the fields of a `tables.SessionCell`, in its order. rows: the keys, as text, of the aggregate rows it belongs
    to; an error's own is the last.
    """

    offset: int
    session_id: str
    event_id: bytes
    cell: tuple[Any, ...]
    rows: tuple[str, ...]
    visitor: str
    page_view: bool
    failure: bool
    not_found: bool
    bucket: int
    is_bot: bool
    event_time_ms: int
    request_id: str | None


def read_event(offset: int, record: bytes) -> Counted | None:
    """Reads a record of `events`; None for backfill, which no live table takes.

    Raises Unparsable if it is no stored event.
    """
    try:
        event = _read(offset, orjson.loads(record), _NUL in record)
        if event is not None and len(record) > _LONGEST_KEY:
            _check_keys(event)
        return event
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def read_rejected(record: bytes) -> tuple[str, str, int]:
    """Of a record of `events.rejected` the key, as text, of the row that counts it, its site, and when it was rejected,
    in ms since 1970. Raises Unparsable."""
    try:
        fields = orjson.loads(record)
        at_ms = parse_shaped_ms(fields["rejected_at"])
        app = _text(fields["app_id"])
        key = row_text(app, "app", at_ms // 60_000, "")
        if len(record) > _LONGEST_KEY and len(key.encode()) > _LONGEST_KEY:
            raise ValueError("app_id is too long for a key")
        return key, app, at_ms
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def row_text(app_id: str, dimension: str, minute: int, value: str) -> str:
    """A row key as text; its UTF-8 is what `tables.encode_row_key` gives."""
    return f"{app_id}\0{dimension}\0{minute:08d}\0{value}"


def error_value(code: str | None, status: int | None, message: str | None, path: str | None) -> str:
    """What errors are grouped by: code (or HTTP status), message and page."""
    return "\x1f".join((code or (str(status) if status else ""), message or "", path or ""))


def _read(offset: int, event: dict[str, Any], may_hold_nul: bool) -> Counted | None:
    # A third of what a core does in a backlog: the checks are spelled out, since calls would double their cost.
    get = event.get
    app, kind, session_id, anonymous_id = (
        event["app_id"],
        event["event_type"],
        event["session_id"],
        event["anonymous_id"],
    )
    user_id, path, view_id, page_type = get("user_id"), get("page_path"), get("page_view_id"), get("page_type")
    element, country, device, request_id = get("element"), get("country"), get("device_type"), get("request_id")
    seq, status, response_ms, engaged_ms = event["seq"], get("http_status"), get("response_ms"), get("engaged_ms")
    is_bot = event["is_bot"]
    time_ms, received_ms = parse_shaped_ms(event["event_time"]), parse_shaped_ms(event["received_at"])
    page_view = kind == "page_view"
    title = get("page_title") if page_view else None
    section = None if path is None else get("page_section")
    if (
        type(app) is not str
        or type(kind) is not str
        or type(session_id) is not str
        or type(anonymous_id) is not str
        or (user_id is not None and type(user_id) is not str)
        or (path is not None and type(path) is not str)
        or (view_id is not None and type(view_id) is not str)
        or (page_type is not None and type(page_type) is not str)
        or (element is not None and type(element) is not str)
        or (country is not None and type(country) is not str)
        or (device is not None and type(device) is not str)
        or (request_id is not None and type(request_id) is not str)
        or (title is not None and type(title) is not str)
        or (section is not None and type(section) is not str)
    ):
        raise TypeError("a text is missing or wrong")
    if (
        type(seq) is not int
        or (status is not None and type(status) is not int)
        or (response_ms is not None and type(response_ms) is not int)
        or (engaged_ms is not None and type(engaged_ms) is not int)
    ):
        raise TypeError("a whole number is missing or wrong")
    if may_hold_nul:
        for text in (app, kind, session_id, anonymous_id, user_id, path, view_id, page_type, element, country, device):
            _text_or_none(text)
        for text in (request_id, title, section):
            _text_or_none(text)
    if not session_id or type(is_bot) is not bool or not 0 <= time_ms <= _LAST_MS:
        raise ValueError("session_id, is_bot or event_time cannot be used")
    event_id = _id_bytes(event["event_id"])
    if get("backfill"):
        return None
    minute = time_ms // 60_000
    rows = _place_rows(app, minute, country or "", device or "")
    if path is not None:
        rows += _page_rows(app, minute, path, section or "")
    failure = kind == "error" or (page_view and (status or 0) >= 500)
    if failure:
        code, message = _text_or_none(get("error_code")), _text_or_none(get("error_message"))
        rows += (row_text(app, "error", minute, error_value(code, status, message, path)),)
    return Counted(
        offset,
        session_id,
        event_id,
        (
            offset,
            seq,
            time_ms,
            received_ms,
            kind,
            app,
            anonymous_id,
            user_id,
            view_id,
            path,
            title,
            page_type,
            element,
            engaged_ms,
            status,
            is_bot,
        ),
        rows,
        f"{app}\0{anonymous_id}",
        page_view,
        failure,
        page_view and status == 404,
        bucket(response_ms) if page_view and response_ms is not None else -1,
        is_bot,
        time_ms,
        request_id,
    )


def _check_keys(event: Counted) -> None:
    anonymous_id, user_id = event.cell[6], event.cell[7]
    persons = [
        person_key(kind, person or "", event.session_id) for kind, person in (("a", anonymous_id), ("u", user_id))
    ]
    if max(map(len, (*persons, *(row.encode() for row in event.rows)))) > _LONGEST_KEY:
        raise ValueError("a text is too long for a key")


@lru_cache(_SHARED_KEYS)
def _place_rows(app: str, minute: int, country: str, device: str) -> tuple[str, ...]:
    return (
        row_text(app, "app", minute, ""),
        row_text(app, "country", minute, country),
        row_text(app, "device", minute, device),
    )


@lru_cache(_SHARED_KEYS)
def _page_rows(app: str, minute: int, path: str, section: str) -> tuple[str, ...]:
    return row_text(app, "page", minute, path), row_text(app, "section", minute, section)


def _id_bytes(event_id: str) -> bytes:
    # A fifth of the time that UUID takes, for the one notation that is used.
    if _ID.fullmatch(event_id):
        return bytes.fromhex(event_id.replace("-", ""))
    return UUID(event_id).bytes


def _text(value: Any) -> str:
    if type(value) is not str or "\0" in value:
        raise TypeError("a text is missing or wrong")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)

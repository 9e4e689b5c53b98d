"""What one event means for the live tables. Pure: bytes in, tuples out, nothing remembered.

A record is read completely here, so that whatever is wrong with it shows before anything was counted.
"""

from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Final

import msgspec
import orjson

from footfall.events.times import MINUTE_MS, epoch_ms, parse_shaped_ms
from footfall.metrics.errors import outcome
from footfall.metrics.histogram import UNMEASURED, response_bucket
from footfall.metrics.visits import PageView
from footfall.realtime.tables import SessionCell, city_text, person_key

# Twenty years around any event of today; eight digits in a row key hold more.
_LAST_MS: Final = 5_999_999_940_000
# The one way in which JSON can say NUL, which separates the parts of a row key.
_NUL: Final = b"\\u0000"
_ID_BYTES: Final = 16
# HBase refuses a longer key for ever, and a partition would stand still at it. A key is shorter than its record.
_LONGEST_KEY: Final = 2**15 - 1
# Minutes of a backlog come in order, so the parts of their keys that events share are few at a time.
_SHARED_KEYS: Final = 4096
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
# What a cell can hold.
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Unparsable(ValueError):
    """A record that is no stored event; the message is what is wrong with it."""


class _Stored(msgspec.Struct, gc=False):
    """What is read of a record; the decoder refuses other types."""

    app_id: str
    event_type: str
    session_id: str
    anonymous_id: str
    event_id: str
    seq: _Whole
    is_bot: bool
    event_time: _Time
    received_at: _Time
    user_id: str | None = None
    page_path: str | None = None
    page_view_id: str | None = None
    page_type: str | None = None
    page_title: str | None = None
    page_section: str | None = None
    element: str | None = None
    country: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    device_type: str | None = None
    request_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    http_status: _Whole | None = None
    response_ms: _Whole | None = None
    engaged_ms: _Whole | None = None
    backfill: bool = False


_decode: Final = msgspec.json.Decoder(_Stored).decode
_TEXTS: Final = attrgetter(
    *("app_id", "event_type", "session_id", "anonymous_id", "user_id", "page_path", "page_view_id", "page_type"),
    *("page_title", "page_section", "element", "country", "city", "device_type", "request_id"),
    *("error_code", "error_message"),
)


class Counted(msgspec.Struct, gc=False):
    """An event as the live tables need it.

    cell: the fields of a `tables.SessionCell`, in its order. places, pages, error: the keys, as text, of the aggregate
    rows it belongs to: app, country, device; page, section; its error. bucket: of the response time, UNMEASURED if
    none. city: by `tables.city_text`, of page views alone. view: of a page view of people, if it has a path; its page
    is the key of the page's row in that minute.
    """

    offset: int
    session_id: str
    event_id: bytes
    cell: tuple[Any, ...]
    places: tuple[str, str, str]
    pages: tuple[str, str] | None
    error: str | None
    visitor: str
    page_view: bool
    failure: bool
    not_found: bool
    bucket: int
    is_bot: bool
    event_time_ms: int
    request_id: str | None
    city: str | None
    view: PageView | None

    @property
    def rows(self) -> tuple[str, ...]:
        """All keys together; an error's own is the last."""
        return (*self.places, *(self.pages or ()), *(() if self.error is None else (self.error,)))


def read_event(offset: int, record: bytes) -> Counted | None:
    """Reads a record of `events`; None for backfill, which no live table takes.

    Raises Unparsable if it is no stored event.
    """
    try:
        event = _read(offset, _decode(record), _NUL in record)
        if event is not None and len(record) > _LONGEST_KEY:
            _check_keys(event)
        return event
    except (ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def read_rejected(record: bytes) -> tuple[str, str, int]:
    """Of a record of `events.rejected` the key, as text, of the row that counts it, its site, and when it was rejected,
    in ms since 1970. Raises Unparsable."""
    try:
        fields = orjson.loads(record)
        at_ms = parse_shaped_ms(fields["rejected_at"])
        app = _text(fields["app_id"])
        key = row_text(app, "app", at_ms // MINUTE_MS, "")
        if len(record) > _LONGEST_KEY and len(key.encode()) > _LONGEST_KEY:
            raise ValueError("app_id is too long for a key")
        return key, app, at_ms
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def row_text(app_id: str, dimension: str, minute: int, value: str) -> str:
    """A row key as text; its UTF-8 is what `tables.encode_row_key` gives."""
    return f"{app_id}\0{dimension}\0{minute:08d}\0{value}"


def page_row(app_id: str, minute: int, path: str) -> str:
    """The key, as text, of the row of a page."""
    return row_text(app_id, "page", minute, path)


def error_value(code: str | None, status: int | None, message: str | None, path: str | None) -> str:
    """What errors are grouped by: code (or HTTP status), message and page."""
    return "\x1f".join((code or (str(status) if status else ""), message or "", path or ""))


def _read(offset: int, event: _Stored, may_hold_nul: bool) -> Counted | None:
    # A fifth of what a core does in a backlog, so what the decoder can check is left to it.
    app, kind, path, status = event.app_id, event.event_type, event.page_path, event.http_status
    if may_hold_nul:
        for text in _TEXTS(event):
            if text is not None and "\0" in text:
                raise ValueError("a text holds NUL")
    time_ms, received_ms = epoch_ms(event.event_time), epoch_ms(event.received_at)
    if not event.session_id or not 0 <= time_ms <= _LAST_MS:
        raise ValueError("session_id or event_time cannot be used")
    event_id = _id_bytes(event.event_id)
    if event.backfill:
        return None
    minute = time_ms // MINUTE_MS
    page_view, failure, not_found = outcome(kind, status)
    error = None
    if failure:
        error = row_text(app, "error", minute, error_value(event.error_code, status, event.error_message, path))
    pages = None if path is None else _page_rows(app, minute, path, event.page_section or "")
    return Counted(
        offset,
        event.session_id,
        event_id,
        (
            offset,
            event.seq,
            time_ms,
            received_ms,
            kind,
            app,
            event.anonymous_id,
            event.user_id,
            event.page_view_id,
            path,
            event.page_title if page_view else None,
            event.page_type,
            event.element,
            event.engaged_ms,
            status,
            event.is_bot,
        ),
        _place_rows(app, minute, event.country or "", event.device_type or ""),
        pages,
        error,
        f"{app}\0{event.anonymous_id}",
        page_view,
        failure,
        not_found,
        response_bucket(event.response_ms) if page_view else UNMEASURED,
        event.is_bot,
        time_ms,
        event.request_id,
        city_text(event.city, event.latitude, event.longitude) if page_view and event.city is not None else None,
        PageView(event.seq, event_id, pages[0]) if page_view and pages is not None and not event.is_bot else None,
    )


def _check_keys(event: Counted) -> None:
    cell = SessionCell(*event.cell)
    persons = [
        person_key(kind, person or "", event.session_id)
        for kind, person in (("a", cell.anonymous_id), ("u", cell.user_id))
    ]
    if max(map(len, (*persons, *(row.encode() for row in event.rows)))) > _LONGEST_KEY:
        raise ValueError("a text is too long for a key")


@lru_cache(_SHARED_KEYS)
def _place_rows(app: str, minute: int, country: str, device: str) -> tuple[str, str, str]:
    return (
        row_text(app, "app", minute, ""),
        row_text(app, "country", minute, country),
        row_text(app, "device", minute, device),
    )


@lru_cache(_SHARED_KEYS)
def _page_rows(app: str, minute: int, path: str, section: str) -> tuple[str, str]:
    return page_row(app, minute, path), row_text(app, "section", minute, section)


def _id_bytes(event_id: str) -> bytes:
    # A fifth of the time that UUID takes.
    found = bytes.fromhex(event_id.replace("-", ""))
    if len(found) != _ID_BYTES:
        raise ValueError("event_id is no UUID")
    return found


def _text(value: Any) -> str:
    if type(value) is not str or "\0" in value:
        raise TypeError("a text is missing or wrong")
    return value

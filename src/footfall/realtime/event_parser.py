"""Parses one record for the live tables. Pure: bytes in, values out, no state.

A record is checked completely here, so that any fault is found before anything is counted.
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
from footfall.metrics.web_vitals import WEB_VITALS
from footfall.realtime.tables import SessionCell, city_text, person_key

# The last minute (in the year 2160) that the eight digits of a row key hold.
_LAST_MS: Final = 5_999_999_940_000
# The only JSON escape of NUL, which separates the parts of a row key.
_NUL: Final = b"\\u0000"
_ID_LENGTH: Final = 16
# HBase refuses a longer key every time, which would block the partition. A key is shorter than its record.
_MAX_KEY_LENGTH: Final = 2**15 - 1
# The events of a backlog come in order of time, so only few different keys are in use at once.
_CACHED_KEYS: Final = 4096
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
# The integers that a cell can hold.
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Unparsable(ValueError):
    """A record that is not a stored event; the message says why."""


class _StoredEvent(msgspec.Struct, gc=False):
    """The fields that are read from a record; the decoder refuses other types."""

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
    event_name: str | None = None
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
    lcp_ms: _Whole | None = None
    inp_ms: _Whole | None = None
    cls_milli: _Whole | None = None
    ttfb_ms: _Whole | None = None
    backfill: bool = False


_decode: Final = msgspec.json.Decoder(_StoredEvent).decode
_TEXTS: Final = attrgetter(
    *("app_id", "event_type", "session_id", "anonymous_id", "user_id", "page_path", "page_view_id", "page_type"),
    *("page_title", "page_section", "element", "event_name", "country", "city", "device_type", "request_id"),
    *("error_code", "error_message"),
)


class ParsedEvent(msgspec.Struct, gc=False):
    """An event as the live tables need it.

    cell: the fields of a `tables.SessionCell`, in its order
    common_rows, page_rows, error_row: the keys, as text, of the aggregate rows that count the event: app, country and
        device; page and section; its error
    bucket: the bucket of the response time, UNMEASURED if there is none
    city: as `tables.city_text` writes it; only for page views
    view: set for a page view of people that has a path; its page is the key of the page's row in that minute
    vitals: set for an event `web_vitals`: its values in the order of `metrics.web_vitals.FIELDS`
    """

    offset: int
    session_id: str
    event_id: bytes
    cell: tuple[Any, ...]
    common_rows: tuple[str, str, str]
    page_rows: tuple[str, str] | None
    error_row: str | None
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
    vitals: tuple[int | None, ...] | None

    @property
    def all_rows(self) -> tuple[str, ...]:
        """The keys of all aggregate rows; the error row is the last."""
        return (*self.common_rows, *self.limited_rows)

    @property
    def limited_rows(self) -> tuple[str, ...]:
        """The keys of the rows whose number is limited (`metrics.dimension_limit`)."""
        return (*(self.page_rows or ()), *(() if self.error_row is None else (self.error_row,)))


def read_event(offset: int, record: bytes) -> ParsedEvent | None:
    """Reads a record of `events`; None for backfill, which the live tables leave out.

    Raises Unparsable if the record is not a stored event.
    """
    try:
        event = _read(offset, _decode(record), _NUL in record)
        if event is not None and len(record) > _MAX_KEY_LENGTH:
            _check_keys(event)
        return event
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def read_rejected(record: bytes) -> tuple[str, str, int]:
    """Reads a record of `events.rejected`. Raises Unparsable.

    Returns the key, as text, of the row that counts it, its app_id, and when it was rejected (ms since 1970).
    """
    try:
        fields = orjson.loads(record)
        at_ms = parse_shaped_ms(fields["rejected_at"])
        app = _text(fields["app_id"])
        key = row_text(app, "app", at_ms // MINUTE_MS, "")
        if len(record) > _MAX_KEY_LENGTH and len(key.encode()) > _MAX_KEY_LENGTH:
            raise ValueError("app_id is too long for a key")
        return key, app, at_ms
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unparsable(f"{type(error).__name__}: {str(error)[:200]}") from None


def row_text(app_id: str, dimension: str, minute: int, value: str) -> str:
    """A row key as text. Its UTF-8 bytes equal `tables.encode_row_key`."""
    return f"{app_id}\0{dimension}\0{minute:08d}\0{value}"


def page_row(app_id: str, minute: int, path: str) -> str:
    """The key of a page's row, as text."""
    return row_text(app_id, "page", minute, path)


def error_value(code: str | None, status: int | None, message: str | None, path: str | None) -> str:
    """The value that errors are grouped by: code (or HTTP status), message and page."""
    return "\x1f".join((code or (str(status) if status else ""), message or "", path or ""))


def _read(offset: int, event: _StoredEvent, may_hold_nul: bool) -> ParsedEvent | None:
    # This takes a fifth of a core's time in a backlog, so all checks that the decoder can do are left to it.
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
    return ParsedEvent(
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
            event.event_name,
        ),
        _common_rows(app, minute, event.country or "", event.device_type or ""),
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
        (event.lcp_ms, event.inp_ms, event.cls_milli, event.ttfb_ms) if kind == WEB_VITALS else None,
    )


def _check_keys(event: ParsedEvent) -> None:
    cell = SessionCell(*event.cell)
    persons = [
        person_key(kind, person or "", event.session_id)
        for kind, person in (("a", cell.anonymous_id), ("u", cell.user_id))
    ]
    if max(map(len, (*persons, *(row.encode() for row in event.all_rows)))) > _MAX_KEY_LENGTH:
        raise ValueError("a text is too long for a key")


@lru_cache(_CACHED_KEYS)
def _common_rows(app: str, minute: int, country: str, device: str) -> tuple[str, str, str]:
    return (
        row_text(app, "app", minute, ""),
        row_text(app, "country", minute, country),
        row_text(app, "device", minute, device),
    )


@lru_cache(_CACHED_KEYS)
def _page_rows(app: str, minute: int, path: str, section: str) -> tuple[str, str]:
    return page_row(app, minute, path), row_text(app, "section", minute, section)


def _id_bytes(event_id: str) -> bytes:
    # Five times as fast as `uuid.UUID`.
    found = bytes.fromhex(event_id.replace("-", ""))
    if len(found) != _ID_LENGTH:
        raise ValueError("event_id is not a UUID")
    return found


def _text(value: Any) -> str:
    if type(value) is not str or "\0" in value:
        raise TypeError("a text is missing or wrong")
    return value

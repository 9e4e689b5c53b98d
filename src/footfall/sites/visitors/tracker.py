"""The events that a browser's tracker would emit for one visit, from its pages and the actions on them. Pure.

`tracker.js` is the model: the same fields from the same meta elements, one `seq` for all tabs of a visit, a ping for
each five engaged seconds, and one for the rest when a page is left or hidden. The clock is the visitor's own and is
passed to each call. Engaged time is simulated life: at a higher pace, pings follow each other faster but still report
5,000 ms, so that bounce and engagement mean the same at every pace.

This module decides when a visit begins and which events it has. A subclass decides their form: `reporter` sends them to
the site, `footfall.history.event_recorder` writes them as a collector would have stored them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.sites.visitors.population import Person

SCHEMA_VERSION: Final = "1.0"
PING_MS: Final = 5_000
# A browser that was idle for longer begins a new visit.
_IDLE_MS: Final = 30 * 60_000
# Fields that could identify the visitor; left out when consent is denied.
_PERSONAL: Final = frozenset(("user_id", "search_term"))
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(slots=True, eq=False)
class View:
    """One loaded page in one tab.

    common: the fields of each event on it. utm: the campaign fields of its address. referrer: the page of another site
    that led to it, if any. unseen: events of lists that have not come into sight, each with its position on the page
    (0–100), type and fields. response_ms: of the page. touched: whether the person clicked or sent a form. measured:
    whether the page was hidden or left, so that its web vitals are done with.
    """

    common: Mapping[str, Any]
    utm: Mapping[str, str] = field(default_factory=dict)
    referrer: str | None = None
    unseen: list[tuple[int, str, Mapping[str, Any]]] = field(default_factory=list)
    waiting_ms: float = 0.0
    scroll_pct: int = 0
    response_ms: int = 0
    touched: bool = False
    measured: bool = False


class Tracker(ABC):
    """Emits the events of one visit of one person, like the tracker with the browser's storage."""

    def __init__(self, person: Person, new_id: Callable[[int], str]) -> None:
        """new_id: creates an identity from a time in epoch milliseconds."""
        self._person = person
        self._new_id = new_id
        self._session_id: str | None = None
        self._at_ms = 0
        self._seq = 0
        self._utm: dict[str, str] = {}
        self._hidden = _PERSONAL if person.gpc else _NOTHING

    def record(self, event_type: str, now_ms: int, view: View, fields: Mapping[str, Any]) -> None:
        """Emits an event on a page, after a `session_start` if it is the visit's first. Empty fields are left out."""
        self._ensure_session(now_ms, view)
        self._emit(event_type, now_ms, {**view.common, **fields})
        self._seq += 1

    def ping(self, now_ms: int, view: View) -> None:
        """Emits a ping with the engaged time since the last one, at most five seconds; nothing if there was none."""
        engaged_ms = min(PING_MS, round(view.waiting_ms))
        if engaged_ms <= 0:
            return
        view.waiting_ms -= engaged_ms
        self._ensure_session(now_ms, view)
        self._emit_ping(now_ms, view, engaged_ms)
        self._seq += 1

    @abstractmethod
    def send(self) -> None:
        """Sends the events emitted since the last call, if this subclass sends any."""

    @abstractmethod
    def _emit(self, event_type: str, now_ms: int, fields: Mapping[str, Any]) -> None:
        """Takes an event of the current visit with the number `_seq`; some fields may be empty."""

    def _emit_ping(self, now_ms: int, view: View, engaged_ms: int) -> None:
        """Takes a ping. A separate method, since more than half of all events are pings."""
        self._emit("page_ping", now_ms, {**view.common, "engaged_ms": engaged_ms, "scroll_pct": view.scroll_pct})

    def _ensure_session(self, now_ms: int, view: View) -> None:
        """Begins a new visit if none is in progress."""
        if self._session_id is None or now_ms - self._at_ms > _IDLE_MS:
            self._session_id, self._seq, self._utm = self._new_id(now_ms), 0, dict(view.utm)
            self._emit("session_start", now_ms, {"user_id": view.common.get("user_id"), "referrer": view.referrer})
            self._seq = 1
        elif view.utm:
            self._utm = {**self._utm, **view.utm}
        self._at_ms = now_ms

    def _filled(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that have a value and may be sent."""
        hidden = self._hidden
        return {
            name: value for name, value in fields.items() if value is not None and value != "" and name not in hidden
        }


def page_fields(page: Mapping[str, Any], page_view_id: str, path: str, user_id: str | None) -> dict[str, Any]:
    """The fields of each event on a loaded page. page: the page's description of itself. path: without query."""
    return {
        "page_view_id": page_view_id,
        "page_path": path,
        **page,
        "user_id": user_id,
    }

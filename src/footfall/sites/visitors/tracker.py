"""What the tracker in a browser would send: events of one visit, made from pages and what is done on them. Pure.

`tracker.js` is the model: the same fields from the same metas, one `seq` for all tabs of a visit, a ping for each five
engaged seconds and one for the rest when a page is left or hidden. The clock is the visitor's own and is given with
each call. Engaged time is life's time: at a higher pace pings follow each other faster but still say 5,000 ms, so that
bounce and engagement mean the same at every pace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.events.identity import new_uuid7
from footfall.events.times import format_rfc3339_ms
from footfall.sites.visitors.population import Person

SCHEMA_VERSION: Final = "1.0"
PING_MS: Final = 5_000
# A browser that was idle for longer begins another visit.
_IDLE_MS: Final = 30 * 60_000
# What the visitor is not to be known by when consent is denied.
_PERSONAL: Final = ("user_id", "search_term")


@dataclass(slots=True)
class View:
    """One loaded page in one tab.

    common: the fields of each event on it; utm: of its address; referrer: the foreign page that led to it, if any;
    unseen: events of lists that have not come into sight, each with its position on the page (0–100), type and fields.
    """

    common: Mapping[str, Any]
    utm: Mapping[str, str] = field(default_factory=dict)
    referrer: str | None = None
    unseen: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    waiting_ms: float = 0.0
    scroll_pct: int = 0


class Tracker:
    """The events of one visit of one person, as the browser's storage and its pages make them."""

    def __init__(self, person: Person, new_id: Callable[[int], str] = new_uuid7) -> None:
        self._person = person
        self._new_id = new_id
        self._consent = "denied" if person.gpc else "unknown"
        self._session_id: str | None = None
        self._at_ms = 0
        self._seq = 0
        self._utm: dict[str, str] = {}
        self._browser = person.browser

    def record(
        self, event_type: str, now_ms: int, view: View, fields: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """An event on a page, after a `session_start` if it is the first of a visit. Empty fields are left out."""
        events = []
        if self._session_id is None or now_ms - self._at_ms > _IDLE_MS:
            self._session_id, self._seq, self._utm = self._new_id(now_ms), 0, {}
            self._utm.update(view.utm)
            user = {"user_id": view.common.get("user_id"), "referrer": view.referrer}
            events.append(self._made("session_start", now_ms, user))
        self._utm.update(view.utm)
        self._at_ms = now_ms
        events.append(self._made(event_type, now_ms, {**view.common, **(fields or {})}))
        return events

    def ping(self, now_ms: int, view: View) -> list[dict[str, Any]]:
        """Engaged time since the last ping, at most five seconds of it; nothing if there was none."""
        engaged_ms = min(PING_MS, round(view.waiting_ms))
        if engaged_ms <= 0:
            return []
        view.waiting_ms -= engaged_ms
        return self.record("page_ping", now_ms, view, {"engaged_ms": engaged_ms, "scroll_pct": view.scroll_pct})

    def _made(self, event_type: str, now_ms: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        denied = self._consent == "denied"
        event: dict[str, Any] = {
            "event_id": self._new_id(now_ms),
            "schema_version": SCHEMA_VERSION,
            "event_type": event_type,
            "app_id": self._person.app,
            "occurred_at": format_rfc3339_ms(now_ms),
            "anonymous_id": self._session_id if denied else self._person.anonymous_id,
            "session_id": self._session_id,
            "seq": self._seq,
            "consent": self._consent,
            **self._browser,
            **self._utm,
        }
        self._seq += 1
        hidden: tuple[str, ...] = _PERSONAL if denied else ()
        event |= {
            name: value for name, value in fields.items() if value is not None and value != "" and name not in hidden
        }
        return event


def page_fields(page: Mapping[str, Any], page_view_id: str, path: str, user_id: str | None) -> dict[str, Any]:
    """What each event on a loaded page says; page: what it says of itself; path: without query."""
    return {
        "page_view_id": page_view_id,
        "page_path": path,
        # A page of no section is a section of its own kind.
        "page_section": page.get("page_type"),
        **page,
        "user_id": user_id,
    }

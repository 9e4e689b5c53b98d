"""One session, event by event in its order."""

from typing import Any

from footfall import names
from footfall.events.times import format_rfc3339_ms
from footfall.metrics import visits
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime.questions import HBASE, _sessions
from footfall.realtime.store import HBaseStore


def run(context: Context[HBaseStore], session: str) -> list[dict[str, Any]]:
    """Rows of `session`: its events by `seq`, then by id. Raises UnknownValue if there is no such session.

    gap_ms: since the event before it; null for the first one. is_entry, is_exit: first and last page view of a visit.
    """
    known = _sessions.can_exist(session)
    cells = context.store.read_row(names.TABLE_SESSIONS, session.encode()) if known else {}
    if not cells:
        raise _sessions.unknown(context.store, "session", session)
    ordered = _sessions.ordered(cells)
    entries, exits = _sessions.entries_and_exits(ordered)
    newest_ms = max(event.event_time_ms for _, event in ordered)
    found = []
    before: int | None = None
    for event_id, event in ordered:
        found.append(
            {
                "session_id": session,
                "app_id": event.app_id,
                "anonymous_id": event.anonymous_id,
                "user_id": event.user_id,
                "seq": event.seq,
                "event_at": format_rfc3339_ms(event.event_time_ms),
                "event_type": event.event_type,
                "page_path": event.page_path,
                "element": event.element,
                "gap_ms": None if before is None else event.event_time_ms - before,
                "is_entry": event_id in entries,
                "is_exit": event_id in exits,
                "is_open": not visits.are_apart(newest_ms, context.now_ms),
                "event_name": event.event_name,
            }
        )
        before = event.event_time_ms
    return found


QUESTION = Question(
    "session",
    __doc__,
    columns=(
        "session_id",
        "app_id",
        "anonymous_id",
        "user_id",
        "seq",
        "event_at",
        "event_type",
        "page_path",
        "element",
        "gap_ms",
        "is_entry",
        "is_exit",
        "is_open",
        "event_name",
    ),
    parameters=(parameters.SESSION,),
    source=HBASE,
    run=run,
)

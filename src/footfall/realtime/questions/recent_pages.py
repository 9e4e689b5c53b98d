"""The pages that a person saw last."""

from collections import defaultdict
from typing import Any

from footfall import names
from footfall.events.times import format_rfc3339_ms
from footfall.metrics.engagement import engaged_time_ms
from footfall.metrics.page_views import is_page_view
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import tables
from footfall.realtime.questions import HBASE, _sessions
from footfall.realtime.store import HBaseStore

_MOST = 50


def run(context: Context[HBaseStore], user: str) -> list[dict[str, Any]]:
    """Rows of `recent-pages` for a `user_id` or `anonymous_id`, the newest 50. Raises UnknownValue.

    A `user_id` finds only the page views that carry it; earlier ones of the same visit are not relabelled.
    """
    sessions: dict[str, str] = {}
    for kind in ("a", "u") if _sessions.can_exist(user) else ():
        start = tables.person_key(kind, user, "")
        for key, _ in context.store.scan(names.TABLE_USER_PAGES, start, start[:-1] + b"\x01"):
            sessions[key[len(start) :].decode()] = kind
    if not sessions:
        raise _sessions.unknown(context.store, "user", user)
    found = []
    rows = context.store.read_rows(names.TABLE_SESSIONS, [session.encode() for session in sessions])
    for key, cells in rows:
        events = _sessions.ordered(cells)
        engaged: dict[str | None, int] = defaultdict(int)
        for _, event in events:
            engaged[event.page_view_id] += engaged_time_ms(event.event_type, event.engaged_ms)
        for event_id, event in events:
            if is_page_view(event.event_type) and user in (event.anonymous_id, event.user_id):
                row = {
                    "viewed_at": format_rfc3339_ms(event.event_time_ms),
                    "app_id": event.app_id,
                    "session_id": key.decode(),
                    "page_path": event.page_path,
                    "page_title": event.page_title,
                    "page_type": event.page_type,
                    "engaged_ms": engaged[event.page_view_id] if event.page_view_id is not None else 0,
                    "http_status": event.http_status,
                }
                found.append(((event.event_time_ms, event.seq, event_id), row))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [row for _, row in found[:_MOST]]


QUESTION = Question(
    "recent-pages",
    __doc__,
    columns=(
        "viewed_at",
        "app_id",
        "session_id",
        "page_path",
        "page_title",
        "page_type",
        "engaged_ms",
        "http_status",
    ),
    parameters=(parameters.USER,),
    source=HBASE,
    run=run,
    when_empty="This person viewed no page in the days that the live tables keep.",
)

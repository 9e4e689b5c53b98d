"""The pages on which recent visits began and ended."""

from collections import defaultdict
from typing import Any

from footfall.events.times import MINUTE_MS
from footfall.metrics.visits import LONGEST_GAP_MS
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore

_COUNTED_MINUTES = 30
# A visit ends after half an hour without an event: in these minutes another page view may still become the last.
_OPEN_MINUTES = LONGEST_GAP_MS // MINUTE_MS + 1


def run(context: Context[HBaseStore], app: str | None) -> list[dict[str, Any]]:
    """Rows of `live-visits`. Raises HBaseUnavailable."""
    apps = _apps.apps(context, app)
    now = context.now_ms // MINUTE_MS
    oldest = now - _OPEN_MINUTES - _COUNTED_MINUTES
    entries: dict[tuple[str, str], int] = defaultdict(int)
    exits: dict[tuple[str, str], int] = defaultdict(int)
    for key, merged, _ in aggregate_reader.figures(context.store, apps, "page", oldest, now + 1):
        counted, count = (exits, merged.exits) if key.minute <= now - _OPEN_MINUTES else (entries, merged.entries)
        if count:
            counted[key.app_id, key.value] += count
    pages = sorted({*entries, *exits}, key=lambda page: (-entries[page], -exits[page], *page))
    return [
        {"app_id": page[0], "page_path": page[1], "entries_30m": entries[page], "exits_30m": exits[page]}
        for page in pages
    ]


QUESTION = Question(
    "live-visits",
    __doc__,
    columns=("app_id", "page_path", "entries_30m", "exits_30m"),
    parameters=(_apps.APP,),
    source=HBASE,
    run=run,
    when_empty="No visit began or ended in the last half hour. "
    "A visit ends only after half an hour without another event.",
)

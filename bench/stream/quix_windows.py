"""The windows of `plain.py` in quix-streams. `quix.py` runs this in a separate environment, without Footfall:

    python quix_windows.py BROKER TOPIC RECORDS WAY FOLDER

Every record of the topic goes through one application. The session's state filters repeats. Each event becomes one
message for each of its dimension values (app, page, section, country, device). The messages are grouped by that value,
through a second topic, and each event emits every window of its values again. WAY is how a window counts visits and
visitors, which must be exact:

windows  quix-streams' own windows (tumbling, hopping): sums, and for distinct counts an aggregator that keeps all
         values, since an aggregator has no state except the window's value.
state    a function with state: the sums of a window in one value, and one key for each of its visits and visitors.

Prints one JSON document, the seconds from the first record to the last; every window's figures are in
FOLDER/figures.json.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from quixstreams import Application, State
from quixstreams.dataframe.windows import Aggregator, Sum

MINUTE_MS = 60_000
FIVE = 5
NAMES = ("page_views", "engaged_ms", "errors", "visits", "visitors")
# The records are read partition by partition, so the first ones of a partition are older than the last of another.
GRACE_MS = 86_400_000

Figures = list[int]


class Distinct(Aggregator):
    """The number of distinct values of a column."""

    def initialize(self) -> dict[str, int]:
        return {}

    def agg(self, old: dict[str, int], new: Any, timestamp: int) -> dict[str, int]:
        old[new[self.column]] = 1
        return old

    def result(self, value: dict[str, int]) -> int:
        return len(value)


def event_time_ms(event: dict[str, Any], *_: Any) -> int:
    """The event time in ms, from RFC 3339 in UTC with milliseconds. It is parsed by hand, for speed."""
    at = event["event_time"]
    day = _DAYS.get(at[:10])
    if day is None:
        day = _DAYS[at[:10]] = int(time.mktime(time.strptime(at[:10], "%Y-%m-%d")) - time.timezone) * 1000
    return day + int(at[11:13]) * 3_600_000 + int(at[14:16]) * MINUTE_MS + int(at[17:19]) * 1000 + int(at[20:23])


_DAYS: dict[str, int] = {}


def is_new(event: dict[str, Any], state: State) -> bool:
    """Whether the session has not seen this event yet."""
    if state.exists(event["event_id"]):
        return False
    state.set(event["event_id"], 1)
    return True


def places(event: dict[str, Any]) -> list[dict[str, Any]]:
    """One message for each dimension value of an event."""
    kind, path = event["event_type"], event.get("page_path")
    view = kind == "page_view"
    figures = {
        "minute": event_time_ms(event) // MINUTE_MS,
        "page_views": int(view),
        "engaged_ms": event.get("engaged_ms", 0) if kind == "page_ping" else 0,
        "errors": int(kind == "error" or (view and event.get("http_status", 0) >= 500)),
        "visit": event["session_id"],
        "visitor": event["anonymous_id"],
    }
    app = event["app_id"]
    found = [("app", app), ("country", event.get("country")), ("device", event.get("device_type"))]
    if path is not None:
        found += [("page", path), ("section", event.get("page_section"))]
    return [{"place": f"{app}\t{name}\t{value or ''}", **figures} for name, value in found]


def by_state(message: dict[str, Any], state: State) -> list[tuple[str, Figures]]:
    """The windows that a message changes, with their current figures."""
    minute, changed = message["minute"], []
    for window in (f"1 {minute}", *(f"{FIVE} {minute - age}" for age in range(FIVE))):
        figures: Figures = state.get(window) or [0] * len(NAMES)
        for position, name in enumerate(NAMES[:3]):
            figures[position] += message[name]
        for position, who in ((3, "visit"), (4, "visitor")):
            key = f"{window} {message[who]}"
            if not state.exists(key):
                state.set(key, 1)
                figures[position] += 1
        state.set(window, figures)
        changed.append((window, figures))
    return changed


def main() -> None:
    broker, topic, records, way, folder = sys.argv[1:]
    left, first_s, last_s = int(records), 0.0, 0.0
    grouped = 0
    latest: dict[str, Figures] = {}

    def processed(name: str, _partition: int, _offset: int) -> None:
        nonlocal left, grouped, first_s, last_s
        first_s = first_s or time.monotonic()
        if name == topic:
            left -= 1
        else:
            grouped -= 1
        if not left and not grouped:
            last_s = time.monotonic()
            app.stop()

    app = Application(
        broker,
        consumer_group=topic,
        auto_offset_reset="earliest",
        state_dir=Path(folder) / "state",
        on_message_processed=processed,
        loglevel="WARNING",
    )
    source = app.topic(topic, key_deserializer="str", timestamp_extractor=event_time_ms)

    def spread(event: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal grouped
        found = places(event)
        grouped += len(found)
        return found

    events = app.dataframe(source).filter(is_new, stateful=True).filter(lambda event: not event["is_bot"])
    grouping = {"key_serializer": "str", "key_deserializer": "str"}
    grouped_by_place = events.apply(spread, expand=True).group_by(lambda message: message["place"], "place", **grouping)
    if way == "state":

        def note(emitted: list[tuple[str, Figures]], place: str, *_: Any) -> None:
            for window, figures in emitted:
                latest[f"{window}\t{place}"] = figures

        grouped_by_place.apply(by_state, stateful=True).update(note, metadata=True)
    else:
        figures = {name: Sum(name) for name in NAMES[:3]} | {
            "visits": Distinct("visit"),
            "visitors": Distinct("visitor"),
        }

        def noting(length: int) -> Any:
            def note(emitted: dict[str, Any], place: str, *_: Any) -> None:
                latest[f"{length} {emitted['start'] // MINUTE_MS}\t{place}"] = [emitted[name] for name in NAMES]

            return note

        one = grouped_by_place.tumbling_window(MINUTE_MS, GRACE_MS).agg(**figures)
        five = grouped_by_place.hopping_window(FIVE * MINUTE_MS, MINUTE_MS, GRACE_MS).agg(**figures)
        one.current().update(noting(1), metadata=True)
        five.current().update(noting(FIVE), metadata=True)
    app.run()
    if left or grouped:
        raise SystemExit(f"It ended before all was counted: {left} records and {grouped} of their places are left.")
    (Path(folder) / "figures.json").write_text(json.dumps(latest))
    print(json.dumps({"seconds": last_s - first_s}))


if __name__ == "__main__":
    main()

"""The speed of archiving a backlog and computing its windows: `PYTHONPATH=src:. python -m bench.stream.catch_up`.

Run it on a platform without visitors. The benchmark stops the streaming driver and writes `--events` stored events of
`--sessions` visits over `--minutes` to Kafka; each visit takes `--visit-minutes`. After the live path has counted them,
these consumers read the same records one after the other:

archive  The driver: from the start of its first batch until the last one is in place, without the start of its JVMs.
windows  The same, until all minutes of the records are published too.
python   A plain consumer that leaves repeats out and counts the same one- and five-minute windows in dicts and sets. It
         stores nothing.
quix     quix-streams in the two ways of `quix_windows.py`, with the first records only (`--quix-windows`,
         `--quix-state`). The run fails if its figures differ from plain Python's. The first run creates an environment
         for it under the home.

The events stay in Kafka and in HDFS, so use a disposable platform.
"""

import argparse
import json
import time
from typing import Any

from bench.live.backlog import ends, fill
from bench.live.processes import cpu_seconds, running
from bench.live.rest import paused, stopped
from bench.stream.plain import by_python
from bench.stream.quix import by_quix
from footfall import names
from footfall.cluster.supervision.manager import Manager
from footfall.cluster.supervision.run import recall
from footfall.hdfs import Hdfs
from footfall.lake import window_files
from footfall.lake.progress import Journal, Progress
from footfall.realtime.lag import lag
from footfall.settings import Settings
from footfall.streaming.window_schedule import Pending

SERVICE = "spark-streaming"
LOOK_S = 0.5
PATIENCE_S = 900.0


def batches(settings: Settings, after: int) -> list[Progress]:
    """The archived batches after a number, in order."""
    journal = Journal(Hdfs(settings))
    current = journal.current()
    if current is None:
        return []
    found = [journal.read(current.checkpoint, n) for n in journal.batches(current.checkpoint) if n > after]
    return [progress for progress in found if progress is not None]


def archived(progress: Progress) -> int:
    """The sum of a batch's end offsets of the topic `events`."""
    return sum(end for (topic, _), end in progress.ends.items() if topic == names.TOPIC_EVENTS)


def published(settings: Settings, until_minute: int) -> bool:
    """Whether all windows before a minute (since 1970) are closed and published."""
    hdfs = Hdfs(settings)
    content = hdfs.read("/aggregates/_pending.json")
    if content is None or (window_files.read_closed(hdfs) or 0) < until_minute:
        return False
    pending = Pending.from_json(content)
    late = [hour for hour in pending.hours if hour * window_files.HOUR < until_minute]
    return not late and not any(start < until_minute for start in pending.minutes)


def by_driver(settings: Settings, last: int, begin: int, end: int, until_minute: int) -> dict[str, Any]:
    """Starts the driver and waits until everything is archived and published."""
    Manager(settings).ensure_started(SERVICE)
    asked_s = time.monotonic()
    found: list[Progress] = []
    while not found or archived(found[-1]) < end:
        time.sleep(LOOK_S)
        found = batches(settings, last)
        if time.monotonic() - asked_s > PATIENCE_S:
            raise SystemExit(f"The backlog is not archived after {PATIENCE_S:.0f} s.")
    while not published(settings, until_minute):
        time.sleep(LOOK_S)
        if time.monotonic() - asked_s > PATIENCE_S:
            raise SystemExit(f"The windows are not published after {PATIENCE_S:.0f} s.")
    done_ms = time.time() * 1000
    seconds = (found[-1].at_ms - found[0].began_ms) / 1000
    with_windows = (done_ms - found[0].began_ms) / 1000
    return {
        "archive_events_per_s": round((end - begin) / seconds),
        "archive_and_windows_events_per_s": round((end - begin) / with_windows),
        "archive_s": round(seconds, 1),
        "archive_and_windows_s": round(with_windows, 1),
        "batches": len(found),
        # Since their start, with warm-up and publishing.
        "cpu_s": {name: used for name, used in cpu_seconds(running(settings)).items() if name.startswith("spark")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=300)
    parser.add_argument("--visit-minutes", type=float, default=5.0, help="how long a visit takes")
    parser.add_argument("--quix-windows", type=int, default=1_000, help="events for quix-streams' own windows; 0: none")
    parser.add_argument("--quix-state", type=int, default=50_000, help="events for it with state by key; 0: none")
    options = parser.parse_args()
    settings = recall()
    # The watchdog would start the driver again while Kafka is being filled.
    with stopped(settings, "watchdog"):
        print(json.dumps(measured(settings, options), indent=1))


def measured(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """Fills Kafka while neither the driver nor the topology runs, and then measures each consumer."""
    Manager(settings).stop(SERVICE)
    last = max((progress.batch for progress in batches(settings, -1)), default=-1)
    start = ends(settings)
    together = max(1, round(options.sessions * options.visit_minutes / options.minutes))
    # With the topology running, this would take three times as long.
    with paused(settings):
        fill(settings, options.events, options.sessions, options.minutes, together)
    end, until_minute = ends(settings), int(time.time()) // 60
    while lag(settings).records:
        time.sleep(LOOK_S)
    found = {
        "driver": by_driver(settings, last, sum(start.values()), sum(end.values()), until_minute),
        "python": by_python(settings, start, end),
    }
    ways = {"windows": options.quix_windows, "state": options.quix_state}
    if asked := {way: events for way, events in ways.items() if events}:
        found["quix"] = by_quix(settings, start, end, asked)
    return found


if __name__ == "__main__":
    main()

"""The delay of the archive and of the windows: `PYTHONPATH=src:. python -m bench.stream.freshness`.

Run it on a running platform. The benchmark POSTs events at a steady rate for some minutes. Meanwhile, and until the
last minute is published, it measures:

archive  Each second it reads Kafka's end offsets. The delay is the time until a batch is in place that holds all
         records before them.
windows  The time from the batch that closed a minute (the first batch with everything that Kafka held at its end) until
         the question `windowed-metrics` shows the minute. It asks every 0.25 s, so each figure is too high by up to
         that. It also measures the time since the end of the minute, which a user of the dashboard sees.

Simulated visitors of the platform add to the rate; start it with `FOOTFALL_VISITORS_PER_SITE=0` to leave them out.
"""

import argparse
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.live.backlog import Offsets, ends
from bench.live.figures import spread_ms
from bench.live.load import send_steadily
from bench.live.processes import cpu_between, cpu_seconds, running
from footfall import names, question_registry
from footfall.cluster.supervision.run import recall
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake.progress import Journal, Progress
from footfall.questions.sources import Sources
from footfall.settings import Settings

MINUTE_MS = 60_000
LOOK_S = 0.25
SNAPSHOT_S = 1.0
# A batch starts every 15 s, and its windows follow; a longer delay means that something is wrong.
PATIENCE_S = 180.0


@dataclass
class Seen:
    """The observations from outside; times in ms since 1970."""

    snapshots: list[tuple[float, Offsets]] = field(default_factory=list)
    batches: dict[int, Progress] = field(default_factory=dict)
    windows: dict[int, float] = field(default_factory=dict)  # by the start of a minute, when it was first seen

    def in_place_ms(self, held: Offsets) -> float | None:
        """When all records before these offsets were archived; None if they are not yet."""
        for number in sorted(self.batches):
            done = self.batches[number].ends
            if all(done.get((names.TOPIC_EVENTS, p), 0) >= end for p, end in held.items()):
                return self.batches[number].at_ms
        return None


def watch(settings: Settings, seen: Seen, stop: threading.Event) -> None:
    """Records windows, batches and Kafka's end offsets until `stop` is set."""
    sources, journal, due_s = Sources(settings), Journal(Hdfs(settings)), 0.0
    first_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    while not stop.wait(LOOK_S):
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + SNAPSHOT_S
            seen.snapshots.append((time.time() * 1000, ends(settings)))
            if (current := journal.current()) is not None:
                for number in journal.batches(current.checkpoint):
                    if number not in seen.batches and (found := journal.read(current.checkpoint, number)) is not None:
                        seen.batches[number] = found
        after_ms = max(seen.windows, default=first_ms - MINUTE_MS) + MINUTE_MS
        rows = question_registry.ask(sources, "windowed-metrics", **{"from": format_rfc3339_ms(after_ms)})
        for start in {parse_rfc3339_ms(row["window_start_at"]) for row in rows}:
            seen.windows.setdefault(start, time.time() * 1000)
    sources.close()


def held_at(settings: Settings, moment_ms: int) -> Offsets:
    """Kafka's end offsets at a moment, by the records' timestamps; the current end if no later record exists."""
    log_ends = ends(settings)
    client = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "bench-freshness"})
    try:
        found = client.offsets_for_times([TopicPartition(names.TOPIC_EVENTS, p, moment_ms) for p in log_ends], 30)
    finally:
        client.close()
    return {place.partition: place.offset if place.offset >= 0 else log_ends[place.partition] for place in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=60, help="events a second, all sites together")
    parser.add_argument("--seconds", type=float, default=300)
    options = parser.parse_args()
    settings = recall()
    seen, stop = Seen(), threading.Event()
    watcher = threading.Thread(target=watch, args=(settings, seen, stop))
    watcher.start()
    processes = running(settings)
    before, began_ms, began_s = cpu_seconds(processes), time.time() * 1000, time.monotonic()
    try:
        sent = send_steadily(settings, options.rate, options.seconds, lambda *_: None)
        taken_s, used = time.monotonic() - began_s, cpu_between(before, cpu_seconds(processes))
        sent_ms = time.time() * 1000
        # Only whole minutes of the load: the first and the last minute had fewer events.
        minutes = range(-int(-began_ms // MINUTE_MS) * MINUTE_MS, int(sent_ms // MINUTE_MS) * MINUTE_MS, MINUTE_MS)
        if not minutes:
            raise SystemExit("The load did not last for a whole minute of the clock: take more --seconds.")
        until_s = time.monotonic() + PATIENCE_S
        while not (seen.windows.keys() >= set(minutes) and seen.in_place_ms(ends(settings)) is not None):
            if time.monotonic() > until_s or not watcher.is_alive():
                raise SystemExit(f"Not all is archived and published {PATIENCE_S:.0f} s after the last event.")
            time.sleep(LOOK_S)
    finally:
        stop.set()
        watcher.join()
    report: dict[str, Any] = {
        "rate": options.rate,
        "events": len(sent.posts),
        "errors": sent.errors,
        "sender_behind": spread_ms(sent.late),
        "archive_behind": spread_ms(_behind(seen, began_ms, sent_ms)),
        "minutes": len(minutes),
        **_visible(settings, seen, minutes),
        "cores": round(sum(used.values()) / taken_s, 2),
        "cpu_s": used,
    }
    print(json.dumps(report, indent=1))


def _behind(seen: Seen, from_ms: float, to_ms: float) -> list[float]:
    """For each snapshot of Kafka under load, the seconds until all of it was archived."""
    found = []
    for at_ms, held in seen.snapshots:
        done_ms = seen.in_place_ms(held)
        if from_ms <= at_ms <= to_ms and done_ms is not None:
            # Negative if nothing was new, since everything was archived before the snapshot.
            found.append(max(0.0, done_ms - at_ms) / 1000)
    return found


def _visible(settings: Settings, seen: Seen, minutes: range) -> dict[str, Any]:
    after_batch, after_minute = [], []
    for start_ms in minutes:
        closed_ms = seen.in_place_ms(held_at(settings, start_ms + MINUTE_MS))
        if closed_ms is None:
            raise SystemExit("The batch that closed a minute was not seen.")
        after_batch.append((seen.windows[start_ms] - closed_ms) / 1000)
        after_minute.append((seen.windows[start_ms] - start_ms - MINUTE_MS) / 1000)
    return {"visible_after_batch": spread_ms(after_batch), "visible_after_minute": spread_ms(after_minute)}


if __name__ == "__main__":
    main()

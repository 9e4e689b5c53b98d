"""Measures the latency of an event from browser to HBase: `PYTHONPATH=src:. python -m bench.live.latency`.

The platform must be running. Events of many visits are POSTed to the `/collect` of the three sites, one or several per
request (`--batch`), at a steady rate that does not wait for responses. For every n-th event (`--every`), the time is
measured from when its POST was due until its cell of `sessions` can be read. A single reader polls for all expected
cells with one call and then pauses (`--look-ms`), so each figure is too high by at most the time since the previous
poll. That error is measured and reported; `not_before` has the same percentiles with the whole error subtracted. The
polls cost HBase and its Thrift server processor time, which `cores` includes. Simulated visitors of the platform add to
the rate; start it with `FOOTFALL_VISITORS_PER_SITE=0` to leave them out.
"""

import argparse
import json
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench.live.figures import spread_ms
from bench.live.load import Sent, send_steadily
from bench.live.processes import cpu_between, cpu_seconds, running
from bench.live.visits import Visit
from footfall import names
from footfall.cluster.supervision.run import recall
from footfall.realtime import tables
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

# Events may be this late in HBase before they count as missing.
PATIENCE_S = 30.0


@dataclass
class Watched:
    """One event in flight. Times are in seconds of the monotonic clock."""

    row: bytes
    event_id: bytes
    due_s: float
    missed_s: float  # when the last poll that did not find it began


@dataclass
class Results:
    """The measured times, in seconds."""

    latest: list[float] = field(default_factory=list)
    earliest: list[float] = field(default_factory=list)
    looks: int = 0
    missing: int = 0


class Watcher(threading.Thread):
    """Polls for the expected events until `finish` was called and all have been found."""

    def __init__(self, settings: Settings, results: Results, look_s: float) -> None:
        super().__init__(name="watcher")
        self._store = HBaseStore(settings)
        self._results, self._look_s = results, look_s
        self._new: queue.SimpleQueue[Watched] = queue.SimpleQueue()
        self._no_more = threading.Event()

    def watch(self, one: Watched) -> None:
        """Adds an accepted event."""
        self._new.put(one)

    def finish(self) -> None:
        """Declares that no more events will be added."""
        self._no_more.set()

    def run(self) -> None:
        awaited: list[Watched] = []
        while not (self._no_more.is_set() and self._new.empty() and not awaited):
            while not self._new.empty():
                awaited.append(self._new.get())
            if awaited:
                awaited = self._look(awaited)
            time.sleep(self._look_s)
        self._store.close()

    def _look(self, awaited: list[Watched]) -> list[Watched]:
        began_s = time.monotonic()
        rows = self._store.read_rows(names.TABLE_SESSIONS, sorted({one.row for one in awaited}))
        ended_s = time.monotonic()
        found = {row: tables.session_events(cells).keys() for row, cells in rows}
        self._results.looks += 1
        left = []
        for one in awaited:
            if one.event_id in found.get(one.row, ()):
                self._results.latest.append(ended_s - one.due_s)
                self._results.earliest.append(max(0.0, one.missed_s - one.due_s))
            elif began_s - one.due_s > PATIENCE_S:
                self._results.missing += 1
            else:
                one.missed_s = began_s
                left.append(one)
        return left


def measure(
    settings: Settings, rate: float, seconds: float, look_s: float, every: int, batch: int
) -> tuple[Sent, Results]:
    """Sends `rate` events a second, measures every n-th, and waits until the last is readable."""
    results = Results()
    watcher = Watcher(settings, results, look_s)

    def accepted(number: int, visit: Visit, event: dict[str, Any], due_s: float) -> None:
        if number % every == 0:
            watcher.watch(Watched(visit.session_id.encode(), UUID(event["event_id"]).bytes, due_s, due_s))

    watcher.start()
    sent = send_steadily(settings, rate, seconds, accepted, batch)
    watcher.finish()
    watcher.join()
    return sent, results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=60, help="events a second, all sites together")
    parser.add_argument("--batch", type=int, default=1, help="events of one visit a request")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--look-ms", type=float, default=10, help="rest between two looks into HBase")
    parser.add_argument("--every", type=int, default=1, help="look for each n-th event only")
    options = parser.parse_args()
    settings = recall()
    look_s = options.look_ms / 1000
    # The first requests find empty caches and open new connections.
    measure(settings, options.rate, min(5.0, options.seconds), look_s, options.every, options.batch)
    processes = running(settings)
    before, began_s = cpu_seconds(processes), time.monotonic()
    sent, results = measure(settings, options.rate, options.seconds, look_s, options.every, options.batch)
    taken_s, used = time.monotonic() - began_s, cpu_between(before, cpu_seconds(processes))
    errors = [late - early for late, early in zip(results.latest, results.earliest, strict=True)]
    report = {
        "rate": options.rate,
        "events": len(sent.posts) * options.batch,
        "looked_for": len(results.latest),
        "errors": sent.errors,
        "missing": results.missing,
        "event_to_hbase": spread_ms(results.latest),
        "not_before": spread_ms(results.earliest),
        "measuring_error": spread_ms(errors),
        "post": spread_ms(sent.posts),
        "sender_behind": spread_ms(sent.late),
        "looks_per_s": round(results.looks / taken_s, 1),
        "cores": round(sum(used.values()) / taken_s, 2),
        "cpu_s": used,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

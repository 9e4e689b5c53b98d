"""A worker process: generates days of sites and writes them to Kafka, the ledger and drafts of log files.

Each process begins with the days of its own site, whose pages it caches, and continues where days are left.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Final

from footfall.history.day import Day, DayMaker
from footfall.history.event_recorder import StoredEvent
from footfall.history.log_shipper import write_drafts
from footfall.names import TOPIC_EVENTS
from footfall.recommendations.reader import Reader
from footfall.runtime import disk_mark
from footfall.settings import Settings
from footfall.site_registry import DemoSite
from footfall.sites.trusted_producer import NotStored, TrustedProducer
from footfall.sites.visitors.ledger import HOUR_MS, Ledger, line

# The data that is kept for a day is not garbage, and there is a lot of it: frequent collections would take a tenth of
# the time.
_GC_THRESHOLDS: Final = (100_000, 50, 100)
# After each chunk, the disk is checked, progress is reported, and stored events are written to the ledger.
_CHUNK: Final = 10_000
# Simulated people wait for their list in real time, however slow HBase is, since it decides what they do.
_LIST_PATIENCE_S: Final = 10.0
# Below this, another site's days are left to its own process: caching the pages would take longer than it needs.
_WORTH_HELPING: Final = 2

# The number of days of each site that some process has begun.
StartedDays = Mapping[DemoSite, "Synchronized[int]"]


@dataclass(frozen=True, slots=True)
class Order:
    """The work of one process. app: the site to begin with. logs_from: the first day whose log lines HDFS keeps.
    repeats: whether visits may be repetitions of others. lists: whether people see what learning found for them."""

    settings: Settings
    app: DemoSite
    days: tuple[date, ...]
    events_per_day: int
    logs_from: date
    repeats: bool = True
    lists: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Reports that this many more events of a day are in Kafka."""

    app: DemoSite
    day: date
    events: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Reports that a day of a site is complete; its log lines are in these drafts."""

    app: DemoSite
    day: date
    log_lines: int
    drafts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Reports that the process ends before its work is done, with the reason in one sentence."""

    sentence: str


Message = Stored | Finished | Failed


class _Ended(Exception):
    """The parent process has ended."""


def work(order: Order, begun: StartedDays, messages: "Queue[Message]") -> None:
    """Does its part of the work; the entry point of a process."""
    # Ctrl-C reaches the whole process group; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*_GC_THRESHOLDS)
    parent = os.getppid()

    def check() -> None:
        if os.getppid() != parent:
            raise _Ended
        if disk_mark.is_low(order.settings):
            raise NotStored(
                "The disk is nearly full: free some space, then repeat the command; no event is counted twice."
            )

    try:
        carry_out(order, begun, messages.put, check)
    except NotStored as error:
        messages.put(Failed(str(error)))
    except OSError as error:
        messages.put(Failed(f"{error.filename or 'A file'} cannot be written: {error.strerror}."))
    except _Ended:
        os._exit(1)  # not waiting for the queue's thread, whose reader is gone


def carry_out(order: Order, begun: StartedDays, report: Callable[[Message], None], check: Callable[[], None]) -> None:
    """Generates and stores days until all are begun. check: called often; raises to stop the work.

    Raises NotStored, OSError, Unacceptable.
    """
    producer = TrustedProducer(order.settings.kafka_bootstrap)
    lists = Reader(order.settings.address("hbase_thrift"), _LIST_PATIENCE_S) if order.lists else None
    for app in sites(order, begun):
        maker = DayMaker(order.settings, app, order.events_per_day, order.repeats, lists)
        ledger = Ledger(order.settings, app)
        try:
            for date_ in days(order, begun[app]):
                check()
                day = maker.make(date_, with_lines=date_ >= order.logs_from)
                # Written before any of the events can be stored, so that every stored event was attempted.
                write(ledger, "attempted", day.events)
                for chunk in _chunks(day.events):
                    check()
                    producer.send(TOPIC_EVENTS, ((event.session_id, event.value) for event in chunk))
                    write(ledger, "accepted", chunk)
                    report(Stored(app, date_, len(chunk)))
                report(_finished(order.settings, day))
        finally:
            ledger.close()
            maker.close()


def sites(order: Order, begun: StartedDays) -> Iterator[DemoSite]:
    """Yields the process's own site, then sites that no process has begun, then the one with the most days left."""
    yield order.app
    while True:
        left = {app: len(order.days) - number.value for app, number in begun.items()}
        # Sites that no process has begun come first; the others have a process that has cached their pages.
        most = max(left, key=lambda app: (left[app] == len(order.days), left[app]))
        if left[most] < min(_WORTH_HELPING, len(order.days)):
            return
        yield most


def days(order: Order, begun: "Synchronized[int]") -> Iterator[date]:
    """Yields days of one site that no process has begun; the first process to ask gets a day."""
    while True:
        with begun.get_lock():
            number = begun.value
            begun.value = number + 1
        if number >= len(order.days):
            return
        yield order.days[number]


def write(ledger: Ledger, kind: str, events: Sequence[StoredEvent]) -> None:
    """Writes the ledger's lines of events, each into the hour in which the event happened.

    kind: attempted or accepted.
    """
    for hour, of_hour in groupby(events, key=lambda event: event.at_ms // HOUR_MS):
        if kind == "attempted":
            lines = [line("attempted", e.at_ms, e.event_id, e.session_id, e.seq, e.event_type) for e in of_hour]
        else:
            lines = [line("accepted", e.at_ms, e.event_id, e.session_id) for e in of_hour]
        ledger.write_lines(hour * HOUR_MS, b"".join(lines))


def _finished(settings: Settings, day: Day) -> Finished:
    drafts = write_drafts(settings, day.app, day.date, day.lines)
    return Finished(day.app, day.date, len(day.lines), tuple(drafts))


def _chunks(events: list[StoredEvent]) -> Iterator[list[StoredEvent]]:
    for start in range(0, len(events), _CHUNK):
        yield events[start : start + _CHUNK]

"""Days of sites, made and brought to Kafka, the ledger and drafts of log files: one process of those that share them.

Each begins with the days of a site of its own, whose pages it has rendered then, and goes on where days are left.
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
from footfall.settings import Settings
from footfall.site_registry import DemoSite
from footfall.sites.trusted_producer import NotStored, TrustedProducer
from footfall.sites.visitors.ledger import HOUR_MS, Ledger, line

# What is made and kept for a day is no garbage, and there is a lot of it: looking through it again and again would take
# a tenth of the time.
_GC_THRESHOLDS: Final = (100_000, 50, 100)
# Between two of these the disk is looked at, progress is told, and what Kafka has stored is written into the ledger.
_CHUNK: Final = 10_000
# To help with the last day of another site would take longer than its own process needs for it.
_WORTH_HELPING: Final = 2

# How many days of each site somebody has begun.
StartedDays = Mapping[DemoSite, "Synchronized[int]"]


@dataclass(frozen=True, slots=True)
class Order:
    """What there is to do. app: whose days the process begins with. logs_from: first day whose log lines are kept in
    HDFS."""

    settings: Settings
    app: DemoSite
    days: tuple[date, ...]
    events_per_day: int
    logs_from: date


@dataclass(frozen=True, slots=True)
class Stored:
    """So many events of a day are in Kafka."""

    app: DemoSite
    day: date
    events: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A day of a site is made; its log lines are in these drafts."""

    app: DemoSite
    day: date
    log_lines: int
    drafts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The site's process ends without having done everything; one sentence why."""

    sentence: str


Message = Stored | Finished | Failed


class _Ended(Exception):
    """Nobody waits for this process any more."""


def work(order: Order, begun: StartedDays, messages: "Queue[Message]") -> None:
    """Does its part of an order; the first thing a process does."""
    # Ctrl-C reaches the whole group: the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*_GC_THRESHOLDS)
    parent = os.getppid()

    def check() -> None:
        if os.getppid() != parent:
            raise _Ended
        if (order.settings.run_dir / "disk-low").exists():
            raise NotStored("The disk is nearly full: make room, then do the same again: nothing doubles.")

    try:
        carry_out(order, begun, messages.put, check)
    except NotStored as error:
        messages.put(Failed(str(error)))
    except OSError as error:
        messages.put(Failed(f"{error.filename or 'A file'} cannot be written: {error.strerror}."))
    except _Ended:
        os._exit(1)  # without the queue's thread, which has nobody to tell


def carry_out(order: Order, begun: StartedDays, report: Callable[[Message], None], check: Callable[[], None]) -> None:
    """Makes days and stores them, until all are begun. check: may raise, and is asked often.

    Raises NotStored, OSError, Unacceptable.
    """
    producer = TrustedProducer(order.settings.kafka_bootstrap)
    for app in sites(order, begun):
        maker = DayMaker(order.settings, app, order.events_per_day)
        ledger = Ledger(order.settings, app)
        try:
            for date_ in days(order, begun[app]):
                check()
                day = maker.make(date_, with_lines=date_ >= order.logs_from)
                # Before the first of them can be stored: whatever is stored was attempted.
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
    """The process's own site, then those that nobody has begun, then whichever has most days left."""
    yield order.app
    while True:
        left = {app: len(order.days) - number.value for app, number in begun.items()}
        # Sooner than the last days of another, which has a process that knows its pages.
        most = max(left, key=lambda app: (left[app] == len(order.days), left[app]))
        if left[most] < min(_WORTH_HELPING, len(order.days)):
            return
        yield most


def days(order: Order, begun: "Synchronized[int]") -> Iterator[date]:
    """Days of one site that nobody has begun, each for who gets it first."""
    while True:
        with begun.get_lock():
            number = begun.value
            begun.value = number + 1
        if number >= len(order.days):
            return
        yield order.days[number]


def write(ledger: Ledger, kind: str, events: Sequence[StoredEvent]) -> None:
    """Writes the ledger's lines of events, each into the hour in which it happened.

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

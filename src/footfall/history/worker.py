"""One site's days, made and brought to Kafka, the ledger and drafts of log files, in a process of its own."""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final

from footfall.history.courier import write_drafts
from footfall.history.day import Day, DayMaker
from footfall.history.scribe import Made
from footfall.names import TOPIC_EVENTS, AppId
from footfall.settings import Settings
from footfall.sites.trusted import NotStored, TrustedProducer
from footfall.sites.visitors.ledger import HOUR_MS, Ledger, line

# What is made and kept for a day is no garbage, and there is a lot of it: looking through it again and again would take
# a tenth of the time.
_GC_THRESHOLDS: Final = (100_000, 50, 100)
# Between two of these the disk is looked at, progress is told, and what Kafka has stored is written into the ledger.
_CHUNK: Final = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """What one site's process has to do. logs_from: first day whose log lines are kept in HDFS."""

    settings: Settings
    app: AppId
    days: tuple[date, ...]
    events_per_day: int
    logs_from: date


@dataclass(frozen=True, slots=True)
class Stored:
    """So many events of a day are in Kafka."""

    app: AppId
    day: date
    events: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A day of a site is made; its log lines are in these drafts."""

    app: AppId
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


def work(order: Order, messages: "Queue[Message]") -> None:
    """Does one order; the first thing a process does."""
    # Ctrl-C reaches the whole group: the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*_GC_THRESHOLDS)
    parent = os.getppid()

    def go_on() -> None:
        if os.getppid() != parent:
            raise _Ended
        if (order.settings.run_dir / "disk-low").exists():
            raise NotStored("The disk is nearly full: make room, then do the same again: nothing doubles.")

    try:
        carry_out(order, messages.put, go_on)
    except NotStored as error:
        messages.put(Failed(str(error)))
    except OSError as error:
        messages.put(Failed(f"{error.filename or 'A file'} cannot be written: {error.strerror}."))
    except _Ended:
        os._exit(1)  # without the queue's thread, which has nobody to tell


def carry_out(order: Order, tell: Callable[[Message], None], go_on: Callable[[], None]) -> None:
    """Makes each day and stores it. go_on: may raise, and is asked often. Raises NotStored, OSError, Unacceptable."""
    producer = TrustedProducer(order.settings.kafka_bootstrap)
    maker = DayMaker(order.settings, order.app, order.events_per_day)
    ledger = Ledger(order.settings, order.app)
    try:
        for date_ in order.days:
            go_on()
            day = maker.make(date_, with_lines=date_ >= order.logs_from)
            # Before the first of them can be stored: whatever is stored was attempted.
            write(ledger, "attempted", day.events)
            for chunk in _chunks(day.events):
                go_on()
                producer.send(TOPIC_EVENTS, ((event.session_id, event.value) for event in chunk))
                write(ledger, "accepted", chunk)
                tell(Stored(order.app, date_, len(chunk)))
            tell(_finished(order.settings, day))
    finally:
        ledger.close()
        maker.close()


def write(ledger: Ledger, kind: str, events: Sequence[Made]) -> None:
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


def _chunks(events: list[Made]) -> Iterator[list[Made]]:
    for start in range(0, len(events), _CHUNK):
        yield events[start : start + _CHUNK]

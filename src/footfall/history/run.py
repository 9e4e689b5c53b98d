"""Generates past days on the running platform: one process per core, then the log files to Flume, then a summary."""

import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from typing import Any, Final

from footfall.errors import FootfallError
from footfall.history import day_profile
from footfall.history.log_shipper import LogShipper, clear_drafts
from footfall.history.worker import Failed, Finished, Message, Order, Stored, work
from footfall.names import TOPIC_EVENTS
from footfall.runtime import file_lock
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.trusted_producer import NotStored, TrustedProducer

# HDFS keeps events this long: an older day would be deleted at once.
MOST_DAYS: Final = 90
_LOOK_S: Final = 0.2
# Flume reads new files within seconds; after a restart it takes about twenty.
_FLUME_PATIENCE_S: Final = 120.0


class HistoryError(FootfallError):
    """The days could not be generated; the message is one sentence."""


@dataclass(slots=True)
class Made:
    """The progress so far, by day. seconds: from the beginning until the last event was stored."""

    events: dict[date, int]
    log_lines: dict[date, int]
    seconds: float = 0.0
    files_left: int = 0
    _started: float = field(default_factory=time.monotonic)

    def document(self) -> dict[str, Any]:
        """The result as `--json` shows it."""
        total = sum(self.events.values())
        return {
            "days": [
                {"dt": day.isoformat(), "events": events, "log_lines": self.log_lines[day]}
                for day, events in self.events.items()
            ],
            "events": total,
            "seconds": round(self.seconds, 3),
            "events_per_s": round(total / self.seconds, 1) if self.seconds else 0.0,
        }


def wanted_events(settings: Settings, days: list[date], events_per_day: int) -> int:
    """The approximate number of events of these days together."""
    return sum(day_profile.events_wanted(settings.seed, app, day, events_per_day) for day in days for app in DEMO_SITES)


def make(
    settings: Settings,
    days: list[date],
    today: date,
    events_per_day: int,
    progress: Callable[[Made], None],
    repeats: bool = True,
    lists: bool = False,
) -> Made:
    """Generates the days; returns the totals once each event is in Kafka and Flume has read each log line.

    settings: with the wanted seed, population, tastes and groups. progress: called with the current state several times
    a second. repeats: whether visits may be repetitions of others. lists: whether people see what learning found for
    them; HBase must run then.
    Raises HistoryError. An exception in `progress` or from a signal handler ends the worker processes.
    """
    with _alone(settings):
        _expect_kafka(settings)
        clear_drafts(settings)
        made = Made(dict.fromkeys(days, 0), dict.fromkeys(days, 0))
        shipper = LogShipper(settings)
        context = multiprocessing.get_context("spawn")
        messages: multiprocessing.queues.Queue[Message] = context.Queue()
        logs_from = today - timedelta(days=settings.retention.hdfs_logs_days)
        begun = {app: context.Value("i", 0) for app in DEMO_SITES}
        processes = [
            context.Process(
                target=work,
                args=(Order(settings, app, tuple(days), events_per_day, logs_from, repeats, lists), begun, messages),
                daemon=True,
            )
            for app in DEMO_SITES[: len(os.sched_getaffinity(0))]
        ]
        try:
            for process in processes:
                process.start()
            _follow(processes, messages, len(days) * len(DEMO_SITES), made, shipper, progress)
            _await_flume(made, shipper, progress)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()
        clear_drafts(settings)
        return made


def _follow(
    processes: Sequence[BaseProcess],
    messages: "multiprocessing.queues.Queue[Message]",
    expected: int,
    made: Made,
    shipper: LogShipper,
    progress: Callable[[Made], None],
) -> None:
    """Follows the workers until all days of all sites are in Kafka."""
    finished: set[tuple[DemoSite, date]] = set()
    while len(finished) < expected:
        try:
            message = messages.get(timeout=_LOOK_S)
        except queue.Empty:
            if any(process.exitcode not in (None, 0) for process in processes) and messages.empty():
                raise HistoryError("A process that generated history ended early; see its output above.") from None
        else:
            match message:
                case Failed(sentence):
                    raise HistoryError(sentence)
                case Stored(_, day, events):
                    made.events[day] += events
                    made.seconds = time.monotonic() - made._started
                case Finished(app, day, log_lines, drafts):
                    made.log_lines[day] += log_lines
                    finished.add((app, day))
                    # Handed over only when all events are stored: Flume would compete with the workers.
                    shipper.add(drafts)
        made.files_left = shipper.left
        progress(made)


def _await_flume(made: Made, shipper: LogShipper, progress: Callable[[Made], None]) -> None:
    """Waits until Flume has read all log files."""
    moved = time.monotonic()
    while shipper.left:
        if shipper.look():
            moved = time.monotonic()
        if time.monotonic() - moved > _FLUME_PATIENCE_S:
            raise HistoryError(
                f"All events are stored, but Flume has not read on for {_FLUME_PATIENCE_S:.0f} s: see "
                "`./footfall status`. Once it is healthy, repeat the command; no event is counted twice."
            )
        made.files_left = shipper.left
        progress(made)
        time.sleep(_LOOK_S)


def _expect_kafka(settings: Settings) -> None:
    try:
        TrustedProducer(settings.kafka_bootstrap).expect_partitions(TOPIC_EVENTS, settings.events_partitions)
    except NotStored as error:
        raise HistoryError(str(error)) from None


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Ensures that only one run is active: two would use each other's drafts."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with file_lock.tried(settings.run_dir / "history.lock") as own:
        if not own:
            raise HistoryError("Another `history` command is running on this platform; wait until it ends.")
        yield

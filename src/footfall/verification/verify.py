"""Proves the running platform: takes the cut, waits until the stores have reached it, compares them."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from footfall import names
from footfall.errors import FootfallError
from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.kafka.logs import describe
from footfall.kafka.topics import KafkaUnavailable, Topic, TopicPartition
from footfall.lake.progress import Current
from footfall.realtime import sweeper
from footfall.realtime.lag import PartitionState, read_states
from footfall.realtime.store import HBaseStore, HBaseUnavailable
from footfall.runtime import requested
from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.sites.visitors.ledger import Entry
from footfall.verification import cut as cuts
from footfall.verification import spools
from footfall.verification.archive import Reached, unarchived
from footfall.verification.archive_files import ArchiveFiles
from footfall.verification.cut import Cut
from footfall.verification.findings import Findings
from footfall.verification.kafka_log import KafkaLog, KafkaLogUnavailable
from footfall.verification.live_tables import HBaseLiveTables
from footfall.verification.reconcile import Archive, reconcile
from footfall.verification.report import Report
from footfall.verification.spools import Patience, Say
from footfall.verification.weblogs import STORE as LOGS
from footfall.verification.weblogs import compare_logs

_DAY_MS: Final = 86_400_000
Seen = TypeVar("Seen")


class CannotVerify(FootfallError):
    """A store that must be read is away; the message is one sentence that names it."""


def verify(settings: Settings, since_ms: int | None, wait_s: float, say: Say) -> Report:
    """Reconciles all stores. since_ms: leaves out hours before that one's; wait_s: bound of each of the four waits.

    Raises CannotVerify.
    """
    live = HBaseLiveTables(settings)
    try:
        topics = describe(settings)
        log = KafkaLog(settings.kafka_bootstrap)
        try:
            return _verify(settings, log, live, topics, since_ms, wait_s, say)
        finally:
            log.close()
    except (HdfsUnavailable, KafkaUnavailable, KafkaLogUnavailable, HBaseUnavailable) as error:
        raise CannotVerify(str(error)) from None
    finally:
        live.close()


def _verify(
    settings: Settings,
    log: KafkaLog,
    live: HBaseLiveTables,
    topics: Mapping[str, Topic],
    since_ms: int | None,
    wait_s: float,
    say: Say,
) -> Report:
    findings = Findings()
    at_ms = time.time_ns() // 1_000_000
    say("Reading the sites' log lines.")
    beside = {LOGS: compare_logs(settings, at_ms, since_ms, Patience(wait_s, say), findings)}
    accepted_before_ms = _await_spools(settings, at_ms, Patience(wait_s, say), findings)
    bounds = cuts.bounds(log, topics)
    starts = {place: start for place, (start, _) in bounds.items()}
    ends = {place: end for place, (_, end) in bounds.items()}
    # Before HBase is asked: its gateway would close a connection that waits so long.
    archive = _await_archived(settings, at_ms, starts, ends, findings, Patience(wait_s, say))
    states = _await_counted(live.store, topics, starts, ends, Patience(wait_s, say))
    cut = Cut(at_ms, topics, starts, ends, states, accepted_before_ms)
    newest = sweeper.newest_minute(live.store)
    floor = cuts.floor_of(log, bounds, settings.retention, at_ms, since_ms, newest)
    return reconcile(log, live, LedgerFiles(settings), cut, floor, findings, archive, beside, say)


def _await_archived(
    settings: Settings,
    at_ms: int,
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    findings: Findings,
    patience: Patience,
) -> Archive | None:
    """The archive, once it has reached the ends or patience is over; None if it is no part of what `up` started."""
    if "spark-streaming" not in requested.read(settings):
        return None
    files = ArchiveFiles(Hdfs(settings), findings)

    def look() -> tuple[Reached, Mapping[TopicPartition, int]]:
        # Before its first checkpoint nothing is archived.
        current = files.current() or Current("", {}, {})
        reached = Reached(current, files.latest(current))
        return reached, unarchived(reached, ends, starts)

    reached = await_reached(look, "archived", patience)
    # The watchdog may be deleting the last day that is kept no longer.
    first_day = at_ms // _DAY_MS - settings.retention.hdfs_events_days + 1
    return Archive(files, reached, first_day * 24)


class LedgerFiles:
    """The ledgers on disk. A `reconcile.Ledgers`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def entries(self, app: str, since_ms: int) -> Iterable[Entry]:
        """A site's single lines from a time (ms since 1970) on."""
        return ledger.read(self._settings, app, since_ms)

    def complete_from(self, app: str) -> int:
        """The hour (since 1970) before which a site's single lines are gone; 0 if all are there."""
        reduced = [str(total["hour"]) for total in ledger.read_totals(self._settings, app)]
        return max((hour_of(stem) for stem in reduced), default=-1) + 1


def hour_of(stem: str) -> int:
    """The hour (since 1970) in the name of a ledger's file, such as 20261124T08."""
    return int(datetime.strptime(f"{stem}+0000", "%Y%m%dT%H%z").timestamp()) // 3600


def _await_spools(settings: Settings, at_ms: int, patience: Patience, findings: Findings) -> dict[str, int]:
    wanted = requested.read(settings)
    running = {app for app in names.APP_IDS if f"site-{app}" in wanted}
    states = spools.await_drained(lambda app: spools.look_at(settings, app), running, at_ms, patience)
    for app, state in states.items():
        lag = state.lag(at_ms, app in running)
        if lag is not None:
            findings.say("ledger", "spooled" if state.answers else "site_silent", lag, app)
    return {app: state.accepted_before_ms(at_ms) for app, state in states.items()}


def _await_counted(
    store: HBaseStore,
    topics: Mapping[str, Topic],
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    patience: Patience,
) -> dict[TopicPartition, PartitionState]:
    """Progress of all partitions, as soon as it has reached the ends, or when patience is over."""

    def look() -> tuple[dict[TopicPartition, PartitionState], Mapping[TopicPartition, int]]:
        states = read_states(store, topics)
        return states, cuts.behind(starts, ends, states)

    return await_reached(look, "counted", patience)


def await_reached(look: Callable[[], tuple[Seen, Mapping[TopicPartition, int]]], done: str, patience: Patience) -> Seen:
    """Looks until no record waits or patience is over; what was seen the last time.

    look: what is seen, and how many records wait, by partition, where there are any. done: what they wait to be.
    Raises what `look` raises; while its store is away, only when patience is over.
    """
    while True:
        try:
            seen, waiting = look()
        except (HdfsUnavailable, HBaseUnavailable) as error:
            # A region that moves is back within a minute, a NameNode that was started anew as soon.
            if not patience.wait(str(error)):
                raise
            continue
        told = ", ".join(f"{topic}/{partition} ({records})" for (topic, partition), records in waiting.items())
        if not waiting or not patience.wait(f"not {done} yet, by partition: {told}."):
            return seen

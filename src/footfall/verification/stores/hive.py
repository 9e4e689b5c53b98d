"""Compares the published days in Hive with the archive and with the counts of log lines.

Every archived identity that the day's manifest includes must be one row of `fact_events`; nothing else may be there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.verification.archive_files import Archived, ArchiveFiles
from footfall.verification.events_scan import EventsCheck
from footfall.verification.findings import HOUR_MS, StoreFindings
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.stores.store import Comparison, Store
from footfall.warehouse import manifest as manifests
from footfall.warehouse import presence, published
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.partitions import with_partitions
from footfall.warehouse.published import Published
from footfall.warehouse.tables import TABLES

_SENTENCES: Final = {
    "not_in_hive": "{n} archived events are not in Hive's fact_events.",
    "twice_in_hive": "{n} events are in Hive's fact_events more than once.",
    "only_in_hive": "{n} events of Hive's fact_events are not in the archive.",
}
_LINES: Final = (("access", "fact_requests"), ("error", "fact_log_errors"), ("performance", "fact_performance"))
# Day, app and hour since 1970.
_Hour = tuple[str, str, int]


class HiveStore(Store):
    """The published days."""

    name = "hive"

    def __init__(self, hdfs: Hdfs, hive: Hive, archive: ArchiveFiles) -> None:
        self._hdfs, self._hive, self._archive = hdfs, hive, archive
        self._days = self._events = 0

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Compares all published days that the archive still holds."""
        comparison.say("Comparing Hive with the archive.")
        findings = comparison.findings.of(self.name, _SENTENCES)
        known = published.read(self._hdfs)
        read = {run: manifests.load(self._hdfs, run) for run in {one.run for one in known.values()}}
        self._name_old_runs(known, findings)
        partitions = {str(day): one.run for day, one in known.items()}
        for table, day in presence.gone(self._hdfs, TABLES, partitions):
            findings.say("deleted", presence.sentence(table, day))
        if partitions:
            self._compare_events(partitions, read, findings)
            self._compare_lines(partitions, findings)
        self._days = len(known)
        return ()

    def summarise(self) -> Mapping[str, Any]:
        """days: published ones. events: the rows of `fact_events` of the days that the archive still holds."""
        return {"compared": True, "days": self._days, "events": self._events}

    def close(self) -> None:
        """Closes the connection to Hive."""
        self._hive.close()

    def _name_old_runs(self, known: Mapping[date, Published], findings: StoreFindings) -> None:
        """Reports days that show a run although another one was published for them later."""
        for day, (last, recorded_ms) in manifests.last_published(self._hdfs).items():
            # If publishing was killed before it made its record, the record is older.
            if day in known and known[day].run != last and known[day].published_ms < recorded_ms:
                findings.say("old_run", f"{day} shows the run {known[day].run}, although {last} was published later.")

    def _compare_events(
        self, partitions: Mapping[str, str], read: Mapping[str, Manifest], findings: StoreFindings
    ) -> None:
        stored = self._stored(partitions)
        self._events = sum(rows for rows, _ in stored.values())
        for dt, run in partitions.items():
            archived: Counter[_Hour] = Counter()
            seen: set[tuple[str, str]] = set()
            days = False
            for rows in self._archive.day(dt, lambda sentence: findings.say("damaged", sentence)):
                days = True
                for name, hour in _before(rows, read[run]):
                    if name not in seen:
                        seen.add(name)
                        archived[dt, rows.app_id, hour] += 1
            if not days:
                continue  # The archive no longer holds the day.
            for key in sorted(archived.keys() | {key for key in stored if key[0] == dt}):
                found, distinct = stored.get(key, (0, 0))
                if not found == distinct == archived[key]:
                    self._name_events(key, run, read[run], findings)

    def _stored(self, partitions: Mapping[str, str]) -> dict[_Hour, tuple[int, int]]:
        """The rows and the distinct identities of `fact_events`."""
        select = (
            "SELECT dt, app_id, event_ms div 3600000, count(*), count(DISTINCT session_id, event_id) "
            "FROM fact_events GROUP BY dt, app_id, event_ms div 3600000"
        )
        rows = self._hive.rows(with_partitions(select, partitions))
        return {(dt, app, int(hour)): (int(n), int(distinct)) for dt, app, hour, n, distinct in rows}

    def _name_events(self, key: _Hour, run: str, read: Manifest, findings: StoreFindings) -> None:
        """Reports each event of an hour that differs."""
        dt, app, hour = key
        select = "SELECT session_id, event_id FROM fact_events WHERE app_id = %s AND event_ms div 3600000 = %s"
        rows = Counter(tuple(row) for row in self._hive.rows(with_partitions(select, {dt: run}), (app, hour)))
        archived = {
            name
            for part in self._archive.day(dt, lambda _: None)
            if part.app_id == app
            for name, at in _before(part, read)
            if at == hour
        }
        for name in sorted(archived - rows.keys()):
            findings.add("not_in_hive", app, hour, "/".join(name))
        for name, n in sorted(rows.items()):
            if name not in archived:
                findings.add("only_in_hive", app, hour, "/".join(name))
            elif n > 1:
                findings.add("twice_in_hive", app, hour, "/".join(name))

    def _compare_lines(self, partitions: Mapping[str, str], findings: StoreFindings) -> None:
        """Compares the counts of log lines with the rows that were made of them."""
        counts = "SELECT dt, log_kind, distinct_lines, set_apart FROM log_counts"
        wanted = {
            (dt, kind): (int(lines), int(apart))
            for dt, kind, lines, apart in self._hive.rows(with_partitions(counts, partitions))
        }
        parts = [f"SELECT '{kind}' AS log_kind, dt FROM {table}" for kind, table in _LINES]  # noqa: S608 - constants
        parts.append("SELECT log_kind, dt FROM log_lines_set_apart")
        select = f"SELECT dt, log_kind, count(*) FROM ({' UNION ALL '.join(parts)}) l GROUP BY dt, log_kind"  # noqa: S608
        found = {(dt, kind): int(n) for dt, kind, n in self._hive.rows(with_partitions(select, partitions))}
        for dt, kind in sorted(wanted.keys() | found.keys()):
            lines, _ = wanted.get((dt, kind), (0, 0))
            if lines != found.get((dt, kind), 0):
                findings.say(
                    "lines",
                    f"{dt} has {lines} distinct {kind} lines, but {found.get((dt, kind), 0)} rows and lines set apart.",
                )


def _before(rows: Archived, read: Manifest) -> Iterable[tuple[tuple[str, str], int]]:
    """The identity and the hour of each row that the manifest includes."""
    for session, event, at_ms, partition, offset in zip(
        rows.sessions, rows.events, rows.event_ms, rows.partitions, rows.offsets, strict=True
    ):
        if offset < read.archive_ends.get(str(partition), 0):
            yield (session, event), at_ms // HOUR_MS

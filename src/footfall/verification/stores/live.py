"""Compares the live tables with Kafka: session cells with first offsets, aggregate cells with the naive recount."""

import sys
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from footfall import names
from footfall.realtime import tables
from footfall.verification import recount
from footfall.verification.cut import DAY_MS, Cut, PartitionRange, next_hour
from footfall.verification.events_scan import EventRecord, EventsCheck
from footfall.verification.findings import HOUR_MS, StoreFindings
from footfall.verification.identity import Rows, partition_of
from footfall.verification.live_cells import count_faults, label, visitor_faults
from footfall.verification.live_progress import LiveProgress
from footfall.verification.live_tables import LiveTables
from footfall.verification.patience import Patience
from footfall.verification.recount import AggregateKey
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.stores.store import Comparison, Store

SENTENCES: Final = {
    "session_missing": "{n} counted events have no cell in sessions.",
    "session_extra": "{n} cells in sessions belong to no event in Kafka.",
    "session_offset": "{n} cells in sessions hold another offset than the first of their event.",
    "row_missing": "{n} counts of an event are missing, because their row does not exist.",
    "row_extra": "{n} cells count events although no event in Kafka belongs to them.",
    "row_differs": "{n} cells differ from the recount.",
    "row_late": "{n} counts of an event are missing: progress includes the event, but the offset of its row does not.",
}


class LiveStore(Store):
    """The tables `sessions`, `minute_metrics` and `active_users`."""

    name = "live"

    def __init__(self, tables: LiveTables, progress: LiveProgress, kept_days: int) -> None:
        """kept_days: the days for which the sweeper keeps a cell, counted back from the newest minute."""
        self._tables, self._progress, self._kept_days = tables, progress, kept_days
        self._kept_from_hour = 0

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until everything before the cut is counted."""
        self._progress.await_cut(cut, patience)
        self._kept_from_hour = swept_hour(self._tables.newest_minute(), self._kept_days)
        # The connection would be idle until the cells are read, and HBase's gateway closes idle connections.
        self._tables.close()

    def kept_from_hour(self) -> int:
        """The first hour that the sweeper cannot have deleted from."""
        return self._kept_from_hour

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reads every session cell. The aggregate cells are read later, partition by partition."""
        comparison.say("Reading the session cells.")
        findings = comparison.findings.of(self.name, SENTENCES)
        self._progress.judge(comparison.cut, findings)
        self._tally = comparison.tally
        self._cells = _LiveCells(self._tables, self._progress, findings, comparison)
        return (self._cells,)

    def summarise(self) -> Mapping[str, Any]:
        """The number of cells that hold or count an event before the cut."""
        return {
            "compared": True,
            "session_cells": self._tally.total("counted"),
            "aggregate_cells": self._cells.aggregate_cells,
        }

    def close(self) -> None:
        """Closes the connection."""
        self._tables.close()


def swept_hour(newest_minute: int | None, kept_days: int) -> int:
    """The first hour (since 1970) that the sweeper cannot have deleted from. newest_minute: in the live tables."""
    if newest_minute is None:
        return 0
    # One hour more: the sweeper may be running now, with an even newer minute.
    return max(0, next_hour(newest_minute * 60_000 - kept_days * DAY_MS) + 1)


class _Row:
    """One aggregate row: its two cells as stored, the offset of each (None if it does not exist), and the recount."""

    __slots__ = ("active", "active_offset", "counts", "counts_offset", "recounted")

    def __init__(self) -> None:
        self.counts = self.active = b""
        self.counts_offset: int | None = None
        self.active_offset: int | None = None
        self.recounted = recount.new_figures()


class _LiveCells(EventsCheck):
    """Compares the cells with the records of `events`. aggregate_cells: those that count an event before the cut."""

    def __init__(
        self, tables: LiveTables, progress: LiveProgress, findings: StoreFindings, comparison: Comparison
    ) -> None:
        """Reads all session cells. `progress` must have been read before."""
        self._tables, self._progress, self._findings = tables, progress, findings
        self._first_hour, self._tally = comparison.first_hour, comparison.tally
        self._sessions = [Rows() for _ in range(comparison.cut.events_partitions)]
        for key, cells in tables.sessions():
            self._keep(key.decode(), cells)
        self._partition = PartitionRange(names.TOPIC_EVENTS, 0, 0, 0, 0)
        self._counted = -1
        self._cells: dict[int, int] = {}
        self._rows: dict[bytes, _Row] = {}
        self._visits, self._values = recount.Visits(), recount.Values()
        # Sessions of which Kafka has deleted events.
        self._older: set[str] = set()
        self._behind_cut = False
        self._unreadable = 0
        self.aggregate_cells = 0

    def read(self, partition: int) -> None:
        """Reads the partition's aggregate cells."""
        self._rows = {}
        column, since = tables.events_column(partition), self._first_hour * 60
        for key, cell in self._tables.cells(names.TABLE_MINUTE_METRICS, column, since):
            row = self._rows.setdefault(key, _Row())
            row.counts, row.counts_offset = cell, tables.decode_counts(cell).offset
        for key, cell in self._tables.cells(names.TABLE_ACTIVE_USERS, column, since):
            row = self._rows.setdefault(key, _Row())
            row.active, row.active_offset = cell, tables.decode_visitor_sketches(cell)[0]

    def begin(self, partition: PartitionRange) -> list[int]:
        """Indexes the partition's session cells. Returns the keys of those whose record Kafka has deleted."""
        self._partition, self._behind_cut, self._unreadable = partition, False, 0
        self._counted = self._progress.counted((partition.topic, partition.number), partition.start)
        self._progress.judge_tail(partition, self._findings)
        sessions = self._sessions[partition.number]
        self._cells = {sessions.identities.key(index): index for index in range(len(sessions.offsets))}
        for app, hour, offset in zip(sessions.apps, sessions.hours, sessions.offsets, strict=True):
            if hour >= self._first_hour and offset < partition.cut:
                self._tally.add("counted", app, hour)
        self._visits, self._values = recount.Visits(), recount.Values()
        deleted = [key for key, index in self._cells.items() if sessions.offsets[index] < partition.start]
        self._older = {sessions.identities.session(self._cells[key]) for key in deleted}
        return deleted

    def first(self, event: EventRecord) -> None:
        """Compares the session cell of the event, and adds the event to the recount of its rows."""
        if not self._behind_cut and event.offset >= self._partition.cut:
            self._pass_cut()
        index = self._cells.pop(event.key, None)
        is_compared = event.hour >= self._first_hour
        rows = recount.rows_of(event.stored.fields, event.stored.time_ms) if is_compared else ()
        counted = [self._values.admit(row) for row in rows]
        # A late page view can replace the first page view of a visit, and that one may be in a compared hour.
        for row, entries, exits in self._changes(event):
            self._count_visit(row, event, entries, exits)
        if not is_compared:
            return
        if index is None:
            if event.offset <= self._counted:
                self._add("session_missing", event, event.name)
        elif (found := self._sessions[self._partition.number].offsets[index]) != event.offset:
            self._add("session_offset", event, f"{event.name}: {found} instead of {event.offset}")
        for row in counted:
            self._count(row, event)

    def unreadable(self, offset: int) -> None:
        """Counts an unreadable record, which the live path must have skipped."""
        self._unreadable += offset <= self._counted

    def end(self, known: Container[int]) -> None:
        """Compares the rows, and reports session cells that belong to no event."""
        if not self._behind_cut:
            self._pass_cut()
        sessions = self._sessions[self._partition.number]
        for index in self._cells.values():
            hour, offset = sessions.hours[index], sessions.offsets[index]
            if hour >= self._first_hour and offset >= self._partition.start:
                name = f"{sessions.identities.name(index)} (offset {offset})"
                self._findings.add("session_extra", sessions.apps[index], hour, name)
        for encoded, row in self._rows.items():
            self._compare(AggregateKey(*tables.decode_row_key(encoded)), row)
        self._progress.judge_unreadable(self._partition, self._unreadable, self._findings)

    def _pass_cut(self) -> None:
        """Counts the cells with events before the cut. Called once, when the scan passes the cut."""
        self._behind_cut = True
        for encoded, row in self._rows.items():
            people, bots = row.recounted
            if tables.decode_row_key(encoded).minute // 60 >= self._first_hour:
                self.aggregate_cells += (row.counts_offset is not None) and (people.events or bots.events) > 0
                self.aggregate_cells += (row.active_offset is not None) and bool(people.visitors or bots.visitors)

    def _keep(self, session_id: str, cells: Mapping[bytes, bytes]) -> None:
        sessions = self._sessions[partition_of(session_id, len(self._sessions))]
        for event_id, cell in tables.session_events(cells).items():
            sessions.identities.add(session_id, event_id)
            sessions.offsets.append(cell.offset)
            sessions.hours.append(cell.event_time_ms // HOUR_MS)
            sessions.apps.append(sys.intern(cell.app_id))

    def _count(self, key: AggregateKey, event: EventRecord) -> None:
        row = self._rows.get(tables.encode_row_key(*key))
        counts_offset = None if row is None else row.counts_offset
        active_offset = None if row is None else row.active_offset
        counts = self._includes(counts_offset, names.TABLE_MINUTE_METRICS, key, event)
        active = self._includes_visitor(active_offset, key, event)
        if row is None:
            return
        if counts:
            recount.add_counts(row.recounted, event.stored.fields)
        if active:
            recount.add_visitor(row.recounted, event.stored.fields)

    def _changes(self, event: EventRecord) -> list[tuple[AggregateKey, int, int]]:
        session_id = event.stored.session_id
        if session_id in self._older and session_id not in self._visits:
            known = tables.session_events(self._tables.session(session_id))
            for event_id, cell in sorted(known.items(), key=lambda event: event[1].offset):
                if cell.offset < self._partition.start:
                    stored = {**cell._asdict(), "session_id": session_id, "event_id": str(UUID(bytes=event_id))}
                    self._visits.add(stored, cell.event_time_ms)
        return self._visits.add(event.stored.fields, event.stored.time_ms)

    def _count_visit(self, page: AggregateKey, event: EventRecord, entries: int, exits: int) -> None:
        if page.minute // 60 < self._first_hour:
            return
        key = self._values.row(page)
        row = self._rows.get(tables.encode_row_key(*key))
        offset = None if row is None else row.counts_offset
        if not self._includes(offset, names.TABLE_MINUTE_METRICS, key, event):
            return
        if row is not None:
            row.recounted.people.entries += entries
            row.recounted.people.exits += exits

    def _includes(self, cell_offset: int | None, table: str, key: AggregateKey, event: EventRecord) -> bool:
        """Whether a cell with that offset must include the event. Reports a counted event that is not in the cell."""
        if cell_offset is not None and event.offset <= cell_offset:
            return True
        if event.offset <= self._counted:
            kind = "row_missing" if cell_offset is None else "row_late"
            self._add(kind, event, f"{table}: {label(key)}: {event.name}")
        return False

    def _includes_visitor(self, cell_offset: int | None, key: AggregateKey, event: EventRecord) -> bool:
        """Whether a cell of `active_users` must include the event's visitor.

        The live path does not rewrite a cell for a visitor that it already contains. So the cell's offset may be lower
        than the last counted offset, but no visitor may be missing.
        """
        if cell_offset is None:
            return self._includes(None, names.TABLE_ACTIVE_USERS, key, event)
        return event.offset <= max(cell_offset, self._counted)

    def _compare(self, key: AggregateKey, row: _Row) -> None:
        hour = key.minute // 60
        if hour < self._first_hour:
            return
        expected = row.recounted
        if row.counts_offset is not None:
            empty = not (expected.people.events or expected.bots.events)
            self._judge(names.TABLE_MINUTE_METRICS, key, hour, empty, count_faults(key, row.counts, expected))
        if row.active_offset is not None:
            empty = not (expected.people.visitors or expected.bots.visitors)
            self._judge(names.TABLE_ACTIVE_USERS, key, hour, empty, visitor_faults(row.active, expected))

    def _judge(self, table: str, key: AggregateKey, hour: int, empty: bool, faults: list[str]) -> None:
        if empty or faults:
            name = ", ".join([f"{table}: {label(key)}, events/{self._partition.number}", *faults])
            self._findings.add("row_extra" if empty else "row_differs", key.app_id, hour, name)

    def _add(self, kind: str, event: EventRecord, name: str) -> None:
        self._findings.add(kind, event.stored.app_id, event.hour, name)

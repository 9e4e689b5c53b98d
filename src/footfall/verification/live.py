"""The live tables against Kafka: session cells against first offsets, aggregate cells against the naive recount."""

import sys
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from footfall import names
from footfall.events.times import format_rfc3339_ms
from footfall.realtime import sketches, tables
from footfall.verification import recount
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.identity import Rows, partition_of
from footfall.verification.log_scan import First, Partition
from footfall.verification.recount import AggregateKey, Recounted
from footfall.verification.report import Tally

_MINUTE_MS: Final = 60_000
_PARTS: Final = "\x1f"  # between the parts of an error's value
# A sketch that has become an estimate: five standard errors (1/√4096) of one with 4,096 entries.
_SKETCH_TOLERANCE: Final = 5 / 64


class LiveTables(Protocol):
    """How the live tables are read. Each call may raise what its store raises."""

    def sessions(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        """Every row of `sessions`: its key, its cells by column."""

    def session(self, session_id: str) -> Mapping[bytes, bytes]:
        """One of these rows, by its columns; nothing if there is none."""

    def cells(self, table: str, column: bytes, since_minute: int) -> Iterator[tuple[bytes, bytes]]:
        """Key and that column's cell of every row of an aggregate table from a minute (since 1970) on."""


class _Row:
    """One aggregate row: its two cells as stored, the offset of each (None if it is not there), and the recount."""

    __slots__ = ("active", "active_offset", "counts", "counts_offset", "recounted")

    def __init__(self) -> None:
        self.counts = self.active = b""
        self.counts_offset: int | None = None
        self.active_offset: int | None = None
        self.recounted = recount.new_figures()


class LiveCheck:
    """Compares `sessions`, `minute_metrics` and `active_users`. A `walk.Check`."""

    def __init__(self, live: LiveTables, floor: int, findings: Findings, tally: Tally) -> None:
        """Reads all session cells, so `progress` must have been read before. floor: first hour compared."""
        self._live, self._floor, self._findings, self._tally = live, floor, findings, tally
        self._sessions = [Rows() for _ in range(names.EVENTS_PARTITIONS)]
        self.session_cells = self.aggregate_cells = 0
        for key, cells in live.sessions():
            self._keep(key.decode(), cells)
        self._at = Partition(0, 0, 0, 0, -1)
        self._cells: dict[int, int] = {}
        self._rows: dict[bytes, _Row] = {}
        self._visits = recount.Visits()
        # Sessions of which Kafka has forgotten events.
        self._older: set[str] = set()

    def read(self, partition: int) -> None:
        """Reads the partition's aggregate cells."""
        self._rows = {}
        column, since = tables.events_column(partition), self._floor * 60
        for key, cell in self._live.cells(names.TABLE_MINUTE_METRICS, column, since):
            row = self._rows.setdefault(key, _Row())
            row.counts, row.counts_offset = cell, tables.decode_counts(cell).offset
        for key, cell in self._live.cells(names.TABLE_ACTIVE_USERS, column, since):
            row = self._rows.setdefault(key, _Row())
            row.active, row.active_offset = cell, tables.decode_visitor_sketches(cell)[0]

    def begin(self, partition: Partition) -> list[int]:
        """Looks out the partition's session cells; they tell also what Kafka has forgotten."""
        self._at = partition
        sessions = self._sessions[partition.number]
        self._cells = {sessions.identities.key(index): index for index in range(len(sessions.offsets))}
        for app, hour, offset in zip(sessions.apps, sessions.hours, sessions.offsets, strict=True):
            if hour >= self._floor and offset < partition.cut:
                self._tally.add("counted", app, hour)
        self._visits = recount.Visits()
        forgotten = [key for key, index in self._cells.items() if sessions.offsets[index] < partition.start]
        self._older = {sessions.identities.session(self._cells[key]) for key in forgotten}
        return forgotten

    def first(self, event: First) -> None:
        """Compares the session's cell and counts the event into the recount of its rows."""
        index = self._cells.pop(event.key, None)
        # A page view that comes late takes the place of one that may lie in an hour that is compared.
        for row, entries, exits in self._changes(event):
            self._count_visit(row, event, entries, exits)
        if event.hour < self._floor:
            return
        if index is None:
            if event.offset <= self._at.counted:
                self._add("session_missing", event, event.name)
        elif (found := self._sessions[self._at.number].offsets[index]) != event.offset:
            self._add("session_offset", event, f"{event.name}: {found} instead of {event.offset}")
        for row in recount.rows_of(event.stored.fields, event.stored.time_ms):
            self._count(row, event)

    def backfill(self, event: First) -> None:
        """No live table takes history."""

    def end(self, known: Container[int]) -> None:
        """Compares the rows; names session cells that belong to nothing."""
        sessions = self._sessions[self._at.number]
        for index in self._cells.values():
            hour, offset = sessions.hours[index], sessions.offsets[index]
            if hour >= self._floor and offset >= self._at.start:
                name = f"{sessions.identities.name(index)} (offset {offset})"
                self._findings.add("live", "session_extra", sessions.apps[index], hour, name)
        for encoded, row in self._rows.items():
            self._compare(AggregateKey(*tables.decode_row_key(encoded)), row)

    def _keep(self, session_id: str, cells: Mapping[bytes, bytes]) -> None:
        sessions = self._sessions[partition_of(session_id)]
        for event_id, cell in tables.session_events(cells).items():
            sessions.identities.add(session_id, event_id)
            sessions.offsets.append(cell.offset)
            sessions.hours.append(cell.event_time_ms // HOUR_MS)
            sessions.apps.append(sys.intern(cell.app_id))
            self.session_cells += 1

    def _count(self, key: AggregateKey, event: First) -> None:
        row = self._rows.get(tables.encode_row_key(*key))
        counts_offset = None if row is None else row.counts_offset
        active_offset = None if row is None else row.active_offset
        counts = self._is_in(counts_offset, names.TABLE_MINUTE_METRICS, key, event)
        active = self._is_met(active_offset, key, event)
        if row is None:
            return
        if counts:
            recount.add_counts(row.recounted, event.stored.fields)
        if active:
            recount.add_visitor(row.recounted, event.stored.fields)

    def _changes(self, event: First) -> list[tuple[AggregateKey, int, int]]:
        session_id = event.stored.session_id
        if session_id in self._older and session_id not in self._visits:
            known = tables.session_events(self._live.session(session_id))
            for event_id, cell in sorted(known.items(), key=lambda event: event[1].offset):
                if cell.offset < self._at.start:
                    told = {**cell._asdict(), "session_id": session_id, "event_id": str(UUID(bytes=event_id))}
                    self._visits.add(told, cell.event_time_ms)
        return self._visits.add(event.stored.fields, event.stored.time_ms)

    def _count_visit(self, key: AggregateKey, event: First, entries: int, exits: int) -> None:
        row = self._rows.get(tables.encode_row_key(*key))
        offset = None if row is None else row.counts_offset
        if key.minute // 60 < self._floor or not self._is_in(offset, names.TABLE_MINUTE_METRICS, key, event):
            return
        if row is not None:
            row.recounted.people.entries += entries
            row.recounted.people.exits += exits

    def _is_in(self, cell_offset: int | None, table: str, key: AggregateKey, event: First) -> bool:
        """Whether a cell of that offset must include the event; if it should be there by now and is not, says so."""
        if cell_offset is not None and event.offset <= cell_offset:
            return True
        if event.offset <= self._at.counted:
            kind = "row_missing" if cell_offset is None else "row_late"
            self._add(kind, event, f"{table}: {label(key)}: {event.name}")
        return False

    def _is_met(self, cell_offset: int | None, key: AggregateKey, event: First) -> bool:
        """Whether a cell of `active_users` must include the event's visitor. One who is in it already is no reason to
        write it anew, so its offset may lie behind what is counted, but nobody may be missing."""
        if cell_offset is None:
            return self._is_in(None, names.TABLE_ACTIVE_USERS, key, event)
        return event.offset <= max(cell_offset, self._at.counted)

    def _compare(self, key: AggregateKey, row: _Row) -> None:
        hour = key.minute // 60
        if hour < self._floor:
            return
        wanted = row.recounted
        if row.counts_offset is not None:
            self.aggregate_cells += 1
            empty = not (wanted.people.events or wanted.bots.events)
            self._judge(names.TABLE_MINUTE_METRICS, key, hour, empty, _count_faults(key, row.counts, wanted))
        if row.active_offset is not None:
            self.aggregate_cells += 1
            empty = not (wanted.people.visitors or wanted.bots.visitors)
            self._judge(names.TABLE_ACTIVE_USERS, key, hour, empty, _visitor_faults(row.active, wanted))

    def _judge(self, table: str, key: AggregateKey, hour: int, empty: bool, faults: list[str]) -> None:
        if empty or faults:
            name = ", ".join([f"{table}: {label(key)}, events/{self._at.number}", *faults])
            self._findings.add("live", "row_extra" if empty else "row_differs", key.app_id, hour, name)

    def _add(self, kind: str, event: First, name: str) -> None:
        self._findings.add("live", kind, event.stored.app_id, event.hour, name)


def label(row: AggregateKey) -> str:
    """How an aggregate row is named to people."""
    minute = format_rfc3339_ms(row.minute * _MINUTE_MS)[:16]
    return f"{minute}Z {row.dimension} {' '.join(row.value.split(_PARTS))}".rstrip()


def _count_faults(key: AggregateKey, cell: bytes, wanted: Recounted) -> list[str]:
    found = tables.decode_counts(cell)
    faults = []
    for who, have, want in (("people", found.people, wanted.people), ("bots", found.bots, wanted.bots)):
        pairs: list[tuple[str, Any, Any]] = [
            ("events", have.events, want.events),
            ("page_views", have.page_views, want.page_views),
            ("errors", have.errors, want.errors),
            ("error_events", have.error_events, want.error_events),
            ("not_found", have.not_found, want.not_found),
            ("responses", dict(have.responses), dict(want.responses)),
        ]
        if key.dimension == "error":
            pairs += [("first_at", have.first_ms, want.first_error_ms), ("last_at", have.last_ms, want.last_error_ms)]
        faults += [f"{who}' {what} {one} instead of {other}" for what, one, other in pairs if one != other]
    more: list[tuple[str, Any, Any]] = []
    if key.dimension == "page":
        more += [("entries", found.entries, wanted.people.entries), ("exits", found.exits, wanted.people.exits)]
    if key.dimension == "country":
        cities = {tuple(tables.city_of(city)): views for city, views in (found.cities or {}).items()}
        more.append(("cities", cities, wanted.people.cities))
    return faults + [f"{what} {one} instead of {other}" for what, one, other in more if one != other]


def _visitor_faults(cell: bytes, wanted: Recounted) -> list[str]:
    found = tables.decode_visitors(cell)
    faults = []
    for who, have, sketch, want in (
        ("people", found.people, found.people_sketch, wanted.people),
        ("bots", found.bots, found.bots_sketch, wanted.bots),
    ):
        distinct = len(want.visitors)
        tolerance = 0 if sketches.is_exact(sketch) else distinct * _SKETCH_TOLERANCE
        if abs(have - distinct) > tolerance:
            faults.append(f"{who}' visitors {have} instead of {distinct}")
    return faults

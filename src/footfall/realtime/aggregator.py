"""Aggregates the events of one partition into rows of the live tables.

A row is loaded from the store before its first change, updated in memory and written as a whole. Records are counted in
order of offset. A row takes an event only if the row's stored offset is smaller than the event's, because after a crash
some rows of the store are ahead of `progress` and others are not.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from footfall import names
from footfall.metrics.dimension_limit import LIMITED
from footfall.realtime import tables
from footfall.realtime.aggregate_row import AggregateRow, EventTotals
from footfall.realtime.alerts.figures import FiguresBySlot, figures_of_events, slot_of
from footfall.realtime.event_parser import ParsedEvent, Unparsable, read_event
from footfall.realtime.known_values import KnownValues, dimension_of, other_row, site_row
from footfall.realtime.row_store import MAX_ROWS, Batch, Record, Store
from footfall.realtime.tables import SessionCell
from footfall.realtime.visit_edges import open_visit

log = logging.getLogger(__name__)

# A partition keeps so many sessions in memory.
MAX_SESSIONS: Final = 5_000
_RECEIVED, _APP_ID, _ANONYMOUS_ID, _USER_ID = map(
    SessionCell._fields.index, ("received_at_ms", "app_id", "anonymous_id", "user_id")
)


# Anonymous id and user id.
_Person = tuple[str, str | None]


class _Session:
    """A cached session: the first offset of each of its events, its open visit, and its last index entry."""

    __slots__ = ("indexed", "last_used", "offsets", "visit")

    def __init__(self, cells: Mapping[bytes, SessionCell], before: int) -> None:
        """before: the next offset to be counted. Cells may be ahead of it; the visit includes only events below it."""
        self.offsets = {event_id: cell.offset for event_id, cell in cells.items()}
        self.visit = open_visit((event_id, cell) for event_id, cell in cells.items() if cell.offset < before)
        # The person and time of the last index entry written. Hardly any session has more than one person.
        self.indexed: tuple[_Person, int] | None = None
        self.last_used = 0

    def update_index(self, person: _Person, time_ms: int) -> bool:
        """Notes the time of a person's event in this session; True if the index cell must be written."""
        known = self.indexed
        if known is not None and known[0] == person and time_ms < known[1] + tables.INDEX_EVERY_MS:
            return False
        self.indexed = person, time_ms
        return True


# Events of people and events of bots, each grouped by the keys of the rows that count them.
_Groups = tuple[dict[tuple[str, ...], list[ParsedEvent]], dict[tuple[str, ...], list[ParsedEvent]]]


class EventRows:
    """The rows of sessions, persons and aggregates that one partition of `events` changes."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.events_column(partition)
        self._name = f"{names.TOPIC_EVENTS}/{partition}"
        self._store = store
        self._rows: dict[str, AggregateRow] = {}
        # The rows that count the events of the current batch whose values have no row of their own, by the row that
        # these would have had.
        self._others: dict[str, str] = {}
        self._sessions: dict[str, _Session] = {}
        self._batch_number = 0
        # Events to report to the alert bolt, by site and slot of arrival.
        self._unreported: dict[tuple[str, int], list[ParsedEvent]] = defaultdict(list)
        self._events_without_row: Counter[tuple[str, int]] = Counter()
        self._is_late = False

    def count(self, records: Iterable[Record], last: int, since_ms: int) -> tuple[Batch, int]:
        """Counts records. Returns the cells to write and the number of unparsable records.

        last: the last offset that the written cells include. since_ms: epoch ms; events received earlier are left out
        of the figures for alerts. Only loading rows from the store can raise: then nothing was counted, and the call
        may be repeated.
        """
        events, faults = [], []
        for offset, record in records:
            try:
                event = read_event(offset, record)
            except Unparsable as error:
                faults.append((offset, error))
                continue
            if event is not None:
                events.append(event)
        by_session: dict[str, list[ParsedEvent]] = defaultdict(list)
        for event in events:
            by_session[event.session_id].append(event)
        if events:
            self._load_sessions(by_session.keys(), events[0].offset)
            self._remove_repeats(by_session)
            self._load_rows(by_session)
        for offset, fault in faults:
            log.warning("%s offset %d is not a stored event and is not counted: %s.", self._name, offset, fault)
        return self._count_events(by_session, events[0].offset if events else 0, last, since_ms), len(faults)

    def take_figures(self) -> tuple[FiguresBySlot, bool]:
        """Returns and clears the figures of the events that were counted for the first time since the last call.

        The flag is True if other events were left out because they arrived too long ago.
        """
        arrived, self._unreported = self._unreported, defaultdict(list)
        without_row, self._events_without_row = self._events_without_row, Counter()
        is_late, self._is_late = self._is_late, False
        return figures_of_events(arrived, without_row), is_late

    def evict_oldest(self) -> None:
        """Evicts the least recently used rows and sessions beyond the limits. Only when everything is written."""
        if len(self._rows) > MAX_ROWS:
            rows = sorted(self._rows.items(), key=lambda item: item[1].last_used)
            self._rows = dict(rows[len(rows) - MAX_ROWS * 3 // 4 :])
        if len(self._sessions) > MAX_SESSIONS:
            sessions = sorted(self._sessions.items(), key=lambda item: item[1].last_used)
            self._sessions = dict(sessions[len(sessions) - MAX_SESSIONS * 3 // 4 :])

    def _load_sessions(self, session_ids: Iterable[str], before: int) -> None:
        unknown = sorted(set(session_ids) - self._sessions.keys())
        found = self._store.read_sessions(unknown) if unknown else {}
        for session_id in unknown:
            self._sessions[session_id] = _Session(found.get(session_id, {}), before)

    def _remove_repeats(self, by_session: dict[str, list[ParsedEvent]]) -> None:
        """Keeps the first event of each identity. Those whose cells are ahead of `progress` are counted again."""
        for session_id, events in by_session.items():
            known = self._sessions[session_id].offsets
            first: dict[bytes, int] = {}
            by_session[session_id] = [
                event
                for event in events
                if known.get(event.event_id, event.offset) >= event.offset
                and first.setdefault(event.event_id, event.offset) == event.offset
            ]

    def _load_rows(self, by_session: Mapping[str, Sequence[ParsedEvent]]) -> None:
        wanted: set[str] = set()
        shared: set[tuple[str, ...]] = set()
        for session_id, events in by_session.items():
            for event in events:
                shared.add(event.common_rows)
                if event.page_rows is not None:
                    shared.add(event.page_rows)
                if event.error_row is not None:
                    wanted.add(event.error_row)
            # Only the pages that may lose an entry or exit now. Loading all earlier pages of the session would read
            # old rows again and again.
            views = [event.view for event in events if event.view is not None]
            wanted |= self._sessions[session_id].visit.pages_losing(views)
        wanted.update(*shared)
        missing = wanted - self._rows.keys()
        limited = {key: site_row(key) for key in missing if dimension_of(key) in LIMITED}
        full = {key for key, site in limited.items() if site in self._rows and not self._values(site).has_row(key)}
        self._read_rows((missing | set(limited.values())) - full)
        self._others = self._without_row(limited, by_session)
        for key in self._others:
            self._rows.pop(key, None)
        self._read_rows(self._others.values())

    def _read_rows(self, wanted: Iterable[str]) -> None:
        keys = {key: key.encode() for key in set(wanted) - self._rows.keys()}
        if keys:
            encoded = sorted(keys.values())
            counts = self._store.read_cells(names.TABLE_MINUTE_METRICS, self._column, encoded)
            active = self._store.read_cells(names.TABLE_ACTIVE_USERS, self._column, encoded)
            for key, encoded_key in keys.items():
                self._rows[key] = AggregateRow(key, counts.get(encoded_key), active.get(encoded_key))

    def _without_row(
        self, limited: Mapping[str, str], by_session: Mapping[str, Sequence[ParsedEvent]]
    ) -> dict[str, str]:
        """Gives rows to new values in order of offset. Returns the keys that get none, each with the row they share.

        limited: rows that are not loaded, each with the row of its site
        """
        first: dict[str, int] = {}
        if limited:
            for events in by_session.values():
                for event in events:
                    for key in event.limited_rows:
                        if key in limited:
                            first[key] = min(event.offset, first.get(key, event.offset))
        refused = [key for key in sorted(first, key=first.__getitem__) if not self._values(limited[key]).admit(key)]
        # Pages that only lose an entry or an exit.
        earlier = limited.keys() - first.keys()
        refused += [key for key in earlier if not self._values(limited[key]).has_row(key)]
        return {key: other_row(key) for key in refused}

    def _values(self, site: str) -> KnownValues:
        values = self._rows[site].values
        assert values is not None, site
        return values

    def _count_events(
        self, by_session: Mapping[str, Sequence[ParsedEvent]], first: int, last: int, since_ms: int
    ) -> Batch:
        self._batch_number += 1
        cells: dict[bytes, dict[bytes, bytes]] = {}
        persons: dict[bytes, int] = {}
        dirty: dict[str, AggregateRow] = {}
        groups: _Groups = defaultdict(list), defaultdict(list)
        arrived = self._unreported
        for session_id, events in by_session.items():
            session = self._sessions[session_id]
            session.last_used = self._batch_number
            known, visit = session.offsets, session.visit
            new: list[tuple[bytes, tuple[Any, ...]]] = []
            seen: dict[_Person, int] = {}
            for event in events:
                offset, event_id, cell, page_rows = event.offset, event.event_id, event.cell, event.page_rows
                if known.get(event_id) != offset:
                    known[event_id] = offset
                    if cell[_RECEIVED] >= since_ms:
                        place = cell[_APP_ID], slot_of(cell[_RECEIVED])
                        arrived[place].append(event)
                        if self._others and not self._others.keys().isdisjoint(event.limited_rows):
                            self._events_without_row[place] += 1
                    else:
                        self._is_late = True
                    new.append((event_id, cell))
                person = cell[_ANONYMOUS_ID], cell[_USER_ID]
                seen[person] = max(event.event_time_ms, seen.get(person, 0))
                group = groups[event.is_bot]
                group[event.common_rows].append(event)
                if page_rows is not None:
                    group[page_rows].append(event)
                if event.error_row is not None:
                    group[event.error_row,].append(event)
                if not event.is_bot:
                    for page, entries, exits in visit.add(cell[_APP_ID], event.event_time_ms, event.view):
                        key = self._others.get(page, page)
                        if (row := self._rows[key]).counts_offset < offset:
                            row.add_visit_edges(entries, exits)
                            dirty[key] = row
            if new:
                cells[session_id.encode()] = tables.session_cells(new)
            for person, time_ms in seen.items():
                if session.update_index(person, time_ms):
                    for kind, name in zip("au", person, strict=True):
                        if name is not None:
                            person_key = tables.person_key(kind, name, session_id)
                            # A person who signs in keeps the anonymous id, so the same key may occur twice.
                            persons[person_key] = max(time_ms, persons.get(person_key, 0))
        for are_bots, group in enumerate(groups):
            for keys, grouped in (self._by_row(group) if self._others else group).items():
                self._add_to_rows(keys, grouped, bool(are_bots), first, dirty)
        return {
            names.TABLE_SESSIONS: cells,
            names.TABLE_USER_PAGES: {
                key: {tables.INDEX_COLUMN: tables.encode_index(last, time_ms)} for key, time_ms in persons.items()
            },
            **self._encode_rows(dirty, last),
        }

    def _by_row(self, group: Mapping[tuple[str, ...], list[ParsedEvent]]) -> dict[tuple[str, ...], list[ParsedEvent]]:
        """The same events, grouped by each row that counts them: a row that values share takes them all at once."""
        found: dict[tuple[str, ...], list[ParsedEvent]] = defaultdict(list)
        for keys, events in group.items():
            for key in keys:
                found[self._others.get(key, key),] += events
        return found

    def _add_to_rows(
        self,
        keys: Iterable[str],
        events: Sequence[ParsedEvent],
        are_bots: bool,
        first: int,
        dirty: dict[str, AggregateRow],
    ) -> None:
        totals = EventTotals(events)
        for key in keys:
            row = dirty[key] = self._rows[key]
            # After a crash either cell may be ahead of `progress`; then it already includes some of the events.
            if row.counts_offset < first:
                row.add_events(totals, are_bots)
            elif later := [event for event in events if event.offset > row.counts_offset]:
                row.add_events(EventTotals(later), are_bots)
            if row.active_offset < first:
                row.add_visitors(totals.visitors, are_bots)
            elif visitors := {event.visitor for event in events if event.offset > row.active_offset}:
                row.add_visitors(visitors, are_bots)

    def _encode_rows(self, dirty: Mapping[str, AggregateRow], last: int) -> Batch:
        counts: dict[bytes, dict[bytes, bytes]] = {}
        active: dict[bytes, dict[bytes, bytes]] = {}
        for key, row in dirty.items():
            row.last_used = self._batch_number
            encoded = key.encode()
            if row.counts_dirty:
                counts[encoded] = {self._column: row.counts_cell(last)}
                row.counts_offset, row.counts_dirty = last, False
            if (cell := row.active_cell(last)) is not None:
                active[encoded] = {self._column: cell}
                row.active_offset = last
        return {names.TABLE_MINUTE_METRICS: counts, names.TABLE_ACTIVE_USERS: active}

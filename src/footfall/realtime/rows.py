"""The rows that a partition's records change: loaded before they are first touched, counted in memory, written whole.

Counting is in order of offset. A row takes an event only if the row's own stored offset is smaller, since after a crash
some rows of the store are ahead of `progress` and others are not.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from footfall import names
from footfall.realtime import tables
from footfall.realtime.alerts.moments import Moments, moments, rejected
from footfall.realtime.counting import Counted, Unparsable, read_event, read_rejected
from footfall.realtime.sketches import Visitors
from footfall.realtime.tables import Counts, Population, Progress

log = logging.getLogger(__name__)

# Table → row → column → value; written in this order.
Batch = dict[str, dict[bytes, dict[bytes, bytes]]]
Record = tuple[int, bytes]

# Bounds of what one partition remembers; a process has four or eight of them, each row some kilobytes.
MOST_ROWS: Final = 6_000
MOST_SESSIONS: Final = 5_000


class Store(Protocol):
    """What a partition needs of the store. Every call may raise; nothing is remembered as done before it returned."""

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        """How far the partition was counted, None if never."""

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        """What of the partition was told to be lost: first offset, end, and when it was noticed, in epoch ms."""

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, int]]:
        """The first offset of each event of these sessions, by the sixteen bytes of its id."""

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """That column's cell of each row that has one."""

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        """Writes cells at that HBase timestamp; each row is written as a whole or not at all."""


class _Row:
    """One aggregate row: the two cells of one partition, decoded, with the offset of each."""

    __slots__ = (
        "active_dirty",
        "active_offset",
        "bots",
        "bots_met",
        "bots_seen",
        "counts_dirty",
        "counts_offset",
        "people",
        "people_met",
        "people_seen",
        "touched",
    )

    def __init__(self, counts: bytes | None, active: bytes | None) -> None:
        self.touched = 0
        self.counts_dirty = self.active_dirty = False
        self.counts_offset = self.active_offset = -1
        self.people: list[Any] = [0, 0, 0, 0, {}, None, None, None, 0]
        self.bots: list[Any] = [0, 0, 0, 0, {}, None, None, None, 0]
        self.people_seen, self.bots_seen = Visitors(), Visitors()
        # Visitors met since the last write: most come again, and a set of texts is cheaper than a sketch.
        self.people_met: set[str] = set()
        self.bots_met: set[str] = set()
        if counts is not None:
            decoded = tables.decode_counts(counts)
            self.counts_offset, self.people, self.bots = decoded.offset, list(decoded.people), list(decoded.bots)
        if active is not None:
            self.active_offset, people, bots = tables.decode_visitor_sketches(active)
            self.people_seen, self.bots_seen = Visitors(people), Visitors(bots)

    def count_more(self, figures: list[Any], event: Counted, as_error: bool) -> None:
        """What a page view or a failure says beside that it happened; `figures` are those of its population."""
        if event.page_view:
            figures[1] += 1
            if event.not_found:
                figures[3] += 1
            if event.bucket >= 0:
                figures[4][event.bucket] = figures[4].get(event.bucket, 0) + 1
        if event.failure:
            figures[2] += 1
            if not event.page_view:
                figures[8] += 1
        if as_error:
            time_ms = event.event_time_ms
            figures[5] = time_ms if figures[5] is None else min(figures[5], time_ms)
            figures[6] = time_ms if figures[6] is None else max(figures[6], time_ms)
            figures[7] = figures[7] or event.request_id

    def counts_cell(self, offset: int) -> bytes:
        return tables.encode_counts(Counts(offset, Population(*self.people), Population(*self.bots)))

    def active_cell(self, offset: int) -> bytes:
        for seen, met in ((self.people_seen, self.people_met), (self.bots_seen, self.bots_met)):
            if met:
                seen.add(met)
                met.clear()
        return tables.encode_visitors(offset, self.people_seen.stored(), self.bots_seen.stored())


class EventRows:
    """Sessions, persons and aggregates that the records of one partition of `events` change."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.events_column(partition)
        self._name = f"{names.TOPIC_EVENTS}/{partition}"
        self._store = store
        self._rows: dict[str, _Row] = {}
        self._sessions: dict[str, dict[bytes, int]] = {}
        self._used: dict[str, int] = {}
        self._round = 0
        self._met: list[Counted] = []

    def count(self, records: Iterable[Record], last: int) -> tuple[Batch, int]:
        """Counts records and returns what to write, with how many were unparsable.

        last: the offset that the written cells will include. If the store raises while rows are loaded, nothing was
        counted and the call may be repeated; afterwards nothing raises.
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
        self._load(events)
        for offset, fault in faults:
            log.warning("%s offset %d is no stored event and is not counted: %s.", self._name, offset, fault)
        return self._counted(events, last), len(faults)

    def moments(self, since: int) -> Moments:
        """What the events said that were counted, for the first time, since this was asked last; see `moments`."""
        met, self._met = self._met, []
        return moments(met, since)

    def forget_oldest(self) -> None:
        """Drops what was not used for longest, beyond the bounds. Only for when everything is written."""
        if len(self._rows) > MOST_ROWS:
            by_use = sorted(self._rows.items(), key=lambda item: item[1].touched)
            self._rows = dict(by_use[len(by_use) - MOST_ROWS * 3 // 4 :])
        if len(self._sessions) > MOST_SESSIONS:
            newest = sorted(self._used, key=self._used.__getitem__)[-(MOST_SESSIONS * 3 // 4) :]
            self._sessions = {session: self._sessions[session] for session in newest}
            self._used = {session: self._used[session] for session in newest}

    def _load(self, events: Sequence[Counted]) -> None:
        sessions = {event.session_id for event in events} - self._sessions.keys()
        rows = {key for event in events for key in event.rows} - self._rows.keys()
        found = self._store.read_sessions(sorted(sessions)) if sessions else {}
        keys = {key: key.encode() for key in rows}
        if keys:
            wanted = sorted(keys.values())
            counts = self._store.read_cells(names.TABLE_MINUTE_METRICS, self._column, wanted)
            active = self._store.read_cells(names.TABLE_ACTIVE_USERS, self._column, wanted)
            for key, encoded in keys.items():
                self._rows[key] = _Row(counts.get(encoded), active.get(encoded))
        for session in sessions:
            self._sessions[session] = found.get(session, {})

    def _counted(self, events: Sequence[Counted], last: int) -> Batch:
        self._round += 1
        dirty: dict[str, _Row] = {}
        cells: dict[bytes, dict[bytes, bytes]] = {}
        persons: dict[bytes, int] = {}
        all_rows = self._rows
        for event in events:
            known = self._sessions[event.session_id]
            self._used[event.session_id] = self._round
            offset = event.offset
            first = known.get(event.event_id)
            if first is not None and first < offset:
                continue
            if first != offset:
                known[event.event_id] = offset
                self._met.append(event)
                cell = tables.encode_session_cell(event.cell)
                cells.setdefault(event.session_id.encode(), {})[tables.session_column(event.event_id)] = cell
            _meet(persons, event)
            keys, visitor, is_bot = event.rows, event.visitor, event.is_bot
            own = keys[-1] if event.failure else None
            says_more = event.page_view or event.failure
            # Five times an event, and most events only happened: so no call is made for these.
            for key in keys:
                row = all_rows[key]
                if row.counts_offset < offset:
                    figures = row.bots if is_bot else row.people
                    figures[0] += 1
                    if says_more:
                        row.count_more(figures, event, key is own)
                    row.counts_dirty = True
                if row.active_offset < offset:
                    (row.bots_met if is_bot else row.people_met).add(visitor)
                    row.active_dirty = True
                dirty[key] = row
        return {
            names.TABLE_SESSIONS: cells,
            names.TABLE_USER_PAGES: {
                key: {tables.INDEX_COLUMN: tables.encode_index(last, time_ms)} for key, time_ms in persons.items()
            },
            **self._encoded(dirty, last),
        }

    def _encoded(self, dirty: Mapping[str, _Row], last: int) -> Batch:
        counts: dict[bytes, dict[bytes, bytes]] = {}
        active: dict[bytes, dict[bytes, bytes]] = {}
        for key, row in dirty.items():
            row.touched = self._round
            encoded = key.encode()
            if row.counts_dirty:
                counts[encoded] = {self._column: row.counts_cell(last)}
                row.counts_offset, row.counts_dirty = last, False
            if row.active_dirty:
                active[encoded] = {self._column: row.active_cell(last)}
                row.active_offset, row.active_dirty = last, False
        return {names.TABLE_MINUTE_METRICS: counts, names.TABLE_ACTIVE_USERS: active}


class RejectRows:
    """How many events of each site were rejected in each minute, by the records of `events.rejected`."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.rejected_column(partition)
        self._name = f"{names.TOPIC_REJECTED}/{partition}"
        self._store = store
        self._rows: dict[str, tuple[int, int]] = {}
        self._met: list[tuple[str, int]] = []

    def count(self, records: Iterable[Record], last: int) -> tuple[Batch, int]:
        """As `EventRows.count`."""
        keys, faults = [], []
        for offset, record in records:
            try:
                keys.append((offset, *read_rejected(record)))
            except Unparsable as error:
                faults.append((offset, error))
        unknown = {key: key.encode() for _, key, *_ in keys if key not in self._rows}
        if unknown:
            wanted = sorted(unknown.values())
            found = self._store.read_cells(names.TABLE_MINUTE_METRICS, self._column, wanted)
            for key, encoded in unknown.items():
                cell = found.get(encoded)
                self._rows[key] = tables.decode_rejected(cell) if cell is not None else (-1, 0)
        for offset, fault in faults:
            log.warning("%s offset %d is no reject record and is not counted: %s.", self._name, offset, fault)
        dirty: set[str] = set()
        for offset, key, app, at_ms in keys:
            counted_to, count = self._rows[key]
            if counted_to < offset:
                self._rows[key] = (offset, count + 1)
                self._met.append((app, at_ms))
                dirty.add(key)
        cells = {}
        for key in dirty:
            count = self._rows[key][1]
            self._rows[key] = (last, count)
            cells[key.encode()] = {self._column: tables.encode_rejected(last, count)}
        return {names.TABLE_MINUTE_METRICS: cells}, len(faults)

    def moments(self, since: int) -> Moments:
        """As `EventRows.moments`."""
        met, self._met = self._met, []
        return rejected(met, since)

    def forget_oldest(self) -> None:
        """As `EventRows.forget_oldest`; these are few, so the first met go first."""
        if len(self._rows) > MOST_ROWS:
            self._rows = dict(list(self._rows.items())[-(MOST_ROWS * 3 // 4) :])


def _meet(persons: dict[bytes, int], event: Counted) -> None:
    anonymous_id, user_id = event.cell[6], event.cell[7]
    key = tables.person_key("a", anonymous_id, event.session_id)
    persons[key] = max(event.event_time_ms, persons.get(key, 0))
    if user_id is not None:
        key = tables.person_key("u", user_id, event.session_id)
        persons[key] = max(event.event_time_ms, persons.get(key, 0))

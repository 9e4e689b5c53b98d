"""The rows that a partition's records change: loaded before they are first touched, counted in memory, written whole.

Counting is in order of offset. A row takes an event only if the row's own stored offset is smaller, since after a crash
some rows of the store are ahead of `progress` and others are not.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import msgspec

from footfall import names
from footfall.metrics.histogram import UNMEASURED
from footfall.realtime import tables
from footfall.realtime.alerts.moments import Moments, moments, rejected, slot_of
from footfall.realtime.event_parser import Counted, Unparsable, read_event, read_rejected
from footfall.realtime.sketches import Visitors
from footfall.realtime.tables import Counts, Population, Progress, SessionCell
from footfall.realtime.visit_edges import open_visit

log = logging.getLogger(__name__)

# Table → row → column → value; written in this order.
Batch = dict[str, dict[bytes, dict[bytes, bytes]]]
Record = tuple[int, bytes]

# Bounds of what one partition remembers; a process has four or eight of them, each row some kilobytes.
MOST_ROWS: Final = 6_000
MOST_SESSIONS: Final = 5_000
_RECEIVED, _APP_ID, _ANONYMOUS_ID, _USER_ID = map(
    SessionCell._fields.index, ("received_at_ms", "app_id", "anonymous_id", "user_id")
)


class Store(Protocol):
    """What a partition needs of the store. Every call may raise; nothing is remembered as done before it returned."""

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        """How far the partition was counted, None if never."""

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        """What of the partition was told to be lost: first offset, end, and when it was noticed, in epoch ms."""

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, SessionCell]]:
        """The events of these sessions, by the sixteen bytes of the id of each."""

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """That column's cell of each row that has one."""

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        """Writes cells at that HBase timestamp; each row is written as a whole or not at all."""


class _Sum:
    """What some events of one population say together; of failures also when they happened, and the first's example."""

    __slots__ = (
        "cities",
        "error_events",
        "errors",
        "events",
        "first_ms",
        "last_ms",
        "not_found",
        "page_views",
        "responses",
        "sample",
        "visitors",
    )

    def __init__(self, events: Sequence[Counted]) -> None:
        self.events = len(events)
        self.visitors = {event.visitor for event in events}
        self.page_views = self.not_found = 0
        self.responses: dict[int, int] = {}
        self.cities: dict[str, int] = {}
        failures = []
        for event in events:
            if event.page_view:
                self.page_views += 1
                if event.bucket != UNMEASURED:
                    self.responses[event.bucket] = self.responses.get(event.bucket, 0) + 1
                if event.not_found:
                    self.not_found += 1
                if event.city is not None:
                    self.cities[event.city] = self.cities.get(event.city, 0) + 1
            if event.failure:
                failures.append(event)
        self.errors, self.error_events = len(failures), 0
        self.first_ms = self.last_ms = self.sample = None
        if failures:
            self.error_events = sum(not event.page_view for event in failures)
            self.first_ms = min(event.event_time_ms for event in failures)
            self.last_ms = max(event.event_time_ms for event in failures)
            examples = ((event.offset, event.request_id) for event in failures if event.request_id)
            self.sample = min(examples, default=(0, None))[1]


class GrowingPopulation(msgspec.Struct, array_like=True):
    """A `Population` while it is counted: the same fields in the same order, encoded to the same bytes."""

    events: int = 0
    page_views: int = 0
    errors: int = 0
    not_found: int = 0
    responses: dict[int, int] = {}  # msgspec makes a new one for each
    first_ms: int | None = None
    last_ms: int | None = None
    sample_request_id: str | None = None
    error_events: int = 0


class _Row:
    """One aggregate row: the two cells of one partition, decoded, with the offset of each."""

    __slots__ = (
        "active_offset",
        "bots",
        "bots_met",
        "bots_seen",
        "cities",
        "counts_dirty",
        "counts_offset",
        "dimension",
        "entries",
        "exits",
        "people",
        "people_met",
        "people_seen",
        "touched",
    )

    def __init__(self, key: str, counts: bytes | None, active: bytes | None) -> None:
        self.dimension = key.split("\0", 2)[1]
        self.touched = 0
        self.counts_dirty = False
        self.counts_offset = self.active_offset = -1
        self.people, self.bots = GrowingPopulation(), GrowingPopulation()
        self.entries = self.exits = 0
        self.cities: dict[str, int] = {}
        self.people_seen, self.bots_seen = Visitors(), Visitors()
        # Visitors met since the last write: most come again, and a set of texts is cheaper than a sketch.
        self.people_met: set[str] = set()
        self.bots_met: set[str] = set()
        if counts is not None:
            decoded = tables.decode_counts(counts)
            self.counts_offset = decoded.offset
            self.people, self.bots = GrowingPopulation(*decoded.people), GrowingPopulation(*decoded.bots)
            self.entries, self.exits, self.cities = decoded.entries, decoded.exits, decoded.cities or {}
        if active is not None:
            self.active_offset, people, bots = tables.decode_visitor_sketches(active)
            self.people_seen, self.bots_seen = Visitors(people), Visitors(bots)

    def count(self, more: _Sum, are_bots: bool) -> None:
        """Adds what some more events say together."""
        figures = self.bots if are_bots else self.people
        figures.events += more.events
        if more.page_views:
            figures.page_views += more.page_views
            figures.not_found += more.not_found
            _add(figures.responses, more.responses)
        if more.errors:
            figures.errors += more.errors
            figures.error_events += more.error_events
        if self.dimension == "error" and more.first_ms is not None and more.last_ms is not None:
            figures.first_ms = more.first_ms if figures.first_ms is None else min(figures.first_ms, more.first_ms)
            figures.last_ms = more.last_ms if figures.last_ms is None else max(figures.last_ms, more.last_ms)
            figures.sample_request_id = figures.sample_request_id or more.sample
        elif self.dimension == "country" and not are_bots:
            _add(self.cities, more.cities)
        self.counts_dirty = True

    def change(self, entries: int, exits: int) -> None:
        """Takes visits that begin or end here in, or away."""
        self.entries += entries
        self.exits += exits
        self.counts_dirty = True

    def meet(self, visitors: set[str], are_bots: bool) -> None:
        """Adds who was there."""
        (self.bots_met if are_bots else self.people_met).update(visitors)

    def counts_cell(self, offset: int) -> bytes:
        # To copy both for each cell would take a percent of what counting takes.
        people, bots = cast("Population", self.people), cast("Population", self.bots)
        return tables.encode_counts(Counts(offset, people, bots, self.entries, self.exits, self.cities or None))

    def active_cell(self, offset: int) -> bytes | None:
        """None if nobody has come who was not there: the cell that is written says it all, but for a higher offset, and
        whoever begins from its lower one adds the same visitors once more."""
        is_new = False
        for seen, met in ((self.people_seen, self.people_met), (self.bots_seen, self.bots_met)):
            if met:
                is_new |= seen.add(met)
                met.clear()
        return tables.encode_visitors(offset, self.people_seen.stored(), self.bots_seen.stored()) if is_new else None


# Anonymous id and user id.
_Person = tuple[str, str | None]


class _Session:
    """What is known of a session: the first offset of each of its events, its open visit, and what its index says."""

    __slots__ = ("indexed", "offsets", "used", "visit")

    def __init__(self, cells: Mapping[bytes, SessionCell], before: int) -> None:
        """Cells may be ahead of what is counted; the visit is the one of the events before an offset."""
        self.offsets = {event_id: cell.offset for event_id, cell in cells.items()}
        self.visit = open_visit((event_id, cell) for event_id, cell in cells.items() if cell.offset < before)
        # Whom it was written for last, and with which time. Hardly any session ever has another person.
        self.indexed: tuple[_Person, int] | None = None
        self.used = 0

    def index(self, person: _Person, time_ms: int) -> bool:
        """Whether the index has to say anew that this person was here then."""
        known = self.indexed
        if known is not None and known[0] == person and time_ms < known[1] + tables.INDEX_EVERY_MS:
            return False
        self.indexed = person, time_ms
        return True


# By the rows that events share: these events, people's and bots'.
_Groups = tuple[dict[tuple[str, ...], list[Counted]], dict[tuple[str, ...], list[Counted]]]


class EventRows:
    """Sessions, persons and aggregates that the records of one partition of `events` change."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.events_column(partition)
        self._name = f"{names.TOPIC_EVENTS}/{partition}"
        self._store = store
        self._rows: dict[str, _Row] = {}
        self._sessions: dict[str, _Session] = {}
        self._round = 0
        # By site and slot of arrival.
        self._met: dict[tuple[str, int], list[Counted]] = defaultdict(list)
        self._is_late = False

    def count(self, records: Iterable[Record], last: int, since_ms: int) -> tuple[Batch, int]:
        """Counts records and returns what to write, with how many were unparsable.

        last: the offset that the written cells will include. since_ms: what came before then is in no moment. If the
        store raises while rows are loaded, nothing was counted and the call may be repeated; afterwards nothing raises.
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
        by_session: dict[str, list[Counted]] = defaultdict(list)
        for event in events:
            by_session[event.session_id].append(event)
        if events:
            self._load_sessions(by_session.keys(), events[0].offset)
            self._load_rows(by_session)
        for offset, fault in faults:
            log.warning("%s offset %d is no stored event and is not counted: %s.", self._name, offset, fault)
        return self._counted(by_session, events[0].offset if events else 0, last, since_ms), len(faults)

    def moments(self) -> tuple[Moments, bool]:
        """What the events said that were counted, for the first time, since this was asked last; and whether there were
        others that arrived too long ago to be reported."""
        met, self._met = self._met, defaultdict(list)
        is_late, self._is_late = self._is_late, False
        return moments(met), is_late

    def forget_oldest(self) -> None:
        """Drops what was not used for longest, beyond the bounds. Only for when everything is written."""
        if len(self._rows) > MOST_ROWS:
            by_use = sorted(self._rows.items(), key=lambda item: item[1].touched)
            self._rows = dict(by_use[len(by_use) - MOST_ROWS * 3 // 4 :])
        if len(self._sessions) > MOST_SESSIONS:
            last_used = sorted(self._sessions.items(), key=lambda item: item[1].used)
            self._sessions = dict(last_used[len(last_used) - MOST_SESSIONS * 3 // 4 :])

    def _load_sessions(self, session_ids: Iterable[str], before: int) -> None:
        unknown = sorted(set(session_ids) - self._sessions.keys())
        found = self._store.read_sessions(unknown) if unknown else {}
        for session_id in unknown:
            self._sessions[session_id] = _Session(found.get(session_id, {}), before)

    def _load_rows(self, by_session: Mapping[str, Sequence[Counted]]) -> None:
        wanted: set[str] = set()
        shared: set[tuple[str, ...]] = set()
        for session_id, events in by_session.items():
            for event in events:
                shared.add(event.places)
                if event.pages is not None:
                    shared.add(event.pages)
                if event.error is not None:
                    wanted.add(event.error)
            # Not all that the session has left behind: rows of long ago would be read again and again.
            views = [event.view for event in events if event.view is not None]
            wanted |= self._sessions[session_id].visit.pages_losing(views)
        wanted.update(*shared)
        keys = {key: key.encode() for key in wanted - self._rows.keys()}
        if keys:
            encoded = sorted(keys.values())
            counts = self._store.read_cells(names.TABLE_MINUTE_METRICS, self._column, encoded)
            active = self._store.read_cells(names.TABLE_ACTIVE_USERS, self._column, encoded)
            for key, encoded_key in keys.items():
                self._rows[key] = _Row(key, counts.get(encoded_key), active.get(encoded_key))

    def _counted(self, by_session: Mapping[str, Sequence[Counted]], first: int, last: int, since_ms: int) -> Batch:
        self._round += 1
        cells: dict[bytes, dict[bytes, bytes]] = {}
        persons: dict[bytes, int] = {}
        dirty: dict[str, _Row] = {}
        groups: _Groups = defaultdict(list), defaultdict(list)
        arrived = self._met
        for session_id, events in by_session.items():
            session = self._sessions[session_id]
            session.used = self._round
            known, visit = session.offsets, session.visit
            new: list[tuple[bytes, tuple[Any, ...]]] = []
            seen: dict[_Person, int] = {}
            for event in events:
                offset, event_id, cell, pages = event.offset, event.event_id, event.cell, event.pages
                counted = known.get(event_id)
                if counted is not None and counted < offset:
                    continue
                if counted != offset:
                    known[event_id] = offset
                    if cell[_RECEIVED] >= since_ms:
                        arrived[cell[_APP_ID], slot_of(cell[_RECEIVED])].append(event)
                    else:
                        self._is_late = True
                    new.append((event_id, cell))
                person = cell[_ANONYMOUS_ID], cell[_USER_ID]
                seen[person] = max(event.event_time_ms, seen.get(person, 0))
                together = groups[event.is_bot]
                together[event.places].append(event)
                if pages is not None:
                    together[pages].append(event)
                if event.error is not None:
                    together[event.error,].append(event)
                if not event.is_bot:
                    for key, entries, exits in visit.add(cell[_APP_ID], event.event_time_ms, event.view):
                        if (row := self._rows[key]).counts_offset < offset:
                            row.change(entries, exits)
                            dirty[key] = row
            if new:
                cells[session_id.encode()] = tables.session_cells(new)
            for person, time_ms in seen.items():
                if session.index(person, time_ms):
                    for kind, name in zip("au", person, strict=True):
                        if name is not None:
                            person_key = tables.person_key(kind, name, session_id)
                            # Someone who signs in was there under the same anonymous id before.
                            persons[person_key] = max(time_ms, persons.get(person_key, 0))
        for are_bots, together in enumerate(groups):
            for keys, met in together.items():
                self._add(keys, met, bool(are_bots), first, dirty)
        return {
            names.TABLE_SESSIONS: cells,
            names.TABLE_USER_PAGES: {
                key: {tables.INDEX_COLUMN: tables.encode_index(last, time_ms)} for key, time_ms in persons.items()
            },
            **self._encoded(dirty, last),
        }

    def _add(
        self, keys: Iterable[str], events: Sequence[Counted], are_bots: bool, first: int, dirty: dict[str, _Row]
    ) -> None:
        whole = _Sum(events)
        for key in keys:
            row = dirty[key] = self._rows[key]
            # Either cell may be ahead of `progress` after a crash; then it has some of the events already.
            if row.counts_offset < first:
                row.count(whole, are_bots)
            elif later := [event for event in events if event.offset > row.counts_offset]:
                row.count(_Sum(later), are_bots)
            if row.active_offset < first:
                row.meet(whole.visitors, are_bots)
            elif visitors := {event.visitor for event in events if event.offset > row.active_offset}:
                row.meet(visitors, are_bots)

    def _encoded(self, dirty: Mapping[str, _Row], last: int) -> Batch:
        counts: dict[bytes, dict[bytes, bytes]] = {}
        active: dict[bytes, dict[bytes, bytes]] = {}
        for key, row in dirty.items():
            row.touched = self._round
            encoded = key.encode()
            if row.counts_dirty:
                counts[encoded] = {self._column: row.counts_cell(last)}
                row.counts_offset, row.counts_dirty = last, False
            if (cell := row.active_cell(last)) is not None:
                active[encoded] = {self._column: cell}
                row.active_offset = last
        return {names.TABLE_MINUTE_METRICS: counts, names.TABLE_ACTIVE_USERS: active}


class RejectRows:
    """How many events of each site were rejected in each minute, by the records of `events.rejected`."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.rejected_column(partition)
        self._name = f"{names.TOPIC_REJECTED}/{partition}"
        self._store = store
        self._rows: dict[str, tuple[int, int]] = {}
        self._met: list[tuple[str, int]] = []
        self._is_late = False

    def count(self, records: Iterable[Record], last: int, since_ms: int) -> tuple[Batch, int]:
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
                dirty.add(key)
                if at_ms >= since_ms:
                    self._met.append((app, at_ms))
                else:
                    self._is_late = True
        cells = {}
        for key in dirty:
            count = self._rows[key][1]
            self._rows[key] = (last, count)
            cells[key.encode()] = {self._column: tables.encode_rejected(last, count)}
        return {names.TABLE_MINUTE_METRICS: cells}, len(faults)

    def moments(self) -> tuple[Moments, bool]:
        """As `EventRows.moments`."""
        met, self._met = self._met, []
        is_late, self._is_late = self._is_late, False
        return rejected(met), is_late

    def forget_oldest(self) -> None:
        """As `EventRows.forget_oldest`; these are few, so the first met go first."""
        if len(self._rows) > MOST_ROWS:
            self._rows = dict(list(self._rows.items())[-(MOST_ROWS * 3 // 4) :])


def _add(counts: dict[Any, int], more: Mapping[Any, int]) -> None:
    for what, count in more.items():
        counts[what] = counts.get(what, 0) + count

"""Reads aggregate rows: scans by time, merges partitions, keeps people and bots apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from footfall import names
from footfall.kafka.topics import Topic
from footfall.metrics.web_vitals import Vitals, no_views
from footfall.realtime import sketches, tables
from footfall.realtime.lag import read_states
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import RowKey


@dataclass(slots=True)
class Merged:
    """The figures of people in one row, merged over all partitions. Entries to vitals: as in `tables.Counts`."""

    events: int = 0
    page_views: int = 0
    errors: int = 0
    error_events: int = 0
    responses: dict[int, int] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None
    sample_request_id: str | None = None
    entries: int = 0
    exits: int = 0
    cities: dict[str, int] = field(default_factory=dict)
    vitals: Vitals = field(default_factory=no_views)

    def add(self, counts: tables.Counts) -> None:
        figures = counts.people
        self.events += figures.events
        self.page_views += figures.page_views
        self.errors += figures.errors
        self.error_events += figures.error_events
        self.entries += counts.entries
        self.exits += counts.exits
        for bucket, count in figures.responses.items():
            self.responses[bucket] = self.responses.get(bucket, 0) + count
        for city, count in (counts.cities or {}).items():
            self.cities[city] = self.cities.get(city, 0) + count
        if counts.vitals is not None:
            self.vitals.add(counts.vitals)
        if figures.first_ms is not None and (self.first_ms is None or figures.first_ms < self.first_ms):
            self.first_ms = figures.first_ms
        if figures.last_ms is not None and (self.last_ms is None or figures.last_ms >= self.last_ms):
            # The newest example is the one whose log lines are most likely still there.
            self.last_ms, self.sample_request_id = figures.last_ms, figures.sample_request_id or self.sample_request_id


def figures(
    store: HBaseStore, apps: Sequence[str], dimension: str, first: int, end: int
) -> Iterator[tuple[RowKey, Merged, int]]:
    """Yields key, figures of people and number of rejected events of each row with first ≤ minute < end."""
    for key, cells in scan(store, names.TABLE_MINUTE_METRICS, apps, dimension, first, end):
        merged, rejected = Merged(), 0
        for column, cell in cells.items():
            if column.startswith(b"f:e"):
                merged.add(tables.decode_counts(cell))
            else:
                rejected += tables.decode_rejected(cell)[1]
        yield key, merged, rejected


def visitors(
    store: HBaseStore, apps: Sequence[str], dimension: str, first: int, end: int
) -> Iterator[tuple[RowKey, list[bytes], list[bytes]]]:
    """Yields key, sketches of people and of bots (one per partition) of each row with first ≤ minute < end."""
    for key, cells in scan(store, names.TABLE_ACTIVE_USERS, apps, dimension, first, end):
        decoded = [tables.decode_visitor_sketches(cell) for cell in cells.values()]
        yield key, [people for _, people, _ in decoded if people], [bots for _, _, bots in decoded if bots]


def distinct(stored: Sequence[bytes]) -> int:
    """The number of distinct visitors in the union of the sketches."""
    return sketches.count(sketches.merge(stored))


def all_counted_until_ms(store: HBaseStore, partitions: int) -> int:
    """The time (ms since 1970) up to which every partition is counted; 0 if one of them was never caught up.

    partitions: the number of those of `events`.
    """
    of = {names.TOPIC_EVENTS: partitions, names.TOPIC_REJECTED: names.REJECTED_PARTITIONS}
    topics = {name: Topic(name, "", number) for name, number in of.items()}
    return min(state.caught_up_ms for state in read_states(store, topics).values())


def scan(
    store: HBaseStore, table: str, apps: Sequence[str], dimension: str, first: int, end: int
) -> Iterator[tuple[RowKey, dict[bytes, bytes]]]:
    """Yields key and cells of each row of an aggregate table with first ≤ minute < end. Raises HBaseUnavailable."""
    for app in apps:
        start = tables.encode_row_key(app, dimension, first, "")
        for key, cells in store.scan(table, start, tables.encode_row_key(app, dimension, end, "")):
            yield tables.decode_row_key(key), cells

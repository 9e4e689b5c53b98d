"""One aggregate row of the live tables, as one partition counts it in memory."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from footfall.metrics.histogram import UNMEASURED
from footfall.metrics.web_vitals import DIMENSIONS, Vitals, no_views, vitals_of
from footfall.realtime import tables
from footfall.realtime.event_parser import ParsedEvent
from footfall.realtime.known_values import KnownValues, dimension_of
from footfall.realtime.sketches import Visitors
from footfall.realtime.tables import Counts, Population


class EventTotals:
    """Totals of several events of one population (people or bots).

    For failures: the times of the first and the last one, and the request id of the one with the lowest offset.
    """

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
        "vitals",
    )

    def __init__(self, events: Sequence[ParsedEvent]) -> None:
        self.events = len(events)
        self.visitors = {event.visitor for event in events}
        self.page_views = self.not_found = 0
        self.responses: dict[int, int] = {}
        self.cities: dict[str, int] = {}
        failures, vitals = [], []
        for event in events:
            if event.page_view:
                self.page_views += 1
                if event.bucket != UNMEASURED:
                    self.responses[event.bucket] = self.responses.get(event.bucket, 0) + 1
                if event.not_found:
                    self.not_found += 1
                if event.city is not None:
                    self.cities[event.city] = self.cities.get(event.city, 0) + 1
            elif event.vitals is not None:
                vitals.append(event.vitals)
            if event.failure:
                failures.append(event)
        self.vitals = vitals_of(vitals) if vitals else None
        self.errors, self.error_events = len(failures), 0
        self.first_ms = self.last_ms = self.sample = None
        if failures:
            self.error_events = sum(not event.page_view for event in failures)
            self.first_ms = min(event.event_time_ms for event in failures)
            self.last_ms = max(event.event_time_ms for event in failures)
            examples = ((event.offset, event.request_id) for event in failures if event.request_id)
            self.sample = min(examples, default=(0, None))[1]


class MutablePopulation(msgspec.Struct, array_like=True):
    """A mutable `Population`, with the same fields in the same order and the same encoding."""

    events: int = 0
    page_views: int = 0
    errors: int = 0
    not_found: int = 0
    responses: dict[int, int] = {}  # msgspec copies the default for each instance
    first_ms: int | None = None
    last_ms: int | None = None
    sample_request_id: str | None = None
    error_events: int = 0


class AggregateRow:
    """One aggregate row: the partition's counts cell and visitors cell, decoded, each with its own offset."""

    __slots__ = (
        "active_offset",
        "bots",
        "bots_sketch",
        "cities",
        "counts_dirty",
        "counts_offset",
        "dimension",
        "entries",
        "exits",
        "last_used",
        "new_bots",
        "new_people",
        "people",
        "people_sketch",
        "values",
        "vitals",
    )

    def __init__(self, key: str, counts: bytes | None, active: bytes | None) -> None:
        self.dimension = dimension_of(key)
        self.last_used = 0
        self.counts_dirty = False
        self.counts_offset = self.active_offset = -1
        self.people, self.bots = MutablePopulation(), MutablePopulation()
        self.entries = self.exits = 0
        self.cities: dict[str, int] = {}
        self.vitals: Vitals | None = None
        values = None
        self.people_sketch, self.bots_sketch = Visitors(), Visitors()
        # Visitors since the last write. Most of them repeat, and adding to a set is cheaper than updating a sketch.
        self.new_people: set[str] = set()
        self.new_bots: set[str] = set()
        if counts is not None:
            decoded = tables.decode_counts(counts)
            self.counts_offset = decoded.offset
            self.people, self.bots = MutablePopulation(*decoded.people), MutablePopulation(*decoded.bots)
            self.entries, self.exits, self.cities = decoded.entries, decoded.exits, decoded.cities or {}
            self.vitals, values = decoded.vitals, decoded.values
        if active is not None:
            self.active_offset, people, bots = tables.decode_visitor_sketches(active)
            self.people_sketch, self.bots_sketch = Visitors(people), Visitors(bots)
        # Only a site's row has them.
        self.values = KnownValues(values) if self.dimension == "app" else None

    def add_events(self, more: EventTotals, are_bots: bool) -> None:
        """Adds the totals of more events."""
        population = self.bots if are_bots else self.people
        population.events += more.events
        if more.page_views:
            population.page_views += more.page_views
            population.not_found += more.not_found
            _add(population.responses, more.responses)
        if more.errors:
            population.errors += more.errors
            population.error_events += more.error_events
        if self.dimension == "error" and more.first_ms is not None and more.last_ms is not None:
            first_ms, last_ms = population.first_ms, population.last_ms
            population.first_ms = more.first_ms if first_ms is None else min(first_ms, more.first_ms)
            population.last_ms = more.last_ms if last_ms is None else max(last_ms, more.last_ms)
            population.sample_request_id = population.sample_request_id or more.sample
        elif self.dimension == "country" and not are_bots:
            _add(self.cities, more.cities)
        if more.vitals is not None and not are_bots and self.dimension in DIMENSIONS:
            self.vitals = self.vitals or no_views()
            self.vitals.add(more.vitals)
        self.counts_dirty = True

    def add_visit_edges(self, entries: int, exits: int) -> None:
        """Adds to the numbers of visits that begin (entries) and end (exits) here; both may be negative."""
        self.entries += entries
        self.exits += exits
        self.counts_dirty = True

    def add_visitors(self, visitors: set[str], are_bots: bool) -> None:
        """Adds visitors, to be merged into the sketch at the next write."""
        (self.new_bots if are_bots else self.new_people).update(visitors)

    def counts_cell(self, offset: int) -> bytes:
        # Copying both for each cell would take one percent of the time of counting.
        people, bots = cast("Population", self.people), cast("Population", self.bots)
        values = None if self.values is None else self.values.stored()
        cities = self.cities or None
        return tables.encode_counts(Counts(offset, people, bots, self.entries, self.exits, cities, values, self.vitals))

    def active_cell(self, offset: int) -> bytes | None:
        """The visitors cell, or None if every visitor is already in the stored sketch.

        Then the stored cell keeps its lower offset. A restart from there adds the same visitors again, which changes
        nothing.
        """
        is_new = False
        for sketch, visitors in ((self.people_sketch, self.new_people), (self.bots_sketch, self.new_bots)):
            if visitors:
                is_new |= sketch.add(visitors)
                visitors.clear()
        if not is_new:
            return None
        return tables.encode_visitors(offset, self.people_sketch.stored(), self.bots_sketch.stored())


def _add(counts: dict[Any, int], more: Mapping[Any, int]) -> None:
    for key, count in more.items():
        counts[key] = counts.get(key, 0) + count

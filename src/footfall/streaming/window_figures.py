"""The figures of one- and five-minute windows, exact. Pure: archived events in, windows out; no Spark.

Five-minute windows slide by one minute, and a visit that is there in each minute belongs to five of them. Instead of
multiplying events by windows, each minute counts its visits by how long they had not been seen: a visit whose last
minute lies more than j minutes back is new to the window that began j minutes ago. So a window is the sum over its
minutes of those new to it, which is the exact number of distinct ones; and so it is with visitors.

Spark's executor runs this in its Python workers. As one of its own plans the same took eight times as long, most of it
for making the code of a hundred columns.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from footfall.lake.archive_reader import MINUTE_US
from footfall.lake.window_files import COUNTS, FIVE, PERCENTILES
from footfall.metrics import engagement, errors, histogram, page_views

# What of an archived event is asked for.
COLUMNS: Final = (
    "session_id", "event_id", "anonymous_id", "event_type", "event_time", "is_bot", "page_path", "page_section",
    "page_title", "country", "device_type", "response_ms", "engaged_ms", "http_status",
)  # fmt: skip
SCHEMA: Final = pa.schema(
    [
        pa.field("window_minutes", pa.int64()),
        pa.field("window_start", pa.int64()),
        pa.field("app_id", pa.string()),
        pa.field("dimension", pa.string()),
        pa.field("value", pa.string()),
        pa.field("page_title", pa.string()),
        *(pa.field(name, pa.int64()) for name in COUNTS),
        *(pa.field(name, pa.int64()) for name in PERCENTILES),
    ]
)

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_AGES: Final = range(FIVE)
_BUCKETS: Final = len(histogram.BOUNDS_MS)


class _Codes(NamedTuple):
    """A column of text as numbers, that of a text the same throughout; null has one too. texts: by their numbers."""

    numbers: Integers
    texts: pa.Array

    @property
    def many(self) -> int:
        return len(self.texts)


class _People(NamedTuple):
    """Each event of a person once, as numbers. minute: of `_Minutes`; bound: of `BOUNDS_MS`, UNMEASURED without a
    response time; titled: grows with time and then with the title, whose number is its rest by `titles.many`; -1
    without a title. sums: what is added up."""

    minute: Integers
    session: _Codes
    visitor: _Codes
    bound: Integers
    titled: Integers
    titles: _Codes
    sums: dict[str, Integers]


class _Minutes:
    """The minutes that windows need, renumbered so that gaps of five and more are of five: nothing reaches over them,
    and days that lie years apart are told by small numbers."""

    def __init__(self, minutes: Collection[int], fives: Collection[int]) -> None:
        """minutes, fives: starts of windows, in minutes since 1970."""
        needed = {*minutes, *(start + age for start in fives for age in _AGES)}
        self.needed = np.array(sorted(needed), dtype=np.int64)
        self._numbers = np.cumsum(np.minimum(np.diff(self.needed, prepend=self.needed[:1]), FIVE))
        self.many = int(self._numbers[-1]) + 1 if needed else 0
        self.real = np.full(self.many, -1, dtype=np.int64)
        self.real[self._numbers] = self.needed
        self.asked = {1: self._flags(minutes), FIVE: self._flags(fives)}

    def numbers(self, minutes: Integers) -> tuple[Integers, Flags]:
        """The numbers of these minutes, and which of them are needed."""
        at = np.minimum(np.searchsorted(self.needed, minutes), len(self.needed) - 1)
        return self._numbers[at], np.asarray(self.needed[at] == minutes)

    def _flags(self, starts: Collection[int]) -> Flags:
        flags = np.zeros(self.many, dtype=np.bool_)
        flags[self._numbers[np.isin(self.needed, np.array(sorted(starts), dtype=np.int64))]] = True
        return flags


def windows(app_id: str, events: pa.Table, minutes: Collection[int], fives: Collection[int]) -> pa.Table:
    """The figures of people in the 1-minute windows that start at `minutes`, the 5-minute ones that start at `fives`.

    events: archived events of the app with `COLUMNS`, at least all of these windows; what else is there changes
    nothing, nor does a row that is there twice. minutes, fives: minutes since 1970. Returns a row (`SCHEMA`) for each
    window, dimension and value with at least one event: window_start in minutes since 1970; value: of the dimension
    `app` the app's own name, null where it is not known; page_title: the newest of a `page`, null of other dimensions;
    error_n: what could fail, the error rate's divisor; percentiles null without a measured page view.
    """
    wanted = _Minutes(minutes, fives)
    if not wanted.many or not events.num_rows:
        return SCHEMA.empty_table()
    people, rows = _people(events, wanted)
    if not rows.num_rows:
        return SCHEMA.empty_table()
    return pa.concat_tables(_tables(app_id, people, rows, wanted))


def _tables(app_id: str, people: _People, rows: pa.Table, wanted: _Minutes) -> Iterator[pa.Table]:
    for dimension, codes, there in _dimensions(app_id, rows):
        cells = _Cells(people, codes, there, wanted.many)
        for length, asked in wanted.asked.items():
            yield _table(app_id, dimension, length, cells.of(length, asked), codes, people, wanted)


def _people(events: pa.Table, wanted: _Minutes) -> tuple[_People, pa.Table]:
    """What people did in these minutes, each event once; and those rows."""
    at_us = events["event_time"].cast(pa.int64()).to_numpy()
    minute, needed = wanted.numbers(at_us // MINUTE_US)
    stays = needed & ~events["is_bot"].to_numpy()
    if not stays.all():
        events, at_us, minute = events.filter(pa.array(stays)), at_us[stays], minute[stays]
    session, identity = _codes(events["session_id"]), _codes(events["event_id"])
    # Null has a number of its own, whether there is one or not.
    if identity.many <= len(minute):
        once = np.unique(session.numbers * identity.many + identity.numbers, return_index=True)[1]
        events, at_us, minute = events.take(pa.array(once)), at_us[once], minute[once]
        session = _Codes(session.numbers[once], session.texts)
    types = _codes(events["event_type"])
    is_view = _each(types, page_views.is_page_view)
    is_error = _each(types, errors.is_error_event)
    response_ms = events["response_ms"]
    # In the order of their bytes, so that of two at one time the same one wins everywhere.
    titles = _ordered(_codes(events["page_title"]))
    has_title = is_view & events["page_title"].is_valid().to_numpy()
    since = at_us // 1000 - (int(at_us.min()) // 1000 if len(at_us) else 0)
    people = _People(
        minute,
        session,
        _codes(events["anonymous_id"]),
        histogram.response_buckets(is_view, _numbers(response_ms, 0), response_ms.is_valid().to_numpy()),
        np.where(has_title, since * titles.many + titles.numbers, -1),
        titles,
        {
            "events": np.ones(len(minute), dtype=np.int64),
            "page_views": is_view.astype(np.int64),
            "engaged_ms": engagement.engaged_times_ms(
                _each(types, engagement.is_ping), _numbers(events["engaged_ms"], 0)
            ),
            "errors": errors.failures(is_view, is_error, _numbers(events["http_status"], 0)).astype(np.int64),
            "error_n": _each(types, errors.could_fail).astype(np.int64),
        },
    )
    return people, events


def _dimensions(app_id: str, rows: pa.Table) -> Iterator[tuple[str, _Codes, Flags | None]]:
    """Each dimension with the values of all rows, and which rows have a place in it; None is all."""
    yield "app", _Codes(np.zeros(len(rows), dtype=np.int64), pa.array([app_id])), None
    there = rows["page_path"].is_valid().to_numpy()
    yield "page", _codes(rows["page_path"]), there
    yield "section", _codes(rows["page_section"]), there
    yield "country", _codes(rows["country"]), None
    yield "device", _codes(rows["device_type"]), None


class _Figures(NamedTuple):
    """Of windows, or of minutes: who (number of the value and of the minute, as one), sums, the newest title, and how
    many page views had which bound: owner (a row of who), bound and views, sorted by both."""

    who: Integers
    sums: dict[str, Integers]
    titled: Integers
    owner: Integers
    bound: Integers
    views: Integers


class _Cells:
    """The figures of each value and minute of one dimension, from which those of windows follow."""

    def __init__(self, people: _People, codes: _Codes, there: Flags | None, minutes: int) -> None:
        """minutes: how many numbers they have."""

        def here(numbers: Integers) -> Integers:
            return numbers if there is None else numbers[there]

        self._minutes = minutes
        value, minute = here(codes.numbers), here(people.minute)
        self._who, cell = np.unique(value * minutes + minute, return_inverse=True)
        self._sums = {name: _added(here(column), cell, len(self._who)) for name, column in people.sums.items()}
        self._titled = _largest(here(people.titled), cell, len(self._who))
        bound = here(people.bound)
        measured = bound != histogram.UNMEASURED
        sized = cell[measured] * _BUCKETS + bound[measured]
        self._sized, self._views = np.unique(sized, return_counts=True)
        self._new = {
            name: self._new_ones(value * one.many + here(one.numbers), one.many, minute)
            for name, one in (("visits", people.session), ("visitors", people.visitor))
        }

    def of(self, length: int, asked: Flags) -> _Figures:
        """The figures of windows of that length (minutes). asked: the minutes that these start in."""
        ages = range(length)
        minute = self._who % self._minutes
        # A cell belongs to as many windows as are asked for among those that began 0, 1, … minutes before it.
        of_age = [np.flatnonzero((minute >= age) & asked[np.maximum(minute - age, 0)]) for age in ages]
        cell = np.concatenate(of_age)
        starts = np.concatenate([self._who[cells] - age for age, cells in zip(ages, of_age, strict=True)])
        who, window = np.unique(starts, return_inverse=True)
        sums = {name: _added(column[cell], window, len(who)) for name, column in self._sums.items()}
        for name, new in self._new.items():
            added = np.concatenate([new[age][cells] for age, cells in zip(ages, of_age, strict=True)])
            sums[name] = _added(added, window, len(who))
        titled = _largest(self._titled[cell], window, len(who))
        # Of each cell in a window all its bounds.
        first = np.searchsorted(self._sized, np.arange(len(self._who) + 1) * _BUCKETS)
        many = np.diff(first)[cell]
        each = np.repeat(first[cell] - np.cumsum(many) + many, many) + np.arange(many.sum())
        sized = np.repeat(window, many) * _BUCKETS + self._sized[each] % _BUCKETS
        together, place = np.unique(sized, return_inverse=True)
        views = _added(self._views[each], place, len(together))
        return _Figures(who, sums, titled, together // _BUCKETS, together % _BUCKETS, views)

    def _new_ones(self, someone: Integers, count: int, minute: Integers) -> list[Integers]:
        """By cell, how many are new to the window that began 0, 1, … 4 minutes ago.

        someone: the value's number times `count`, and who it was.
        """
        each = np.unique(someone * self._minutes + minute)
        who, at = np.divmod(each, self._minutes)
        gap = np.full(len(each), FIVE, dtype=np.int64)
        gap[1:] = np.where(who[1:] == who[:-1], np.diff(at), FIVE)
        cell = np.searchsorted(self._who, who // count * self._minutes + at)
        return [np.bincount(cell[gap > age], minlength=len(self._who)) for age in _AGES]


def _table(
    app_id: str, dimension: str, length: int, of: _Figures, codes: _Codes, people: _People, wanted: _Minutes
) -> pa.Table:
    count = len(of.who)
    value, minute = np.divmod(of.who, wanted.many)
    known: dict[str, pa.Array] = {
        "window_minutes": pa.repeat(pa.scalar(length, pa.int64()), count),
        "window_start": pa.array(wanted.real[minute]),
        "app_id": pa.repeat(app_id, count),
        "dimension": pa.repeat(dimension, count),
        "value": codes.texts.take(pa.array(value)),
        "page_title": pa.nulls(count, pa.string()),
        **{name: pa.array(of.sums[name]) for name in COUNTS},
        **_percentiles(of, count),
    }
    if dimension == "page":
        known["page_title"] = people.titles.texts.take(pa.array(of.titled % people.titles.many, mask=of.titled < 0))
    return pa.table([known[name] for name in SCHEMA.names], schema=SCHEMA)


def _percentiles(of: _Figures, count: int) -> dict[str, pa.Array]:
    """Null without a measured page view."""
    found = {}
    for name, percent in PERCENTILES.items():
        bounds = histogram.quantiles_ms(of.owner, of.bound, of.views, count, percent)
        found[name] = pa.array(bounds, mask=bounds == histogram.UNMEASURED)
    return found


def _codes(column: pa.ChunkedArray) -> _Codes:
    whole = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = whole.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    texts = pa.concat_arrays([encoded.dictionary.cast(pa.string()), pa.nulls(1, pa.string())])
    numbers = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return _Codes(numbers.astype(np.int64), texts)


def _ordered(codes: _Codes) -> _Codes:
    """The same, with numbers in the order of their texts."""
    order = pc.sort_indices(codes.texts)
    place = np.empty(codes.many, dtype=np.int64)
    place[order.to_numpy()] = np.arange(codes.many)
    return _Codes(place[codes.numbers], codes.texts.take(order))


def _each(codes: _Codes, holds: Callable[[str], bool]) -> Flags:
    """Whether it holds for each text of the column; for null it does not."""
    by_number = [text is not None and holds(text) for text in codes.texts.to_pylist()]
    return np.array(by_number, dtype=np.bool_)[codes.numbers]


def _numbers(column: pa.ChunkedArray, otherwise: int) -> Integers:
    return np.asarray(column.cast(pa.int64()).fill_null(otherwise).to_numpy())


def _added(numbers: Integers, group: Integers, groups: int) -> Integers:
    # Added up as floats, which hold every whole number below 2^53.
    return np.bincount(group, weights=numbers, minlength=groups).astype(np.int64)


def _largest(numbers: Integers, group: Integers, groups: int) -> Integers:
    found = np.full(groups, -1, dtype=np.int64)
    np.maximum.at(found, group, numbers)
    return found

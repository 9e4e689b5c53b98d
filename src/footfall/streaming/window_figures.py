"""Computes the exact figures of one- and five-minute windows from archived events. It does not use Spark.

Five-minute windows slide by one minute, so each event belongs to five of them. Instead of copying each event into five
windows, each minute counts its visits by the time since the visit was last seen: a visit whose previous minute lies
more than j minutes back is new to the window that began j minutes ago. The number of distinct visits of a window is
the sum, over its minutes, of the visits that are new to it. Distinct visitors are counted in the same way.

Spark's executor runs this in its Python workers. The same computation as a Spark plan took eight times as long, mostly
to generate the code for a hundred columns.
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
from footfall.metrics.dimension_limit import MOST_VALUES, OTHER

# The columns of archived events that the computation needs.
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
    """A dictionary-encoded text column. numbers: the code of each row. texts: the text of each code, null included."""

    numbers: Integers
    texts: pa.Array

    @property
    def size(self) -> int:
        return len(self.texts)


class _PersonEvents(NamedTuple):
    """The distinct events of people (not bots) in the needed minutes, as columns.

    minute: the number in `_Minutes`. bound: the index in `BOUNDS_MS`, or UNMEASURED without a response time.
    titled: orders the titles by time and then by text; `titled % titles.size` is the title's code; -1 without a title.
    sums: the columns that are summed.
    """

    minute: Integers
    session: _Codes
    visitor: _Codes
    bound: Integers
    titled: Integers
    titles: _Codes
    sums: dict[str, Integers]


class _Minutes:
    """The minutes that the windows need, renumbered to small integers.

    A gap of five or more minutes becomes one of five, which no window spans. So even days that lie years apart get
    small numbers.
    """

    def __init__(self, minutes: Collection[int], fives: Collection[int]) -> None:
        """minutes, fives: the starts of the 1-minute and 5-minute windows, in minutes since 1970."""
        needed = {*minutes, *(start + age for start in fives for age in _AGES)}
        self.needed = np.array(sorted(needed), dtype=np.int64)
        self._numbers = np.cumsum(np.minimum(np.diff(self.needed, prepend=self.needed[:1]), FIVE))
        self.size = int(self._numbers[-1]) + 1 if needed else 0
        self.real = np.full(self.size, -1, dtype=np.int64)
        self.real[self._numbers] = self.needed
        self.asked = {1: self._flags(minutes), FIVE: self._flags(fives)}

    def numbers(self, minutes: Integers) -> tuple[Integers, Flags]:
        """The numbers of these minutes, and flags of the needed ones. The number of any other minute is undefined."""
        at = np.minimum(np.searchsorted(self.needed, minutes), len(self.needed) - 1)
        return self._numbers[at], np.asarray(self.needed[at] == minutes)

    def _flags(self, starts: Collection[int]) -> Flags:
        flags = np.zeros(self.size, dtype=np.bool_)
        flags[self._numbers[np.isin(self.needed, np.array(sorted(starts), dtype=np.int64))]] = True
        return flags


def windows(app_id: str, events: pa.Table, minutes: Collection[int], fives: Collection[int]) -> pa.Table:
    """The figures, without bots, of the 1-minute windows that start at `minutes` and the 5-minute ones at `fives`.

    events: archived events of the app with `COLUMNS`. All events of these windows must be included; other events and
    duplicate rows change nothing. minutes, fives: minutes since 1970.

    Returns one row (`SCHEMA`) for each window, dimension and value with at least one event. window_start: minutes since
    1970. value: the app's name in the dimension `app`; null if the value is unknown. page_title: the newest title in
    the dimension `page`, else null. error_n: the events that could fail, which is the divisor of the error rate.
    The percentiles are null without a measured page view.
    """
    wanted = _Minutes(minutes, fives)
    if not wanted.size or not events.num_rows:
        return SCHEMA.empty_table()
    people, rows = _people(events, wanted)
    if not rows.num_rows:
        return SCHEMA.empty_table()
    return pa.concat_tables(_tables(app_id, people, rows, wanted))


def _tables(app_id: str, people: _PersonEvents, rows: pa.Table, wanted: _Minutes) -> Iterator[pa.Table]:
    for dimension, every, has_value in _dimensions(app_id, rows):
        codes = every if has_value is None else _limited(every, has_value, people.minute, wanted.size)
        cells = _Cells(people, codes, has_value, wanted.size)
        for length, asked in wanted.asked.items():
            yield _table(app_id, dimension, length, cells.of(length, asked), codes, people, wanted)


def _people(events: pa.Table, wanted: _Minutes) -> tuple[_PersonEvents, pa.Table]:
    """The distinct events of people in these minutes, and the rows of `events` that they come from."""
    at_us = events["event_time"].cast(pa.int64()).to_numpy()
    minute, needed = wanted.numbers(at_us // MINUTE_US)
    stays = needed & ~events["is_bot"].to_numpy()
    if not stays.all():
        events, at_us, minute = events.filter(pa.array(stays)), at_us[stays], minute[stays]
    session, identity = _codes(events["session_id"]), _codes(events["event_id"])
    # The size includes the code of null. With fewer distinct ids than rows, some rows repeat an id.
    if identity.size <= len(minute):
        once = np.unique(session.numbers * identity.size + identity.numbers, return_index=True)[1]
        events, at_us, minute = events.take(pa.array(once)), at_us[once], minute[once]
        session = _Codes(session.numbers[once], session.texts)
    types = _codes(events["event_type"])
    is_view = _each(types, page_views.is_page_view)
    is_error = _each(types, errors.is_error_event)
    response_ms = events["response_ms"]
    # Sorted by their bytes, so that the same one of two simultaneous titles wins in every window.
    titles = _ordered(_codes(events["page_title"]))
    has_title = is_view & events["page_title"].is_valid().to_numpy()
    since = at_us // 1000 - (int(at_us.min()) // 1000 if len(at_us) else 0)
    people = _PersonEvents(
        minute,
        session,
        _codes(events["anonymous_id"]),
        histogram.response_buckets(is_view, _numbers(response_ms, 0), response_ms.is_valid().to_numpy()),
        np.where(has_title, since * titles.size + titles.numbers, -1),
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
    """Each dimension with the value of every row, and flags of the rows that belong to it; None means all rows."""
    yield "app", _Codes(np.zeros(len(rows), dtype=np.int64), pa.array([app_id])), None
    has_path = rows["page_path"].is_valid().to_numpy()
    yield "page", _codes(rows["page_path"]), has_path
    yield "section", _codes(rows["page_section"]), has_path
    yield "country", _codes(rows["country"]), None
    yield "device", _codes(rows["device_type"]), None


def _limited(codes: _Codes, has_value: Flags, minute: Integers, minutes: int) -> _Codes:
    """The same column with `(other)` for the values that are not among the MOST_VALUES of their minute with the most
    events. Of values with equally many events, the first ones in the order of their bytes stay."""
    places = codes.numbers * minutes + minute
    place, events = np.unique(places[has_value], return_counts=True)
    value, at = np.divmod(place, minutes)
    if np.bincount(at, minlength=1).max() <= MOST_VALUES:
        return codes
    order = np.lexsort((_ranks(codes)[value], -events, at))
    at = at[order]
    beyond = place[order][np.arange(len(at)) - np.searchsorted(at, at) >= MOST_VALUES]
    # A visitor can also send this text.
    sent = pc.index(codes.texts, OTHER).as_py()
    other, texts = (codes.size, pa.concat_arrays([codes.texts, pa.array([OTHER])])) if sent < 0 else (sent, codes.texts)
    return _Codes(np.where(np.isin(places, beyond), other, codes.numbers), texts)


class _Figures(NamedTuple):
    """The figures of windows.

    cell: the dimension's value and the window's start as one number. sums: the sums of each cell. titled: the newest
    title. owner, bound, views: the number of page views for each row of `cell` and response-time bound, sorted.
    """

    cell: Integers
    sums: dict[str, Integers]
    titled: Integers
    owner: Integers
    bound: Integers
    views: Integers


class _Cells:
    """The figures of each value and minute of one dimension, from which those of windows follow."""

    def __init__(self, people: _PersonEvents, codes: _Codes, has_value: Flags | None, minutes: int) -> None:
        """has_value: flags the rows that belong to the dimension, None for all. minutes: the size of `_Minutes`."""

        def in_dimension(numbers: Integers) -> Integers:
            return numbers if has_value is None else numbers[has_value]

        self._minutes = minutes
        value, minute = in_dimension(codes.numbers), in_dimension(people.minute)
        self._cells, cell = np.unique(value * minutes + minute, return_inverse=True)
        self._sums = {
            name: _added(in_dimension(column), cell, len(self._cells)) for name, column in people.sums.items()
        }
        self._titled = _largest(in_dimension(people.titled), cell, len(self._cells))
        bound = in_dimension(people.bound)
        measured = bound != histogram.UNMEASURED
        sized = cell[measured] * _BUCKETS + bound[measured]
        self._sized, self._views = np.unique(sized, return_counts=True)
        self._new = {
            name: self._new_ones(value * one.size + in_dimension(one.numbers), one.size, minute)
            for name, one in (("visits", people.session), ("visitors", people.visitor))
        }

    def of(self, length: int, asked: Flags) -> _Figures:
        """The figures of the windows of a length in minutes. asked: flags the minutes at which these windows start."""
        ages = range(length)
        minute = self._cells % self._minutes
        # A cell belongs to the requested windows among those that began 0, 1, … minutes before it.
        of_age = [np.flatnonzero((minute >= age) & asked[np.maximum(minute - age, 0)]) for age in ages]
        cell = np.concatenate(of_age)
        starts = np.concatenate([self._cells[cells] - age for age, cells in zip(ages, of_age, strict=True)])
        found, window = np.unique(starts, return_inverse=True)
        sums = {name: _added(column[cell], window, len(found)) for name, column in self._sums.items()}
        for name, new in self._new.items():
            added = np.concatenate([new[age][cells] for age, cells in zip(ages, of_age, strict=True)])
            sums[name] = _added(added, window, len(found))
        titled = _largest(self._titled[cell], window, len(found))
        # Collect all bounds of each cell in a window.
        first = np.searchsorted(self._sized, np.arange(len(self._cells) + 1) * _BUCKETS)
        sizes = np.diff(first)[cell]
        each = np.repeat(first[cell] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        sized = np.repeat(window, sizes) * _BUCKETS + self._sized[each] % _BUCKETS
        merged, index = np.unique(sized, return_inverse=True)
        views = _added(self._views[each], index, len(merged))
        return _Figures(found, sums, titled, merged // _BUCKETS, merged % _BUCKETS, views)

    def _new_ones(self, visits: Integers, count: int, minute: Integers) -> list[Integers]:
        """For each age of 0 to 4 minutes and each cell, the number of visits (or visitors) that are new to the window
        that began that many minutes ago.

        visits: the code of the value times `count`, plus the code of the visit. count: the number of visit codes.
        """
        each = np.unique(visits * self._minutes + minute)
        visit, at = np.divmod(each, self._minutes)
        gap = np.full(len(each), FIVE, dtype=np.int64)
        gap[1:] = np.where(visit[1:] == visit[:-1], np.diff(at), FIVE)
        cell = np.searchsorted(self._cells, visit // count * self._minutes + at)
        return [np.bincount(cell[gap > age], minlength=len(self._cells)) for age in _AGES]


def _table(
    app_id: str, dimension: str, length: int, of: _Figures, codes: _Codes, people: _PersonEvents, wanted: _Minutes
) -> pa.Table:
    count = len(of.cell)
    value, minute = np.divmod(of.cell, wanted.size)
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
        untitled = (of.titled < 0) | pc.equal(known["value"], OTHER).fill_null(False).to_numpy(zero_copy_only=False)
        known["page_title"] = people.titles.texts.take(pa.array(of.titled % people.titles.size, mask=untitled))
    return pa.table([known[name] for name in SCHEMA.names], schema=SCHEMA)


def _percentiles(of: _Figures, count: int) -> dict[str, pa.Array]:
    """The percentile columns; null without a measured page view."""
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
    """The same column with codes in the order of the texts."""
    rank = _ranks(codes)
    return _Codes(rank[codes.numbers], codes.texts.take(pa.array(np.argsort(rank))))


def _ranks(codes: _Codes) -> Integers:
    """The place of each code's text in the order of their bytes; null is the last."""
    rank = np.empty(codes.size, dtype=np.int64)
    rank[pc.sort_indices(codes.texts).to_numpy()] = np.arange(codes.size)
    return rank


def _each(codes: _Codes, holds: Callable[[str], bool]) -> Flags:
    """Flags the rows whose text satisfies `holds`; null does not."""
    by_number = [text is not None and holds(text) for text in codes.texts.to_pylist()]
    return np.array(by_number, dtype=np.bool_)[codes.numbers]


def _numbers(column: pa.ChunkedArray, otherwise: int) -> Integers:
    return np.asarray(column.cast(pa.int64()).fill_null(otherwise).to_numpy())


def _added(numbers: Integers, group: Integers, groups: int) -> Integers:
    # bincount sums floats, which represent every integer below 2^53 exactly.
    return np.bincount(group, weights=numbers, minlength=groups).astype(np.int64)


def _largest(numbers: Integers, group: Integers, groups: int) -> Integers:
    found = np.full(groups, -1, dtype=np.int64)
    np.maximum.at(found, group, numbers)
    return found

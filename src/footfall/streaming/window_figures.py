"""Computes the exact figures of one- and five-minute windows from archived events. It does not use Spark.

Five-minute windows slide by one minute, so each event belongs to five of them. Instead of copying each event into five
windows, each minute counts its visits by the time since the visit was last seen: a visit whose previous minute lies
more than j minutes back is new to the window that began j minutes ago. The number of distinct visits of a window is
the sum, over its minutes, of the visits that are new to it. Distinct visitors are counted in the same way.

Spark's executor runs this in its Python workers. The same computation as a Spark plan took eight times as long, mostly
to generate the code for a hundred columns.
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.lake.archive_reader import MINUTE_US
from footfall.lake.window_files import COUNTS, FIVE, PERCENTILES, VITAL_COLUMNS, VITAL_VIEWS
from footfall.metrics import engagement, errors, histogram, page_views, web_vitals
from footfall.metrics.dimension_limit import MOST_VALUES, OTHER
from footfall.streaming.window_columns import Codes, Flags, Integers, codes_of, flags_of, numbers_of, ordered, ranks
from footfall.streaming.window_histograms import Histograms, histograms

# The columns of archived events that the computation needs.
COLUMNS: Final = (
    "session_id", "event_id", "anonymous_id", "event_type", "event_time", "is_bot", "page_path", "page_section",
    "page_title", "country", "device_type", "response_ms", "engaged_ms", "http_status", *web_vitals.FIELDS,
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
        pa.field(VITAL_VIEWS, pa.int64()),
        *(pa.field(name, pa.int64()) for names in VITAL_COLUMNS.values() for name in names),
    ]
)

_AGES: Final = range(FIVE)
_RESPONSES: Final = "response_ms"


class _PersonEvents(NamedTuple):
    """The distinct events of people (not bots) in the needed minutes, as columns.

    minute: the number in `_Minutes`. buckets: by field, those of response times and web vitals; UNMEASURED without one.
    titled: orders the titles by time and then by text; `titled % titles.size` is the title's code; -1 without a title.
    sums: the columns that are summed.
    """

    minute: Integers
    session: Codes
    visitor: Codes
    buckets: dict[str, Integers]
    titled: Integers
    titles: Codes
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
    The percentiles are null without a measured page view. The columns of web vitals: see `window_files`.
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
    session, identity = codes_of(events["session_id"]), codes_of(events["event_id"])
    # The size includes the code of null. With fewer distinct ids than rows, some rows repeat an id.
    if identity.size <= len(minute):
        once = np.unique(session.numbers * identity.size + identity.numbers, return_index=True)[1]
        events, at_us, minute = events.take(pa.array(once)), at_us[once], minute[once]
        session = Codes(session.numbers[once], session.texts)
    types = codes_of(events["event_type"])
    is_view = flags_of(types, page_views.is_page_view)
    is_error = flags_of(types, errors.is_error_event)
    is_felt = flags_of(types, web_vitals.is_web_vitals)
    # Sorted by their bytes, so that the same one of two simultaneous titles wins in every window.
    titles = ordered(codes_of(events["page_title"]))
    has_title = is_view & events["page_title"].is_valid().to_numpy()
    since = at_us // 1000 - (int(at_us.min()) // 1000 if len(at_us) else 0)
    people = _PersonEvents(
        minute,
        session,
        codes_of(events["anonymous_id"]),
        {
            _RESPONSES: _buckets(events[_RESPONSES], is_view),
            **{field: _buckets(events[field], is_felt) for field in web_vitals.FIELDS},
        },
        np.where(has_title, since * titles.size + titles.numbers, -1),
        titles,
        {
            "events": np.ones(len(minute), dtype=np.int64),
            "page_views": is_view.astype(np.int64),
            "engaged_ms": engagement.engaged_times_ms(
                flags_of(types, engagement.is_ping), numbers_of(events["engaged_ms"], 0)
            ),
            "errors": errors.failures(is_view, is_error, numbers_of(events["http_status"], 0)).astype(np.int64),
            "error_n": flags_of(types, errors.could_fail).astype(np.int64),
            VITAL_VIEWS: is_felt.astype(np.int64),
            **_good_and_poor(events, is_felt),
        },
    )
    return people, events


def _good_and_poor(events: pa.Table, is_felt: Flags) -> dict[str, Integers]:
    """For each web vital, 1 for the events in which it is good, and 1 for those in which it is poor."""
    found = {}
    for field, limits in web_vitals.LIMITS.items():
        measured, value = is_felt & events[field].is_valid().to_numpy(), numbers_of(events[field], 0)
        names = VITAL_COLUMNS[field]
        found[names.good] = (measured & (value <= limits.good)).astype(np.int64)
        found[names.poor] = (measured & (value > limits.poor)).astype(np.int64)
    return found


def _dimensions(app_id: str, rows: pa.Table) -> Iterator[tuple[str, Codes, Flags | None]]:
    """Each dimension with the value of every row, and flags of the rows that belong to it; None means all rows."""
    yield "app", Codes(np.zeros(len(rows), dtype=np.int64), pa.array([app_id])), None
    has_path = rows["page_path"].is_valid().to_numpy()
    yield "page", codes_of(rows["page_path"]), has_path
    yield "section", codes_of(rows["page_section"]), has_path
    yield "country", codes_of(rows["country"]), None
    yield "device", codes_of(rows["device_type"]), None


def _limited(codes: Codes, has_value: Flags, minute: Integers, minutes: int) -> Codes:
    """The same column with `(other)` for the values that are not among the MOST_VALUES of their minute with the most
    events. Of values with equally many events, the first ones in the order of their bytes stay."""
    places = codes.numbers * minutes + minute
    place, events = np.unique(places[has_value], return_counts=True)
    value, at = np.divmod(place, minutes)
    if np.bincount(at, minlength=1).max() <= MOST_VALUES:
        return codes
    order = np.lexsort((ranks(codes)[value], -events, at))
    at = at[order]
    beyond = place[order][np.arange(len(at)) - np.searchsorted(at, at) >= MOST_VALUES]
    # A visitor can also send this text.
    sent = pc.index(codes.texts, OTHER).as_py()
    other, texts = (codes.size, pa.concat_arrays([codes.texts, pa.array([OTHER])])) if sent < 0 else (sent, codes.texts)
    return Codes(np.where(np.isin(places, beyond), other, codes.numbers), texts)


class _Figures(NamedTuple):
    """The figures of windows.

    cell: the dimension's value and the window's start as one number. sums: the sums of each cell. titled: the newest
    title. histograms: by field, those of each cell.
    """

    cell: Integers
    sums: dict[str, Integers]
    titled: Integers
    histograms: dict[str, Histograms]


class _Cells:
    """The figures of each value and minute of one dimension, from which those of windows follow."""

    def __init__(self, people: _PersonEvents, codes: Codes, has_value: Flags | None, minutes: int) -> None:
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
        self._histograms = {field: histograms(cell, in_dimension(buckets)) for field, buckets in people.buckets.items()}
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
        joined = {field: one.joined(len(self._cells), cell, window) for field, one in self._histograms.items()}
        return _Figures(found, sums, titled, joined)

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
    app_id: str, dimension: str, length: int, of: _Figures, codes: Codes, people: _PersonEvents, wanted: _Minutes
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
        **_vitals(of, count),
    }
    if dimension == "page":
        untitled = (of.titled < 0) | pc.equal(known["value"], OTHER).fill_null(False).to_numpy(zero_copy_only=False)
        known["page_title"] = people.titles.texts.take(pa.array(of.titled % people.titles.size, mask=untitled))
    return pa.table([known[name] for name in SCHEMA.names], schema=SCHEMA)


def _percentiles(of: _Figures, count: int) -> dict[str, pa.Array]:
    """The percentile columns; null without a measured page view."""
    responses = of.histograms[_RESPONSES]
    return {name: _or_null(responses.percentile(count, percent)) for name, percent in PERCENTILES.items()}


def _vitals(of: _Figures, count: int) -> dict[str, pa.Array]:
    """The columns of web vitals; a percentile is null without a value."""
    found = {VITAL_VIEWS: pa.array(of.sums[VITAL_VIEWS])}
    for field, names in VITAL_COLUMNS.items():
        values = of.histograms[field]
        found[names.p75] = _or_null(values.percentile(count, web_vitals.PERCENT))
        found[names.values] = pa.array(values.values(count))
        found |= {name: pa.array(of.sums[name]) for name in (names.good, names.poor)}
    return found


def _or_null(bounds: Integers) -> pa.Array:
    return pa.array(bounds, mask=bounds == histogram.UNMEASURED)


def _buckets(column: pa.ChunkedArray, counts: Flags) -> Integers:
    """The bucket of each value of the events that count, UNMEASURED for all others."""
    return histogram.response_buckets(counts, numbers_of(column, 0), column.is_valid().to_numpy())


def _added(numbers: Integers, group: Integers, groups: int) -> Integers:
    # bincount sums floats, which represent every integer below 2^53 exactly.
    return np.bincount(group, weights=numbers, minlength=groups).astype(np.int64)


def _largest(numbers: Integers, group: Integers, groups: int) -> Integers:
    found = np.full(groups, -1, dtype=np.int64)
    np.maximum.at(found, group, numbers)
    return found

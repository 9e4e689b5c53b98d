"""The definition of the web vitals: how fast a page felt, by four measurements that browsers take of each view.

They come as one event per page view, with those values that the browser knows. Of each value, the percentile is that
of nearest rank; from a histogram it is the upper bound of the bucket that holds this rank. How many values are good and
how many are poor is counted exactly, so whether a page is good does not depend on the histogram's buckets.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from footfall.metrics.histogram import bucket, quantile_ms
from footfall.metrics.percentiles import nearest_rank

WEB_VITALS: Final = "web_vitals"
# A page is as fast as three of four of its views at least.
PERCENT: Final = 75
# The dimensions by which they are counted live.
DIMENSIONS: Final = ("app", "page", "device")
Rating = Literal["good", "needs improvement", "poor"]


class Limits(NamedTuple):
    """A value up to `good` is good; one beyond `poor` is poor."""

    good: int
    poor: int


# By the event's fields: largest contentful paint, interaction to next paint, cumulative layout shift × 1,000, time to
# first byte. The limits are Google's (https://web.dev/articles/vitals).
LIMITS: Final[Mapping[str, Limits]] = {
    "lcp_ms": Limits(2_500, 4_000),
    "inp_ms": Limits(200, 500),
    "cls_milli": Limits(100, 250),
    "ttfb_ms": Limits(800, 1_800),
}
FIELDS: Final = tuple(LIMITS)
# Of questions, in the order of `FIELDS`. A layout shift is written as usual, undivided.
COLUMNS: Final = (
    *("lcp_p75_ms", "inp_p75_ms", "cls_p75", "ttfb_p75_ms"),
    *("lcp_good_share", "inp_good_share", "cls_good_share", "ttfb_good_share"),
    *("lcp_rating", "inp_rating", "cls_rating", "ttfb_rating"),
)


class Vital(msgspec.Struct, array_like=True, gc=False):
    """The values of one vital. histogram: bucket → values; good, poor: how many of them are."""

    histogram: dict[int, int] = {}  # msgspec copies the default for each instance
    good: int = 0
    poor: int = 0

    @property
    def count(self) -> int:
        """The number of values."""
        return sum(self.histogram.values())


class Vitals(msgspec.Struct, array_like=True, gc=False):
    """How fast a page felt in some views. views: the events; the vitals are in the order of `FIELDS`."""

    views: int
    lcp: Vital
    inp: Vital
    cls: Vital
    ttfb: Vital

    @property
    def by_field(self) -> dict[str, Vital]:
        """The vitals by the event's fields."""
        return dict(zip(FIELDS, (self.lcp, self.inp, self.cls, self.ttfb), strict=True))

    def add(self, other: "Vitals") -> None:
        """Adds those of other views."""
        self.views += other.views
        for mine, more in zip(self.by_field.values(), other.by_field.values(), strict=True):
            mine.good += more.good
            mine.poor += more.poor
            for index, count in more.histogram.items():
                mine.histogram[index] = mine.histogram.get(index, 0) + count


def is_web_vitals(event_type: str) -> bool:
    """Whether an event says how fast a page felt."""
    return event_type == WEB_VITALS


def no_views() -> Vitals:
    """Those of no view."""
    return Vitals(0, Vital(), Vital(), Vital(), Vital())


def vitals_of(views: Sequence[Sequence[int | None]]) -> Vitals:
    """Those of some views, each with its values in the order of `FIELDS`; None if a value is unknown."""
    found = no_views()
    found.views = len(views)
    for place, (field, vital) in enumerate(found.by_field.items()):
        limits = LIMITS[field]
        for view in views:
            if (value := view[place]) is not None:
                index = bucket(value)
                vital.histogram[index] = vital.histogram.get(index, 0) + 1
                vital.good += value <= limits.good
                vital.poor += value > limits.poor
    return found


def p75(vital: Vital) -> int | None:
    """The percentile as the histogram has it, in the unit of the field; None without a value."""
    return quantile_ms(vital.histogram, PERCENT)


def rating(good: int, poor: int, count: int) -> Rating | None:
    """What the percentile is, by the exact counts; None without a value."""
    rank = nearest_rank(count, PERCENT)
    if not rank:
        return None
    if rank <= good:
        return "good"
    return "poor" if rank > count - poor else "needs improvement"


def columns_of(vitals: Mapping[str, tuple[int | None, int, int, int]]) -> dict[str, int | float | str | None]:
    """The columns that questions return.

    vitals: by the event's fields, the percentile, how many values are good, how many are poor, and how many there are
    """
    (lcp, _, _, _), (inp, _, _, _), (milli, _, _, _), (ttfb, _, _, _) = (vitals[field] for field in FIELDS)
    percentiles = (lcp, inp, None if milli is None else milli / 1000, ttfb)
    shares = (good / count if count else None for _, good, _, count in (vitals[field] for field in FIELDS))
    ratings = (rating(good, poor, count) for _, good, poor, count in (vitals[field] for field in FIELDS))
    return dict(zip(COLUMNS, (*percentiles, *shares, *ratings), strict=True))

"""The rules for alerts: each compares a span of time with the half hour before. Pure."""

from collections.abc import Callable, Sequence
from math import floor
from statistics import fmean, pvariance
from typing import Final, NamedTuple

from footfall.metrics.histogram import bucket, quantile_bucket
from footfall.realtime.alerts.figures import Figures
from footfall.realtime.alerts.tails import binomial_upper, poisson_lower

# An alert is raised if such figures are less likely than this while nothing is wrong. All pages of a site are judged in
# each slot, but successive spans share most of their slots, so a false alert occurs once in many months.
RAISED_BELOW: Final = 1e-6
CALM_ABOVE: Final = 0.05
LEAST_TRIALS: Final = 5
LEAST_HITS: Final = 4
# The lowest share that counts as expected, so that the second error of a site without errors raises no alert.
LEAST_SHARE: Final = 0.01
# People perceive shorter times as immediate. Without this limit, ten busy seconds of the machine would raise an alert
# on a site whose pages take some milliseconds.
_ALWAYS_FAST: Final = bucket(100)
# A page is compared with its own past only if that has at least this many page views and error events.
_ENOUGH_PAST: Final = 20

# The number of bad events, for the kinds that need no baseline to find them.
HITS: Final[dict[str, Callable[[Figures], int]]] = {
    "errors": lambda figures: figures.failed,
    "bots": lambda figures: len(figures.bots),
    "rejects": lambda figures: figures.rejected,
    "values": lambda figures: figures.without_row,
}


class Finding(NamedTuple):
    """The result of a rule.

    observed, expected: shares (0-1); for a drop, events a minute
    n: the number that the share is of; for a drop, the expected events, rounded
    tail: the probability of a result at least this extreme if nothing is wrong
    sample: the request id of an example
    """

    observed: float
    expected: float
    n: int
    tail: float
    sample: str | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether the figures are unlikely enough to raise an alert."""
        return self.tail < RAISED_BELOW

    @property
    def is_calm(self) -> bool:
        """Whether the figures are ordinary enough to end an alert."""
        return self.tail > CALM_ABOVE


def errors(now: Figures, before: Figures, least: float = LEAST_SHARE) -> Finding:
    """The share of failures among page views and error events. least: the lowest share to expect."""
    return _share_finding(now.failed, now.tried, _ratio(before.failed, before.tried), least, now.sample)


def slow(now: Figures, before: Figures, limit: int, least: float = LEAST_SHARE) -> Finding:
    """The share of page views in buckets beyond `limit` (see `slow_limit`). least: the lowest share to expect."""
    sample = now.slowest[1] if now.slowest is not None else None
    views, past = sum(now.responses.values()), sum(before.responses.values())
    return _share_finding(slower(now, limit), views, _ratio(slower(before, limit), past), least, sample)


def bots(now: Figures, before: Sequence[Figures]) -> Finding:
    """The share of bots among visitors. before: by minutes, so that a visitor who stays counts in each of them."""
    known = sum(len(minute.bots) for minute in before), sum(len(minute.people | minute.bots) for minute in before)
    return _share_finding(len(now.bots), len(now.people | now.bots), _ratio(*known), LEAST_SHARE, None)


def rejects(now: Figures, before: Sequence[Figures]) -> Finding:
    """The share of rejected events among all events that arrived."""
    known = sum(minute.rejected for minute in before), sum(minute.events + minute.rejected for minute in before)
    return _share_finding(now.rejected, now.events + now.rejected, _ratio(*known), LEAST_SHARE, None)


def values(now: Figures, before: Sequence[Figures]) -> Finding:
    """The share of events whose page, section or error has no row of its own, because its minute had too many."""
    known = sum(minute.without_row for minute in before), sum(minute.events for minute in before)
    return _share_finding(now.without_row, now.events, _ratio(*known), LEAST_SHARE, None)


def drop(now: Figures, before: Sequence[Figures]) -> Finding:
    """Fewer events in a minute than expected. before: the figures of whole minutes, at least one.

    The events of a visit arrive together, so minutes vary more than a Poisson distribution allows. Events are therefore
    counted in bundles of `scatter`, the variance divided by the mean; the number of bundles fits the distribution.
    """
    counts = [minute.events for minute in before]
    expected = fmean(counts)
    scatter = max(1.0, pvariance(counts, expected) / expected) if expected else 1.0
    tail = poisson_lower(floor(now.events / scatter), expected / scatter)
    return Finding(now.events, expected, round(expected), tail)


def slow_limit(before: Figures) -> int | None:
    """The bucket beyond which a page view is slow; None without response times.

    It is the bucket of the 95th percentile, but at least that of 100 ms.
    """
    found = quantile_bucket(before.responses, 95)
    return None if found is None else max(found, _ALWAYS_FAST)


def slower(figures: Figures, limit: int) -> int:
    """The number of page views in buckets beyond `limit`."""
    return sum(views for bucket, views in figures.responses.items() if bucket > limit)


def has_enough_hits(kind: str, now: Figures) -> bool:
    """Whether there are enough hits for an alert, so that the baseline is worth computing."""
    hits = HITS[kind](now) if kind in HITS else sum(now.responses.values())
    return hits >= LEAST_HITS


def failing_elsewhere(page: Figures, site: Figures) -> float:
    """The share of failures on the site's other pages."""
    return _ratio(site.failed - page.failed, site.tried - page.tried)


def slow_elsewhere(page: Figures, site: Figures, limit: int) -> float:
    """The share of slow page views on the site's other pages."""
    views = sum(site.responses.values()) - sum(page.responses.values())
    return _ratio(slower(site, limit) - slower(page, limit), views)


def has_enough_past(before: Figures) -> bool:
    """Whether a page has enough past figures to be compared with."""
    return before.tried >= _ENOUGH_PAST


def _share_finding(hits: int, n: int, past: float, least: float, sample: str | None) -> Finding:
    expected = max(past, least, LEAST_SHARE)
    enough = n >= LEAST_TRIALS and hits >= LEAST_HITS
    tail = binomial_upper(hits, n, expected) if enough else 1.0
    return Finding(_ratio(hits, n), past, n, tail, sample)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole > 0 else 0.0

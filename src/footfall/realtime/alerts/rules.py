"""When figures are out of the ordinary: each rule compares a span of time with the half hour before. Pure."""

from collections.abc import Callable, Sequence
from math import floor
from statistics import fmean, pvariance
from typing import Final, NamedTuple

from footfall.metrics.histogram import bucket, quantile_bucket
from footfall.realtime.alerts.moments import Moment
from footfall.realtime.alerts.tails import binomial_upper, poisson_lower

# So unlikely must it be that nothing is wrong. Judged with each slot at all places of a site, and spans have most of
# their slots in common, that is one alarm in many months.
RAISED_BELOW: Final = 1e-6
CALM_ABOVE: Final = 0.05
LEAST_TRIALS: Final = 5
LEAST_HITS: Final = 4
# Nobody is called at night for the second error of a site that had none.
LEAST_SHARE: Final = 0.01
# What takes no longer seems immediate to people. Where pages take some milliseconds, ten seconds of a busy machine
# would else be an alert.
_SOON: Final = bucket(100)
# A place's own past counts only if it has one.
_TELLING: Final = 20

# Of the kinds whose trouble can be seen in a moment alone: how much of it there is.
HITS: Final[dict[str, Callable[[Moment], int]]] = {
    "errors": lambda moment: moment.failed,
    "bots": lambda moment: len(moment.bots),
    "rejects": lambda moment: moment.rejected,
}


class Finding(NamedTuple):
    """What a rule found. observed, expected: shares (0-1), of a drop events a minute. n: of how many, tail: how
    unlikely it is. sample: the request id of an example."""

    observed: float
    expected: float
    n: int
    tail: float
    sample: str | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether it is out of the ordinary."""
        return self.tail < RAISED_BELOW

    @property
    def is_calm(self) -> bool:
        """Whether it is as ordinary as can be."""
        return self.tail > CALM_ABOVE


def errors(now: Moment, before: Moment, least: float = LEAST_SHARE) -> Finding:
    """Failures among page views and error events. least: a share that is expected anyway."""
    return _share(now.failed, now.tried, _ratio(before.failed, before.tried), least, now.sample)


def slow(now: Moment, before: Moment, limit: int, least: float = LEAST_SHARE) -> Finding:
    """Page views slower than a bucket (`slow_limit`)."""
    sample = now.slowest[1] if now.slowest is not None else None
    views, past = sum(now.responses.values()), sum(before.responses.values())
    return _share(slower(now, limit), views, _ratio(slower(before, limit), past), least, sample)


def bots(now: Moment, before: Sequence[Moment]) -> Finding:
    """Bots among visitors. before: by minutes, since who stays would else count once an hour."""
    known = sum(len(minute.bots) for minute in before), sum(len(minute.people | minute.bots) for minute in before)
    return _share(len(now.bots), len(now.people | now.bots), _ratio(*known), LEAST_SHARE, None)


def rejects(now: Moment, before: Sequence[Moment]) -> Finding:
    """Rejected events among all that came."""
    known = sum(minute.rejected for minute in before), sum(minute.events + minute.rejected for minute in before)
    return _share(now.rejected, now.events + now.rejected, _ratio(*known), LEAST_SHARE, None)


def drop(now: Moment, before: Sequence[Moment]) -> Finding:
    """Fewer events in a minute than there ought to be. before: the moments of whole minutes, at least one.

    Events of a visit come together, so minutes differ more than by chance alone: as much as `scatter` independent
    ones would. Counted in such bundles they do not.
    """
    counts = [minute.events for minute in before]
    expected = fmean(counts)
    scatter = max(1.0, pvariance(counts, expected) / expected) if expected else 1.0
    tail = poisson_lower(floor(now.events / scatter), expected / scatter)
    return Finding(now.events, expected, round(expected), tail)


def slow_limit(before: Moment) -> int | None:
    """The bucket beyond which a page view is slow: of the 95th percentile of response times, but a tenth of a second at
    least; None without any."""
    found = quantile_bucket(before.responses, 95)
    return None if found is None else max(found, _SOON)


def slower(moment: Moment, limit: int) -> int:
    """Page views in buckets beyond `limit`."""
    return sum(views for bucket, views in moment.responses.items() if bucket > limit)


def may_alarm(kind: str, now: Moment) -> bool:
    """Whether it is worth while to look at the past."""
    hits = HITS[kind](now) if kind in HITS else sum(now.responses.values())
    return hits >= LEAST_HITS


def failing_beside(page: Moment, site: Moment) -> float:
    """The share of failures at the site's other pages."""
    return _ratio(site.failed - page.failed, site.tried - page.tried)


def slow_beside(page: Moment, site: Moment, limit: int) -> float:
    """The share of slow views at the site's other pages."""
    views = sum(site.responses.values()) - sum(page.responses.values())
    return _ratio(slower(site, limit) - slower(page, limit), views)


def is_telling(before: Moment) -> bool:
    """Whether a page's past is enough to be compared with."""
    return before.tried >= _TELLING


def _share(hits: int, n: int, past: float, least: float, sample: str | None) -> Finding:
    expected = max(past, least, LEAST_SHARE)
    enough = n >= LEAST_TRIALS and hits >= LEAST_HITS
    tail = binomial_upper(hits, n, expected) if enough else 1.0
    return Finding(_ratio(hits, n), past, n, tail, sample)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole > 0 else 0.0

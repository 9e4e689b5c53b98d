"""The features of a subject: what each means, how they are made of counted figures, and how they are scaled. Pure.

A subject is a `user_id`, or an `anonymous_id` of visits without one. Bots, and visits with an event that was sent
without consent, stay out: `extracts.py` selects the figures.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.learning.errors import TooLittleData
from footfall.learning.vectors import Matrix

_DAY_MS: Final = 86_400_000
# A value that lies further from the mean than this many deviations counts as that many: no single one draws a centre.
_FURTHEST: Final = 3.0


class Figures(NamedTuple):
    """What was counted of a subject in the window of days.

    last_ms: when its last visit began, ms since 1970. sections: distinct ones; main_section_views: page views in the
    one with the most of them. local_hours: visits by the hour of the visitor's day in which they began.
    """

    subject: str
    is_user: bool
    visits: int
    last_ms: int
    page_views: int
    engaged_ms: int
    conversions: int
    errors: int
    mobile_visits: int
    sections: int
    main_section_views: int
    local_hours: Mapping[int, int]


class Feature(NamedTuple):
    """A feature.

    meaning: one line with the unit. shape: `log` for what grows by factors; it is scaled as log(1 + value). weight: of
    its distances; what says more about a person's circumstances than about habits shapes a segment less. low, high:
    words for a segment far below or above all others; '' if there is no sensible one.
    """

    name: str
    meaning: str
    shape: Literal["linear", "log"]
    weight: float
    low: str
    high: str


FEATURES: Final = (
    Feature("visits", "visits in the window", "log", 0.25, "rare", "frequent"),
    Feature("recency_days", "days from the last visit to the window's end", "linear", 0.25, "recent", "long away"),
    Feature("pages_per_visit", "page views a visit", "log", 0.5, "shallow", "deep"),
    Feature("engaged_s_per_visit", "engaged seconds a visit", "log", 0.5, "quick", "attentive"),
    Feature("sections", "distinct sections", "log", 0.25, "", "exploring"),
    Feature("main_section_share", "share of page views in the section with the most", "linear", 0.25, "", "faithful"),
    Feature("mobile_share", "share of visits with a mobile phone", "linear", 0.25, "at a desk", "mobile"),
    Feature("conversions_per_visit", "conversions a visit", "log", 0.5, "", "converting"),
    Feature("errors_per_visit", "errors met a visit", "log", 0.25, "", "hit by errors"),
    # Hours lie on a circle, so two coordinates describe them. Both weigh more, since each holds one half only.
    Feature(
        "hour_cos", "mean over visits of cos(local hour / 24 turns): 1 at midnight, -1 at noon", "linear", 2.0, "", ""
    ),
    Feature("hour_sin", "mean over visits of sin(local hour / 24 turns): 1 at 6, -1 at 18", "linear", 2.0, "", ""),
)
NAMES: Final = tuple(feature.name for feature in FEATURES)
# A model belongs to the space in which it was made: names, shapes and weights, as JSON holds them.
SPACE: Final = [[feature.name, feature.shape, feature.weight] for feature in FEATURES]


@dataclass(frozen=True, slots=True)
class Scale:
    """How values become coordinates: (shape(value) - mean) / deviation, cut to ±3, times the weight.

    mean, deviation: (d,) of the shaped values. A feature without variance has the deviation 0, and the coordinate 0.
    """

    mean: Matrix
    deviation: Matrix

    def coordinates(self, values: Matrix) -> Matrix:
        """The points of subjects in the space of k-means. values: (n, d) in real units."""
        usable = np.where(self.deviation > 0, self.deviation, np.inf)
        return np.clip((_shaped(values) - self.mean) / usable, -_FURTHEST, _FURTHEST) * WEIGHTS


WEIGHTS: Final[Matrix] = np.array([feature.weight for feature in FEATURES])
_IS_LOG: Final[NDArray[np.bool_]] = np.array([feature.shape == "log" for feature in FEATURES])


def values(figures: Sequence[Figures], end_ms: int) -> Matrix:
    """The features of subjects in real units: (n, d), in the order of FEATURES.

    end_ms: the first instant after the window, ms since 1970
    """
    return np.array([_values(one, end_ms) for one in figures], np.float64).reshape(len(figures), len(FEATURES))


def scale_of(matrix: Matrix) -> Scale:
    """The scale in which these subjects have mean 0 and deviation 1. matrix: (n, d).

    Raises TooLittleData if there are fewer than two subjects, or all are identical.
    """
    if len(matrix) < 2:
        raise TooLittleData(f"The days have {len(matrix)} subjects; segments need at least two.")
    shaped = _shaped(matrix)
    mean, deviation = shaped.mean(axis=0), shaped.std(axis=0)
    # Rounding may leave a trace of variance in equal values.
    deviation = np.where(deviation > 1e-9 * (1 + np.abs(mean)), deviation, 0.0)
    if not deviation.any():
        raise TooLittleData(f"All {len(matrix)} subjects of the days are identical, so there are no segments.")
    return Scale(mean, deviation)


def _values(one: Figures, end_ms: int) -> tuple[float, ...]:
    visits = max(1, one.visits)
    turns = [(hour * math.tau / 24, count) for hour, count in one.local_hours.items()]
    known = sum(count for _, count in turns) or 1
    by_name = {
        "visits": one.visits,
        "recency_days": max(0.0, (end_ms - one.last_ms) / _DAY_MS),
        "pages_per_visit": one.page_views / visits,
        "engaged_s_per_visit": one.engaged_ms / 1000 / visits,
        "sections": one.sections,
        "main_section_share": one.main_section_views / one.page_views if one.page_views else 0.0,
        "mobile_share": one.mobile_visits / visits,
        "conversions_per_visit": one.conversions / visits,
        "errors_per_visit": one.errors / visits,
        "hour_cos": sum(math.cos(angle) * count for angle, count in turns) / known,
        "hour_sin": sum(math.sin(angle) * count for angle, count in turns) / known,
    }
    return tuple(by_name[name] for name in NAMES)


def _shaped(matrix: Matrix) -> Matrix:
    shaped: Matrix = np.where(_IS_LOG, np.log1p(np.where(_IS_LOG, matrix, 0.0)), matrix)
    return shaped

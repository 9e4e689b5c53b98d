"""Segments in words and figures: size, centre in real units, what sets them apart, a readable name, and drift. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from footfall.learning.features import FEATURES, NAMES
from footfall.learning.outliers import OUTLIER
from footfall.learning.vectors import Labels, Matrix

# A segment's mean that lies this many deviations of subjects from the mean of all is worth a word.
_WORTH_A_WORD: Final = 0.5
_WORDS: Final = 2
_OUTLIERS: Final = "outliers"
# The mean of an hour on the circle has a length from 0 (all around the clock) to 1 (always the same hour).
_LEAST_LENGTH: Final = 0.4
_COS, _SIN = NAMES.index("hour_cos"), NAMES.index("hour_sin")
# First hour of each part of the day.
_PARTS: Final = ((22, "night"), (18, "evening"), (14, "afternoon"), (11, "midday"), (5, "morning"), (0, "night"))


class Segment(NamedTuple):
    """A segment. share: of all subjects, outliers included. centre, z: (d,) in the order of FEATURES: means in real
    units, and their distance from the mean of all subjects in deviations of subjects. silhouette: the mean of its
    members in the sample; None if the sample has none of them."""

    number: int
    name: str
    size: int
    share: float
    centre: Matrix
    z: Matrix
    silhouette: float | None


def describe(values: Matrix, labels: Labels, silhouettes: Mapping[int, float]) -> list[Segment]:
    """The segments by their numbers. values: (n, d) in real units. labels: (n,), OUTLIER for no segment.

    The outliers, if there are any, are described apart, as the first.
    """
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    found: list[tuple[int, int, Matrix, Matrix]] = []
    for number in sorted(set(labels.tolist())):
        centre = values[labels == number].mean(axis=0)
        z = np.divide(centre - mean, deviation, out=np.zeros_like(mean), where=deviation > 0)
        found.append((number, int((labels == number).sum()), centre, z))
    names = distinct_names([_OUTLIERS if number == OUTLIER else name_of(c, z) for number, _, c, z in found])
    return [
        Segment(number, name, size, size / len(labels), centre, z, silhouettes.get(number))
        for (number, size, centre, z), name in zip(found, names, strict=True)
    ]


def name_of(centre: Matrix, z: Matrix) -> str:
    """A readable name such as `deep, converting, evening`. centre, z: (d,)."""
    words: list[str] = []
    for index in sorted(range(len(FEATURES)), key=lambda index: (-abs(z[index]), index)):
        word = FEATURES[index].high if z[index] > 0 else FEATURES[index].low
        if word and abs(z[index]) >= _WORTH_A_WORD and len(words) < _WORDS:
            words.append(word)
    if part := part_of_day(centre[_COS], centre[_SIN]):
        words.append(part)
    return ", ".join(words) or "average"


def part_of_day(cosine: float, sine: float) -> str:
    """The part of the day of a mean hour on the circle; '' if the visits lie all around the clock."""
    hour = mean_hour(cosine, sine)
    return "" if hour is None else next(name for first, name in _PARTS if hour >= first)


def mean_hour(cosine: float, sine: float) -> float | None:
    """The mean local hour, 0 ≤ hour < 24, of a mean on the circle; None if the visits lie all around the clock."""
    if math.hypot(cosine, sine) < _LEAST_LENGTH:
        return None
    return math.atan2(sine, cosine) / math.tau * 24 % 24


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names; of those that are equal, all but the first get a number."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return found


class Drift(NamedTuple):
    """How far segments moved between two days with the same model.

    moved: the share of the subjects of both days whose segment changed; None if no subject is in both. shift: the
    population stability index of the segments' shares: below 0.1 is stable, above 0.25 has changed. centres: by
    segment: how far its centre moved in the space of k-means.
    """

    moved: float | None
    shift: float
    centres: dict[int, float]


def drift(
    before: Mapping[str, int],
    now: Mapping[str, int],
    centres_before: Mapping[int, Matrix],
    centres: Mapping[int, Matrix],
) -> Drift:
    """The drift from one day to another. before, now: subject → segment, or OUTLIER. centres: by segment, (d,)."""
    both = before.keys() & now.keys()
    moved = sum(before[one] != now[one] for one in both) / len(both) if both else None
    distances = {
        number: float(np.linalg.norm(centres[number] - centres_before[number]))
        for number in sorted(centres.keys() & centres_before.keys())
    }
    return Drift(moved, _stability_index(Counter(before.values()), Counter(now.values())), distances)


def _stability_index(before: Mapping[int, int], now: Mapping[int, int]) -> float:
    total_before, total = sum(before.values()), sum(now.values())
    if not (total_before and total):
        return 0.0
    index = 0.0
    for number in before.keys() | now.keys():
        # Half a subject in place of none keeps the logarithm finite.
        p = max(before.get(number, 0), 0.5) / total_before
        q = max(now.get(number, 0), 0.5) / total
        index += (q - p) * math.log(q / p)
    return index

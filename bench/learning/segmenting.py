"""Judges segments by the planted groups: Mahout's, as the jobs make them, and scikit-learn's in several spaces."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from bench.learning import rivals
from bench.learning.facts import RUN, Facts
from footfall.learning import extracts, features
from footfall.learning.clients.segment_model import SEED, choose
from footfall.learning.evaluation.rand_index import adjusted_rand_index
from footfall.learning.features import NAMES, WEIGHTS
from footfall.learning.mahout import Mahout
from footfall.learning.outliers import OUTLIER, outliers
from footfall.learning.places import InProcess
from footfall.learning.segments import describe
from footfall.learning.silhouette import best_k, sample_of
from footfall.settings import Settings

# Of a subject with fewer visits, too little was seen.
LEAST_VISITS: Final = 3
_DAY_MS: Final = 86_400_000
_HOURS: Final = ("hour_cos", "hour_sin")


class Judged(NamedTuple):
    """subjects, compared: all, and those with LEAST_VISITS. silhouettes: by number of segments. agreement: the adjusted
    Rand index of the segments and the planted groups; shuffled: of the same with the segments in random order. peers:
    the index of other clusterings. segments: name, size, and members by planted group."""

    subjects: int
    compared: int
    outliers: int
    silhouettes: dict[int, float]
    agreement: float
    shuffled: float
    peers: dict[str, float]
    segments: list[dict[str, Any]]


def judge(
    settings: Settings, facts: Facts, days: Sequence[str], groups: Mapping[str, str], python: Path | None, seed: int
) -> Judged:
    """Makes a model and segments of the days, as a week's first run does. groups: of each subject. seed: of shuffling.

    python: of the independent libraries, which are left out without it. Raises TooLittleData and MahoutFailed.
    """
    figures = extracts.figures_of(extracts.subjects(facts.rows, dict.fromkeys(days, RUN)))
    end_ms = ((date.fromisoformat(days[-1]) - date(1970, 1, 1)).days + 1) * _DAY_MS
    values = features.values(figures, end_ms)
    points = features.scale_of(values).coordinates(values)
    scores, centres = choose(settings, points[sample_of(points, SEED)])
    k = best_k(scores)
    with tempfile.TemporaryDirectory(prefix="mahout-") as folder:
        found = Mahout(settings, InProcess(Path(folder))).k_means(points, centres[k], "k-means")
    distances = np.linalg.norm(points - found.centres[found.members], axis=1)
    labels = np.where(outliers(distances), OUTLIER, found.members)
    known = np.array([one.visits >= LEAST_VISITS and one.subject in groups for one in figures])
    planted = [groups[one.subject] for one, is_known in zip(figures, known, strict=True) if is_known]
    ours = labels[known].tolist()
    peers = {}
    if python is not None:
        plain = points / WEIGHTS
        spaces = {
            "scikit-learn, the same space": points,
            "scikit-learn, all weights 1": plain,
            "scikit-learn, all weights 1, without hours": plain[:, [name not in _HOURS for name in NAMES]],
        }
        for name, other in rivals.cluster(python, spaces, k).items():
            peers[name] = adjusted_rand_index(planted, other[known].tolist())
            if spaces[name] is points:
                peers[f"{name}, against Mahout's"] = adjusted_rand_index(ours, other[known].tolist())
    return Judged(
        subjects=len(figures),
        compared=len(planted),
        outliers=int((labels == OUTLIER).sum()),
        silhouettes=scores,
        agreement=adjusted_rand_index(planted, ours),
        shuffled=adjusted_rand_index(planted, np.random.default_rng(seed).permutation(ours).tolist()),
        peers=peers,
        segments=[
            {
                "name": one.name,
                "size": one.size,
                "planted": dict(
                    Counter(
                        group for group, label in zip(planted, ours, strict=True) if label == one.number
                    ).most_common()
                ),
            }
            for one in describe(values, labels, {})
        ],
    )

"""The client of the job `recommender-model`: how lists are made, chosen on validation days, weekly or on demand."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from footfall.hdfs import Hdfs
from footfall.learning import extracts, preferences, recommender, runs
from footfall.learning.clients import _client
from footfall.learning.evaluation import bootstrap, rankings
from footfall.learning.evaluation.rankings import HeldOut
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess
from footfall.learning.ranking import Method
from footfall.learning.runs import Plan, Verdict
from footfall.learning.tables import RECOMMENDER_MODEL, RECOMMENDER_MODELS
from footfall.settings import Settings

# A sample suffices for a choice among three, and fits into one process: the ten jobs of a run then take seconds each,
# and not the time of ten containers.
SAMPLE: Final = 5000
HEAP_MB: Final = 512
# The last quarter of the window validates, at most a week.
_SHARE: Final = 4
_MOST_DAYS: Final = 7
# Fewer than in the evaluation: a choice needs less than a proof.
_LEAST_USED: Final = 2

Rows = Sequence[Mapping[str, Any]]
# The methods by the name of their figure.
_COMPARED: Final[Mapping[str, Method]] = {
    "boolean_map": "boolean",
    "weighted_map": "weighted",
    "popularity_map": "popular",
}
# How a sentence says it.
_WORDS: Final[Mapping[Method, str]] = {
    "boolean": "Mahout recommends, and ignores weights of preferences",
    "weighted": "Mahout recommends, and uses weights of preferences",
    "popular": "popular items are recommended, which were surely better",
}


def train(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, ModelMissing, MahoutFailed and HdfsUnavailable."""
    if RECOMMENDER_MODELS not in plan.train:
        return runs.kept(files, plan, RECOMMENDER_MODELS)
    runs.begin(files, plan.run, RECOMMENDER_MODELS)
    rows = runs.rows(files, plan.run, "uses")
    recommender.check_enough(preferences.preferences(extracts.uses_of(rows)), f"{plan.first} to {plan.dt}")
    items = runs.rows(files, plan.run, "items")
    method, figures, compared = choose(settings, rows, items, sorted(plan.partitions))
    model = {"model_id": f"recommendations-{plan.run}", "method": method}
    row = {
        "model_id": model["model_id"],
        "first_dt": plan.first,
        "seed": recommender.SEED,
        "parameters": json.dumps({"method": method}),
        "figures": json.dumps(figures),
        "trained_ms": int(time.time() * 1000),
    }
    runs.put_model(files, plan.run, RECOMMENDER_MODELS, model)
    runs.put_table(files, plan.run, RECOMMENDER_MODEL, plan.dt, [row])
    runs.put_verdict(files, plan.run, Verdict(RECOMMENDER_MODELS, plan.dt, []))
    return f"{compared}: {_WORDS[method]}."


def choose(settings: Settings, rows: Rows, items: Rows, days: Sequence[str]) -> tuple[Method, dict[str, Any], str]:
    """How lists are made, with the figures of all ways, and a sentence that says what was compared.

    Popularity replaces Mahout only if it is better beyond chance: few people decide little, and lists that all are the
    same teach nothing. rows, items: of `extracts.uses` and `extracts.items`. days: of the window, ascending. Raises
    MahoutFailed.
    """
    if len(days) < 2:
        return "boolean", {}, "The window has one day, so nothing was compared"
    last, first_validating = split(days)
    uses = extracts.uses_of(rows, last=last)
    liked = sample(preferences.preferences(uses))
    later = preferences.preferences(extracts.uses_of(rows, first=first_validating))
    data = rankings.held_out(liked, later, _LEAST_USED)
    figures: dict[str, Any] = {"users": len(data.relevant), "trained_to": last, "validated_from": first_validating}
    if not data.relevant:
        return "boolean", figures, f"No known user used a new item from {first_validating} on, so nothing was compared"
    figures |= validated(settings, liked, uses, extracts.sections_of(items), data)
    return chosen(figures), figures, f"Compared by {json.dumps(figures)}"


def chosen(figures: Mapping[str, Any]) -> Method:
    """The method that the figures speak for. figures: of `choose`."""
    return mahouts(figures) if figures["popularity_gain"][0] <= 0 else "popular"


def mahouts(figures: Mapping[str, Any]) -> Method:
    """The better one of Mahout's ways. figures: of `choose`."""
    return "weighted" if figures.get("weighted_map", 0.0) > figures.get("boolean_map", 0.0) else "boolean"


def split(days: Sequence[str]) -> tuple[str, str]:
    """The last day that trains, and the first one that validates. days: two or more, ascending."""
    validating = min(_MOST_DAYS, max(1, len(days) // _SHARE))
    return days[-validating - 1], days[-validating]


def sample(liked: Mapping[User, Mapping[Item, float]], most: int = SAMPLE) -> Mapping[User, Mapping[Item, float]]:
    """The same random users each time, at most so many. liked: weights by user and item."""
    if len(liked) <= most:
        return liked
    users = sorted(liked)
    chosen = np.random.default_rng([recommender.SEED, len(users)]).choice(len(users), most, replace=False)
    return {users[place]: liked[users[place]] for place in sorted(chosen)}


def validated(
    settings: Settings,
    liked: Mapping[User, Mapping[Item, float]],
    uses: Sequence[preferences.Use],
    sections: Mapping[Item, str],
    data: HeldOut[User, Item],
) -> dict[str, Any]:
    """MAP at 10 on the validation days, of Mahout's ways and of popularity; and what popularity gains over the better
    one of Mahout's: the lower and the upper bound of the 95 % interval by user."""
    parent = settings.run_dir / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    precisions = {}
    nothing = recommender.Learned({}, {})
    with tempfile.TemporaryDirectory(dir=parent, prefix="mahout-") as folder:
        mahout = Mahout(settings, InProcess(Path(folder)), HEAP_MB)
        for name, method in _COMPARED.items():
            learned = nothing if method == "popular" else recommender.learn(mahout, liked, name, method)
            listed = recommender.lists(learned, liked, uses, sections, method)
            plain = {user: [one.item for one in items] for user, items in listed.items()}
            precisions[method] = rankings.average_precisions(data, plain)
            found[name] = float(precisions[method].mean())
    gain = bootstrap.interval(precisions["popular"] - precisions[mahouts(found)], recommender.SEED)
    return {**found, "popularity_gain": [gain.low, gain.high]}


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], train))

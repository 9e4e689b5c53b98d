"""The client of the job `recommender-model`: weights or not, chosen on validation days, weekly or on demand."""

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
from footfall.learning.evaluation import baselines, rankings
from footfall.learning.evaluation.rankings import HeldOut
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess
from footfall.learning.runs import Plan, Verdict
from footfall.learning.tables import RECOMMENDER_MODEL, RECOMMENDER_MODELS
from footfall.settings import Settings

# A sample suffices for a choice between two, and fits into one process: the ten jobs of a run then take seconds each,
# and not the time of ten containers.
SAMPLE: Final = 5000
HEAP_MB: Final = 512
# The last quarter of the window validates, at most a week.
_SHARE: Final = 4
_MOST_DAYS: Final = 7
# Fewer than in the evaluation: a choice between two needs less than a proof.
_LEAST_USED: Final = 2

Rows = Sequence[Mapping[str, Any]]


def train(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, ModelMissing, MahoutFailed and HdfsUnavailable."""
    if RECOMMENDER_MODELS not in plan.train:
        return runs.kept(files, plan, RECOMMENDER_MODELS)
    runs.begin(files, plan.run, RECOMMENDER_MODELS)
    rows = runs.rows(files, plan.run, "uses")
    recommender.check_enough(preferences.preferences(extracts.uses_of(rows)), f"{plan.first} to {plan.dt}")
    items = runs.rows(files, plan.run, "items")
    boolean, figures, compared = choose(settings, rows, items, sorted(plan.partitions))
    model = {"model_id": f"recommendations-{plan.run}", "boolean": boolean}
    row = {
        "model_id": model["model_id"],
        "first_dt": plan.first,
        "seed": recommender.SEED,
        "parameters": json.dumps({"boolean": boolean}),
        "figures": json.dumps(figures),
        "trained_ms": int(time.time() * 1000),
    }
    runs.put_model(files, plan.run, RECOMMENDER_MODELS, model)
    runs.put_table(files, plan.run, RECOMMENDER_MODEL, plan.dt, [row])
    runs.put_verdict(files, plan.run, Verdict(RECOMMENDER_MODELS, plan.dt, []))
    return f"{compared}: weights of preferences are {'ignored' if boolean else 'used'}."


def choose(settings: Settings, rows: Rows, items: Rows, days: Sequence[str]) -> tuple[bool, dict[str, Any], str]:
    """Whether weights are ignored, with the figures of both ways, and a sentence that says what was compared.

    rows, items: of `extracts.uses` and `extracts.items`. days: of the window, ascending. Raises MahoutFailed.
    """
    if len(days) < 2:
        return True, {}, "The window has one day, so nothing was compared"
    last, first_validating = split(days)
    uses = extracts.uses_of(rows, last=last)
    liked = sample(preferences.preferences(uses))
    later = preferences.preferences(extracts.uses_of(rows, first=first_validating))
    data = rankings.held_out(liked, later, _LEAST_USED)
    figures: dict[str, Any] = {"users": len(data.relevant), "trained_to": last, "validated_from": first_validating}
    if not data.relevant:
        return True, figures, f"No known user used a new item from {first_validating} on, so nothing was compared"
    figures |= validated(settings, liked, uses, extracts.sections_of(items), data)
    return figures["boolean_map"] >= figures["weighted_map"], figures, f"Compared by {json.dumps(figures)}"


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
) -> dict[str, float]:
    """MAP at 10 on the validation days, of both kinds of data and of popularity."""
    parent = settings.run_dir / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    found = {}
    with tempfile.TemporaryDirectory(dir=parent, prefix="mahout-") as folder:
        mahout = Mahout(settings, InProcess(Path(folder)), HEAP_MB)
        for name, boolean in (("boolean_map", True), ("weighted_map", False)):
            learned = recommender.learn(mahout, liked, name, boolean=boolean)
            listed = recommender.lists(learned, liked, uses, sections)
            plain = {user: [one.item for one in items] for user, items in listed.items()}
            found[name] = rankings.figures(data, plain).map
    popular = baselines.by_popularity(data, lambda user, item: user.app_id == item.app_id)
    return {**found, "popularity_map": rankings.figures(data, popular).map}


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], train))

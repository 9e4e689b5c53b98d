"""Times each MapReduce job of k-means and of the recommender as users grow: `python -m bench.learning.growth`.

The users are made up in the shape of the evaluation's. With `--yarn`, jobs run on the platform that is running.
"""

import argparse
import json
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.learning.evaluate import away
from footfall.cluster.supervision import run as supervision
from footfall.learning import preferences, ranking, recommender
from footfall.learning.features import FEATURES
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess, OnYarn, Place
from footfall.learning.recommender import Learned
from footfall.learning.seeds import k_means_plus_plus
from footfall.settings import Settings, load_settings
from footfall.site_registry import DEMO_SITES

# In the order in which Mahout's RecommenderJob runs them.
JOBS: Final = (
    "item ids",
    "vectors of users",
    "vectors of items",
    "observations of items",
    "norms of items",
    "similarities of pairs",
    "similarities, both ways",
    "similar items, as text",
    "similarities with users",
    "recommendations",
)
SEGMENTS: Final = 5
CONTAINER_MB: Final = 1024
# As the evaluation's users have: the logarithm of the number of items has this mean and deviation, and the n-th most
# popular of a site's items is used in proportion to 1 / n^0.8.
_ITEMS: Final = 280
_LOG_USED: Final = (1.9, 1.0)
_ZIPF: Final = 0.8
# A user likes a fifth of the items, with this factor.
_TASTES: Final = 5
_LIKED: Final = 8.0


def made_up(users: int, seed: int) -> dict[User, dict[Item, float]]:
    """Weights by user and item of so many users of three sites. The same seed gives the same ones."""
    random = np.random.default_rng(seed)
    popular = np.arange(1, _ITEMS + 1) ** -_ZIPF
    found = {}
    for number in range(users):
        app = DEMO_SITES[number % len(DEMO_SITES)]
        liked = popular * np.where(np.arange(_ITEMS) % _TASTES == random.integers(_TASTES), _LIKED, 1)
        count = int(np.clip(round(np.exp(random.normal(*_LOG_USED))), 1, 100))
        chosen = random.choice(_ITEMS, count, replace=False, p=liked / liked.sum())
        weights = np.round(1 + random.exponential(1, count), 2)
        items = (Item(app, "product", f"item-{one:03}") for one in chosen)
        found[User(app, f"user-{number:06}")] = dict(zip(items, map(float, weights), strict=True))
    return found


def measure(settings: Settings, place: Place, users: int, seed: int) -> dict[str, Any]:
    """Seconds of each job, and of what Python does with their results."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(users, len(FEATURES))) + 2 * random.integers(SEGMENTS, size=users)[:, None]
    liked = made_up(users, seed)
    mahout = Mahout(settings, place, 512)
    with mahout.clean():
        began_s = time.monotonic()
        found = mahout.k_means(points, k_means_plus_plus(points[:2000], SEGMENTS, seed), "k-means")
        clustered_s = time.monotonic() - began_s
        iterations, mahout.jobs = mahout.jobs, []
        began_s = time.monotonic()
        learned = recommender.learn(mahout, liked, "recommender", "boolean")
        recommended_s = time.monotonic() - began_s
    if len(mahout.jobs) != len(JOBS):
        raise SystemExit(f"Mahout ran {len(mahout.jobs)} jobs, not {len(JOBS)}.")
    return {
        "users": users,
        "preferences": sum(map(len, liked.values())),
        "k_means_s": round(clustered_s, 1),
        "iterations": found.iterations,
        "k_means_jobs_s": [round(seconds, 1) for _, seconds in iterations],
        "recommender_s": round(recommended_s, 1),
        "recommender_jobs_s": {name: round(seconds, 1) for name, (_, seconds) in zip(JOBS, mahout.jobs, strict=True)},
        "lists_s": round(_lists_s(learned, liked), 1),
    }


def _lists_s(learned: Learned, liked: dict[User, dict[Item, float]]) -> float:
    """The seconds that Python needs to make all lists and similar items of what Mahout found."""
    sections = {item: f"section-{item.item_id[-1]}" for items in liked.values() for item in items}
    uses = [preferences.Use(user, item, {"page_view": 1}, 0) for user, items in liked.items() for item in items]
    began_s = time.monotonic()
    recommender.lists(learned, liked, uses, sections, "boolean")
    ranking.neighbours(learned.similar, liked, ranking.MOST)
    return time.monotonic() - began_s


def main() -> None:
    """Parses the arguments and prints one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[5000, 50_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--yarn", action="store_true", help="on the running platform, as the jobs of a day")
    asked = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        settings = supervision.recall() if asked.yarn else away(load_settings(), Path(folder))
        for users in asked.users:
            name = f"bench-growth-{secrets.token_hex(4)}"
            on_yarn = OnYarn(settings, f"/tmp/{name}", name, CONTAINER_MB)
            place = on_yarn if asked.yarn else InProcess(Path(folder) / name)
            found.append(
                {"where": "YARN" if asked.yarn else "one process", **measure(settings, place, users, asked.seed)}
            )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

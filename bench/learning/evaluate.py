"""Judges segments and recommendations on a history of its own: `python -m bench.learning.evaluate --seeds 1 2 3`.

No platform runs for it; see the README beside it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.learning import facts, recommending, rivals, segmenting, world
from bench.learning.recommending import POPULAR
from bench.learning.world import World
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.settings import Settings, load_settings

# What the results must reach, as the design of learning has it.
LEAST_USERS: Final = 2000
LEAST_AGREEMENT: Final = 0.6
MOST_BY_CHANCE: Final = 0.05


def evaluate(known: World, settings: Settings, folder: Path, python: Path | None = None) -> dict[str, Any]:
    """Makes a world in an empty folder and judges what Mahout learns from it. Returns figures, seconds and problems.

    settings: `install` matters. python: of the independent libraries, which are left out without it.
    """
    own = away(settings, folder)
    seconds: dict[str, float] = {}
    with _timed(seconds, "history"):
        events = world.make(known, own, folder)
    with _timed(seconds, "facts"):
        facts.make(own, folder, known.dates)
    read = facts.Facts(folder)
    with _timed(seconds, "recommendations"):
        recommendations = recommending.judge(own, read, known.dates, python, known.seed)
    groups = world.groups(folder)
    segments = None
    if groups:
        with _timed(seconds, "segments"):
            segments = segmenting.judge(own, read, known.dates, groups, python, known.seed)
    return {
        "seed": known.seed,
        "taste_strength": known.strength,
        "people": known.people,
        "days": known.days,
        "events": events,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "problems": problems(known, recommendations, segments),
        "recommendations": {
            **recommendations._asdict(),
            "comparison": {
                "figures": {name: one._asdict() for name, one in recommendations.comparison.figures.items()},
                "gains": {name: one._asdict() for name, one in recommendations.comparison.gains.items()},
            },
        },
        "segments": None if segments is None else segments._asdict(),
    }


def problems(known: World, found: recommending.Judged, segments: segmenting.Judged | None) -> list[str]:
    """Sentences about what is not as it must be."""
    wrong = []
    if found.with_least < LEAST_USERS:
        wrong.append(f"{found.with_least} users have {recommending.LEAST_USED} items, fewer than {LEAST_USERS}.")
    # The better of both is to be beaten: where people have no tastes, the popular items of a section are a poor list.
    name, gain = min(((one, found.comparison.gains[one]) for one in POPULAR), key=lambda one: one[1].mean)
    if known.strength > 0 and gain.low <= 0:
        wrong.append(f"The interval of the gain over {name} begins at {gain.low:.4f}, not above 0.")
    if known.strength == 0 and gain.low > 0:
        wrong.append(f"Without tastes, the gain over {name} has an interval above 0, from {gain.low:.4f}.")
    if segments is not None:
        if segments.agreement < LEAST_AGREEMENT:
            wrong.append(f"Segments agree with the planted groups by {segments.agreement:.3f}.")
        if abs(segments.shuffled) > MOST_BY_CHANCE:
            wrong.append(f"Shuffled segments agree with the planted groups by {segments.shuffled:.3f}.")
    return wrong


def away(settings: Settings, folder: Path) -> Settings:
    """Settings whose home is this folder, with Hadoop's configuration for Mahout's client; nothing runs there."""
    own = settings.model_copy(update={"home": folder})
    conf = own.conf_dir / "yarn-nodemanager"
    conf.mkdir(parents=True, exist_ok=True)
    for name, content in configure.render(own, BY_NAME["yarn-nodemanager"]).items():
        (conf / name).write_text(content, "utf-8")
    return own


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    seconds[name] = time.monotonic() - began_s
    print(f"{name}: {seconds[name]:.0f} s", file=sys.stderr)


def main() -> None:
    """Parses the arguments, prints one JSON document, and ends with 1 if something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--taste-strength", type=float, default=1.0)
    parser.add_argument("--people", type=int, default=4000, help="of each site")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--events-per-day", type=int, default=100_000, help="of all sites")
    parser.add_argument("--alone", action="store_true", help="without the independent libraries")
    parser.add_argument("--keep", type=Path, help="a folder in which the histories stay")
    asked = parser.parse_args()
    settings = load_settings()
    python = None if asked.alone else rivals.environment(settings)
    found = []
    for seed in asked.seeds:
        known = World(seed, asked.taste_strength, asked.people, asked.days, asked.events_per_day)
        with tempfile.TemporaryDirectory(prefix="evaluation-") as temporary:
            folder = Path(temporary) if asked.keep is None else asked.keep / f"{seed}-{asked.taste_strength:g}"
            folder.mkdir(parents=True, exist_ok=True)
            found.append(evaluate(known, settings, folder.absolute(), python))
    print(json.dumps(found, indent=1))
    sys.exit(any(one["problems"] for one in found))


if __name__ == "__main__":
    main()

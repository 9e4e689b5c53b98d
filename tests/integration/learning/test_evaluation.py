"""The evaluation with 300 people a site: what Mahout learns helps where people have tastes, and only there.

In full, it has 4,000 people a site: `bench.learning.evaluate` runs it, and docs/performance.md has the results.
"""

import json
import re
from typing import Any

import pytest

from bench.learning.recommending import POPULAR
from footfall.settings import Settings
from tests.support.long_tests import only_in_all
from tests.support.platform import Platform

pytestmark = [only_in_all, pytest.mark.timeout(1200)]


def evaluated(platform: Settings, strength: int) -> dict[str, Any]:
    """The document of one seed. It comes from a process of its own, since this one may have a Spark of other tests."""
    size = ("--people", "300", "--events-per-day", "7500", "--alone", "--taste-strength", str(strength))
    done = Platform(platform).python("-m", "bench.learning.evaluate", *size, timeout=1000)
    assert done.stdout, done.stderr[-4000:]
    (found,) = json.loads(done.stdout)
    # Everything else is as the evaluation in full demands it.
    (too_few,) = found["problems"]
    assert re.fullmatch(r"\d+ users have 5 items, fewer than 2000\.", too_few)
    return dict(found)


def test_recommendations_and_segments_find_what_was_planted(platform: Settings) -> None:
    found = evaluated(platform, strength=1)
    recommended, segments = found["recommendations"], found["segments"]
    assert recommended["comparison"]["figures"]["mahout"]["users"] > 100
    assert all(recommended["comparison"]["gains"][name]["low"] > 0 for name in (*POPULAR, "chance"))
    assert recommended["chosen"]["published"] == "boolean"
    assert segments["compared"] > 300
    assert segments["agreement"] > 0.6
    assert abs(segments["shuffled"]) < 0.05


def test_nothing_is_found_where_nothing_is_planted(platform: Settings) -> None:
    found = evaluated(platform, strength=0)
    assert any(found["recommendations"]["comparison"]["gains"][name]["low"] <= 0 for name in POPULAR)
    assert found["recommendations"]["chosen"]["published"] == "popular"
    assert found["segments"] is None

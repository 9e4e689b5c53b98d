"""The experiment with lists at full size, without an engine: 20,000 simulated visitors who saw a list.

It takes some four minutes on two cores.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Literal

import orjson
import pytest

from footfall.history.day import DayMaker
from footfall.metrics.experiments import effect
from footfall.settings import Settings
from footfall.sites.visitors.population import Population
from tests.support.long_tests import only_in_all
from tests.support.tastes import ListsOfPeople, sums_by_arm

_PEOPLE: Final = 60_000
_VISITORS: Final = 20_000
_EVENTS: Final = 250_000
_FIRST: Final = date(2026, 9, 1)

Content = Literal["same", "tastes"]
Arms = dict[str, Counter[tuple[int, int]]]


def experiment(home: Path, content: Content) -> Arms:
    """Lets days of the shop pass until enough visitors have seen a list; returns their sums by arm."""
    settings = Settings(home=home, port_offset=0, seed=11, population=_PEOPLE, planted_groups=True)
    lists = ListsOfPeople(Population(11, "shop", _PEOPLE, groups=True), content)
    maker = DayMaker(settings, "shop", _EVENTS, repeats=False, lists=lists)
    kept = []
    try:
        for day in range(60):
            made = maker.make(_FIRST + timedelta(days=day), with_lines=False)
            kept += [orjson.loads(event.value) for event in made.events if b'"variant"' in event.value]
            arms = sums_by_arm(kept)
            if sum(arm.total() for arm in arms.values()) >= _VISITORS:
                return arms
    finally:
        maker.close()
    raise AssertionError(f"Only {sum(arm.total() for arm in arms.values())} visitors saw a list in 60 days.")


@only_in_all
@pytest.mark.timeout(1800)
def test_equal_lists_have_no_effect_and_lists_by_taste_have_one(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        found = processes.map(experiment, [tmp_path] * 2, ["same", "tastes"])
        none, some = (effect(arms["recommended"], arms["popular"]) for arms in found)
    assert none is not None
    assert none.low is not None
    assert none.high is not None
    assert none.low <= 0 <= none.high, none
    assert none.high - none.low < 0.2, none
    assert some is not None
    assert some.low is not None
    assert some.low > 0.2, some

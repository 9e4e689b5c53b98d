"""Input from which nothing can be learned: a sentence or a refusal, never a traceback or an empty success.

Mahout works in this process's own folder, so that each case takes seconds.
"""

from collections.abc import Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from footfall.learning import extracts, runs
from footfall.learning.clients import recommendations, recommender_model, segment_model, segments
from footfall.learning.errors import TooLittleData
from footfall.learning.places import InProcess
from footfall.learning.runs import Plan
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENT_MODELS
from footfall.settings import Settings
from footfall.warehouse import published
from footfall.warehouse.published import Published
from tests.support.local_files import LocalFiles

RUN, DAYS = "20261129T020000-1a2b", (date(2026, 11, 27), date(2026, 11, 28))


class World:
    """A window of two days whose extracts a test chooses."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.files: Any = LocalFiles(folder)
        published.replace(self.files, {day: Published(day, RUN, 1, "") for day in DAYS})
        self.plan: Plan = runs.plan(self.files, RUN, DAYS)

    def visited(self, subjects: Sequence[dict[str, Any]]) -> None:
        usual: dict[str, Any] = dict.fromkeys(extracts.SUBJECTS_SCHEMA.names, 0)
        usual |= {"is_user": False, "visits": 1, "page_views": 1, "local_hours": [1] + [0] * 23}
        rows = [{**usual, "subject": f"s{place}", **one} for place, one in enumerate(subjects)]
        runs.put_rows(self.files, RUN, "subjects", rows, extracts.SUBJECTS_SCHEMA)

    def used(self, *pairs: tuple[str, str]) -> None:
        """pairs: subjects and items; each was viewed once on the first day."""
        usual: dict[str, Any] = dict.fromkeys(extracts.USES_SCHEMA.names, 0)
        usual |= {"dt": str(DAYS[0]), "app_id": "shop", "is_user": False, "item_type": "product", "page_view": 1}
        uses = [{**usual, "subject": subject, "item_id": item} for subject, item in pairs]
        runs.put_rows(self.files, RUN, "uses", uses, extracts.USES_SCHEMA)
        names = dict.fromkeys(item for _, item in pairs)
        item = {"app_id": "shop", "item_type": "product", "title": None, "section": "camping"}
        runs.put_rows(self.files, RUN, "items", [{**item, "item_id": name} for name in names], extracts.ITEMS_SCHEMA)


@pytest.fixture
def world(platform: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    numbers = count()
    for client in (segments, recommendations):
        monkeypatch.setattr(client, "OnYarn", lambda *_: InProcess(tmp_path / f"mahout{next(numbers)}"))
    return World(platform, tmp_path / "hdfs")


@pytest.mark.parametrize(
    ("subjects", "sentence"),
    [
        ([], "0 subjects; segments need at least two"),
        ([{}], "1 subjects; segments need at least two"),
        ([{}, {}, {}], "All 3 subjects of the days are identical"),
        ([{}, {"visits": 5, "page_views": 0}], "only 2 distinct points; 3 segments need 3"),
    ],
)
def test_too_few_people_for_segments_is_a_sentence(world: World, subjects: list[dict[str, Any]], sentence: str) -> None:
    world.visited(subjects)
    with pytest.raises(TooLittleData, match=sentence):
        segment_model.train(world.settings, world.files, world.plan)


def test_people_without_groups_get_no_model(world: World) -> None:
    world.visited([{"page_views": 1 + place} for place in range(3)])
    segment_model.train(world.settings, world.files, world.plan)
    verdict = runs.verdict(world.files, RUN, SEGMENT_MODELS)
    assert verdict is not None
    assert verdict.problems == ["The subjects form no clusters: the silhouette is not above 0."]


def test_people_who_became_identical_get_no_segments(world: World) -> None:
    world.visited([{"page_views": 1 + 30 * (place % 3)} for place in range(12)])
    segment_model.train(world.settings, world.files, world.plan)
    world.visited([{}, {}])
    with pytest.raises(TooLittleData, match="without any difference"):
        segments.score(world.settings, world.files, world.plan)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([], "Nobody used an item"),
        ([("ann", "tent"), ("ann", "axe")], "have 1 user and 2 items"),
        ([("ann", "tent"), ("ben", "tent")], "have 2 users and 1 item;"),
    ],
)
def test_too_few_uses_for_recommendations_is_a_sentence(
    world: World, pairs: list[tuple[str, str]], sentence: str
) -> None:
    world.used(*pairs)
    for work in (recommender_model.train, recommendations.score):
        with pytest.raises(TooLittleData, match=sentence):
            work(world.settings, world.files, world.plan)


def test_people_with_nothing_in_common_get_no_recommendations(world: World) -> None:
    world.used(("ann", "tent"), ("ben", "axe"))
    recommender_model.train(world.settings, world.files, world.plan)
    recommendations.score(world.settings, world.files, world.plan)
    verdict = runs.verdict(world.files, RUN, RECOMMENDATIONS_POINTER)
    assert verdict is not None
    assert verdict.problems == [
        "No user gets an item by the recommender, only popular ones.",
        "No item has a similar one.",
    ]

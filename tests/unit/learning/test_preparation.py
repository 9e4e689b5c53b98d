"""The window of a run of learning, and the models that are due."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from footfall.learning import runs
from footfall.learning.errors import TooLittleData
from footfall.learning.features import SPACE
from footfall.learning.preparation import check_published, is_due, is_learned, prepare, window
from footfall.learning.tables import MODELS, RECOMMENDER_MODELS, SEGMENT_MODELS, SEGMENTS_POINTER
from footfall.settings import Learning
from footfall.warehouse import published
from footfall.warehouse.published import Published
from tests.support.local_files import LocalFiles

RUN, OTHER = "20261129T020000-1a2b", "20261128T020000-3c4d"
LAST = date(2026, 11, 28)
DAYS = [LAST - timedelta(days=back) for back in reversed(range(5))]
WEEKLY = Learning()


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """Five published days, and no model."""
    here = LocalFiles(tmp_path)
    published.replace(here, {day: Published(day, OTHER, 1, "") for day in DAYS})
    return here


def _publish_models(files: LocalFiles, day: date, space: object = SPACE) -> None:
    for pointer in MODELS:
        runs.put_model(files, OTHER, pointer, {"model_id": "m", "space": space, "method": "boolean"})
        published.replace(files, {day: Published(day, OTHER, 1, "")}, pointer)


def test_a_window_begins_with_a_published_day() -> None:
    assert window(DAYS, None, 28) == tuple(DAYS)
    assert window(DAYS, None, 2) == tuple(DAYS[-2:])
    assert window([DAYS[0], DAYS[3]], None, 28) == tuple(DAYS[:4])
    assert window(DAYS, DAYS[1], 28) == tuple(DAYS[:2])


def test_a_window_up_to_a_day_that_is_not_published_is_that_day_and_refused(files: LocalFiles) -> None:
    missing = DAYS[0] - timedelta(days=3)
    assert window(DAYS, missing, 28) == (missing,)
    with pytest.raises(TooLittleData, match="2026-11-21 is not published"):
        prepare(files, RUN, [missing], WEEKLY)
    with pytest.raises(TooLittleData, match="No day is published"):
        window([], None, 28)


def _refused(files: LocalFiles, known: list[date], last: date | None) -> str:
    today = LAST + timedelta(days=1)
    with pytest.raises(TooLittleData) as refused:
        check_published(files, known, last, today, 90)
    return str(refused.value)


def test_a_day_that_has_events_and_no_tables_needs_a_batch(files: LocalFiles) -> None:
    for day in DAYS[:2]:
        files.write(f"/events/app_id=shop/dt={day}/part-0.parquet", b"x")
    said = _refused(files, DAYS[2:], DAYS[0])
    assert said == (
        f"{DAYS[0]} is not published, so nothing can be learned up to that day. "
        f"Run `./footfall batch --date {DAYS[0]}` first."
    )
    assert f"`./footfall batch --from {DAYS[0]} --to {DAYS[1]}`" in _refused(files, [], None)


def test_a_day_without_events_needs_no_batch(files: LocalFiles) -> None:
    before = DAYS[0] - timedelta(days=3)
    said = _refused(files, DAYS, before)
    assert "batch" not in said
    assert "`./footfall history --days 8`" in said
    assert f"`./footfall learn` without --date learns up to {LAST}." in said
    assert "`./footfall history --days 7`" in _refused(files, [], None)
    # No history reaches so far back.
    assert "history" not in _refused(files, DAYS, LAST - timedelta(days=200))


def test_a_published_day_is_enough(files: LocalFiles) -> None:
    check_published(files, DAYS, None, LAST, 90)
    check_published(files, DAYS, DAYS[1], LAST, 90)


def test_missing_models_are_due(files: LocalFiles) -> None:
    assert prepare(files, RUN, DAYS, WEEKLY).train == [SEGMENT_MODELS, RECOMMENDER_MODELS]


def test_models_are_due_after_a_week(files: LocalFiles) -> None:
    _publish_models(files, LAST - timedelta(days=6))
    assert prepare(files, RUN, DAYS, WEEKLY).train == []
    assert prepare(files, OTHER, DAYS, WEEKLY, new_models=True).train == [*MODELS]
    _publish_models(files, LAST - timedelta(days=7))
    assert all(is_due(files, pointer, LAST, WEEKLY) for pointer in MODELS)


def test_a_model_of_later_days_is_no_model_of_this_window(files: LocalFiles) -> None:
    _publish_models(files, LAST)
    assert is_due(files, SEGMENT_MODELS, DAYS[0], WEEKLY)


def test_a_model_of_other_features_or_weights_is_due(files: LocalFiles) -> None:
    _publish_models(files, LAST, [[*one[:2], one[2] + 1] for one in SPACE])
    assert is_due(files, SEGMENT_MODELS, LAST, WEEKLY)
    assert not is_due(files, RECOMMENDER_MODELS, LAST, WEEKLY)


def test_a_model_that_does_not_know_popularity_is_due(files: LocalFiles) -> None:
    _publish_models(files, LAST)
    runs.put_model(files, OTHER, RECOMMENDER_MODELS, {"model_id": "m", "boolean": True})
    assert is_due(files, RECOMMENDER_MODELS, LAST, WEEKLY)
    assert not is_due(files, SEGMENT_MODELS, LAST, WEEKLY)


def test_a_model_whose_file_is_gone_is_due(files: LocalFiles) -> None:
    _publish_models(files, LAST)
    files.delete(runs.folder(OTHER))
    assert is_due(files, RECOMMENDER_MODELS, LAST, WEEKLY)


def test_a_window_is_learned_if_something_is_published_for_it(files: LocalFiles) -> None:
    assert not is_learned(files, LAST)
    published.replace(files, {LAST: Published(LAST, OTHER, 1, "")}, SEGMENTS_POINTER)
    assert is_learned(files, LAST)
    assert not is_learned(files, LAST + timedelta(days=1))


def test_a_plan_says_which_models_stay(files: LocalFiles) -> None:
    _publish_models(files, LAST)
    plan = prepare(files, RUN, DAYS, WEEKLY)
    assert runs.kept(files, plan, SEGMENT_MODELS) == "The model m is in use; a new one is not due."

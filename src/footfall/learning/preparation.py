"""Begins a run of learning: chooses the window of days, and the models that are due."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from footfall.lake.layout import Files
from footfall.learning import runs
from footfall.learning.errors import TooLittleData
from footfall.learning.features import SPACE
from footfall.learning.runs import Plan
from footfall.learning.tables import (
    MODELS,
    RECOMMENDATIONS_POINTER,
    RECOMMENDER_MODELS,
    SEGMENTS_POINTER,
)
from footfall.settings import Learning
from footfall.warehouse import published


def prepare(files: Files, run: str, days: Sequence[date], settings: Learning, new_models: bool = False) -> Plan:
    """The plan of a new run, which is stored. days: the window. new_models: whether all models are made anew; else
    those that are too old, that another version made, or that are missing.

    Raises TooLittleData if the last day is not published, and HdfsUnavailable.
    """
    train = [pointer for pointer in MODELS if new_models or is_due(files, pointer, max(days), settings)]
    return runs.plan(files, run, days, train)


def window(known: Collection[date], last: date | None, most: int) -> tuple[date, ...]:
    """The days to learn from: at most `most` that end with `last`, the first of which is published.

    known: the published days. last: None for the newest of them. Raises TooLittleData if none is published.
    """
    end = last or max(known, default=None)
    if end is None:
        raise TooLittleData(
            "No day is published, so there is nothing to learn from. `footfall batch` publishes past days."
        )
    days = [end - timedelta(days=back) for back in reversed(range(most))]
    begin = min((day for day in days if day in known), default=end)
    return tuple(day for day in days if day >= begin)


def is_due(files: Files, pointer: str, last: date, settings: Learning) -> bool:
    """Whether a model must be made anew for a window that ends with `last`. Raises HdfsUnavailable."""
    earlier = {day: one for day, one in published.read(files, pointer).items() if day <= last}
    if not earlier:
        return True
    newest = max(earlier)
    if (last - newest).days >= settings.models_every_days:
        return True
    model = runs.own_model(files, earlier[newest].run, pointer)
    if model is None:
        return True
    if pointer == RECOMMENDER_MODELS:
        return "method" not in model  # Made before popularity was a choice.
    return bool(model["space"] != SPACE)


def is_learned(files: Files, last: date) -> bool:
    """Whether something is published for a window that ends with `last`. Raises HdfsUnavailable.

    Late data publishes a day again and again, and what a run refused it would refuse again.
    """
    return any(last in published.read(files, pointer) for pointer in (SEGMENTS_POINTER, RECOMMENDATIONS_POINTER))

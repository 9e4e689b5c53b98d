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
from footfall.setting_groups import Learning
from footfall.warehouse import days as day_list
from footfall.warehouse import published


def prepare(files: Files, run: str, days: Sequence[date], settings: Learning, new_models: bool = False) -> Plan:
    """The plan of a new run, which is stored. days: the window. new_models: whether all models are made anew; else
    those that are too old, that another version made, or that are missing.

    Raises TooLittleData if the last day is not published, and HdfsUnavailable.
    """
    train = [pointer for pointer in MODELS if new_models or is_due(files, pointer, max(days), settings)]
    return runs.plan(files, run, days, train)


def check_published(files: Files, known: Collection[date], last: date | None, today: date, kept_days: int) -> None:
    """Raises TooLittleData, with the command that helps, if no published day ends the window. Raises HdfsUnavailable.

    known: the published days. last: the end of the window; None for the newest published day. kept_days: for how many
    days HDFS keeps events.
    """
    if last in known or (last is None and known):
        return
    waiting = day_list.missing(files, known, today, kept_days)
    if last is None:
        said = "No day is published, so there is nothing to learn from."
        days = f"--from {waiting[0]} --to {waiting[-1]}" if waiting else ""
    else:
        said = f"{last} is not published, so nothing can be learned up to that day."
        days = f"--date {last}" if last in waiting else ""
    if days:
        raise TooLittleData(f"{said} Run `./footfall batch {days}` first.")
    # A run of a day without data would publish nothing.
    newest = f" `./footfall learn` without --date learns up to {max(known)}." if known else ""
    remedy = day_list.made_by_history(last or today - timedelta(days=7), today)
    raise TooLittleData(f"{said} HDFS has no events to publish.{remedy}{newest}")


def window(known: Collection[date], last: date | None, most: int) -> tuple[date, ...]:
    """The days to learn from: at most `most` that end with `last`, the first of which is published.

    known: the published days. last: None for the newest of them. Raises TooLittleData if none is published.
    """
    end = last or max(known, default=None)
    if end is None:
        raise TooLittleData("No day is published, so there is nothing to learn from.")
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

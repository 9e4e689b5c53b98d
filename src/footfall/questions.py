"""What a question is, and which there are. docs/questions.md says what each column means."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from footfall.errors import FootfallError
from footfall.lake import questions as window_questions
from footfall.logs import questions as log_questions
from footfall.names import APP_IDS
from footfall.realtime import questions as live_questions
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

Row = dict[str, Any]


class UnknownValue(FootfallError):
    """A parameter names something that does not exist; the message is a sentence that lists what does."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a question is answered from. now_ms: the instant of asking, ms since 1970."""

    settings: Settings
    store: HBaseStore
    now_ms: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a question. default None: it may be left out; `required` says that it may not."""

    name: str
    help: str
    kind: type[str] | type[int] = str
    default: str | int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its columns in their order, what it can be asked with, and the function that answers it."""

    name: str
    columns: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    run: Callable[..., list[Row]]


@lru_cache(maxsize=1)
def registry() -> dict[str, Question]:
    """All questions, by name."""
    found = {}
    for station in (live_questions, log_questions, window_questions):
        for module in pkgutil.iter_modules(station.__path__):
            if not module.name.startswith("_"):
                loaded = importlib.import_module(f"{station.__name__}.{module.name}")
                found[loaded.QUESTION.name] = loaded.QUESTION
    return dict(sorted(found.items()))


def find(name: str) -> Question:
    """The question of that name. Raises UnknownValue."""
    check_known("question", name, registry())
    return registry()[name]


def ask(context: Context, name: str, **parameters: Any) -> list[Row]:
    """The answer to the question `name`: rows with its columns.

    parameters: as the question declares them; those left out have their defaults. Raises UnknownValue, also for a
    parameter that the question does not have, and HBaseUnavailable or HdfsUnavailable.
    """
    question = find(name)
    declared = {parameter.name: parameter for parameter in question.parameters}
    for given in parameters:
        check_known(f"parameter of {name}", given, declared)
    values = {}
    for parameter in question.parameters:
        value = parameters.get(parameter.name)
        if value is None:
            value = parameter.default
        if value is None and parameter.required:
            raise UnknownValue(f"{name} needs the parameter {parameter.name}: {parameter.help}.")
        if value is not None and type(value) is not parameter.kind:
            wanted = "whole number" if parameter.kind is int else "text"
            raise UnknownValue(f"The parameter {parameter.name} of {name} is a {wanted}.")
        values[parameter.name] = value
    return question.run(context, **values)


def check_known(what: str, value: str, known: Iterable[str]) -> None:
    """Raises UnknownValue, listing what is `known`, unless `value` is among it."""
    names = list(known)
    if value not in names:
        raise UnknownValue(f"There is no {what} {value!r}; there are: {', '.join(names) or 'none'}.")


def apps(app: str | None) -> tuple[str, ...]:
    """The apps that the parameter `app` means: all of them if it is None or `all`. Raises UnknownValue."""
    if app is None or app == "all":
        return APP_IDS
    check_known("app", app, (*APP_IDS, "all"))
    return (app,)

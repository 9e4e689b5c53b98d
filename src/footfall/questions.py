"""What a question is, and which there are. docs/questions.md says what each column means."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from footfall import site_registry
from footfall.errors import FootfallError
from footfall.lake import questions as window_questions
from footfall.logs import questions as log_questions
from footfall.names import ALL_APPS
from footfall.realtime import questions as live_questions
from footfall.realtime.apps import counted_apps
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


def app_choices(settings: Settings) -> tuple[str, ...]:
    """What help offers for the parameter `app`: the sites as they are registered now, then `all`."""
    return (*site_registry.names(settings), ALL_APPS)


def one_app(context: Context, app: str | None, stored: Callable[[], Iterable[str]]) -> str | None:
    """The app that the parameter `app` names; None if it is None or `all`. Raises UnknownValue, and what `stored` does.

    stored: the apps that there is data of. It is asked only for a name that is not registered, since a site that was
    removed keeps its figures.
    """
    if app is None or app == ALL_APPS:
        return None
    choices = app_choices(context.settings)
    if app not in choices and not (site_registry.is_app_id(app) and app in stored()):
        check_known("app", app, choices)
    return app


def apps(context: Context, app: str | None) -> tuple[str, ...]:
    """The apps of the live tables that the parameter `app` means. Raises UnknownValue and HBaseUnavailable.

    None or `all` means the registered sites, then those that were counted and are registered no more.
    """
    one = one_app(context, app, lambda: counted_apps(context.store))
    if one is not None:
        return (one,)
    registered = site_registry.names(context.settings)
    return (*registered, *(other for other in counted_apps(context.store) if other not in registered))

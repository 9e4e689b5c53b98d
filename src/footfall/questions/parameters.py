"""The parameters that questions share. Each is defined once, with its meaning, its values and the argument of `run`.

A question uses a constant unchanged, or calls a function with its own choices or bounds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from footfall.names import ALL_APPS, LOG_KINDS
from footfall.questions import times
from footfall.questions.apps import app_choices, one_app
from footfall.questions.model import Parameter
from footfall.questions.sources import Context


def _choice(
    name: str, meaning: str, choices: Sequence[str], default: str | None = None, noun: str | None = None
) -> Parameter:
    return Parameter(name, meaning, default=default, choices=choices, noun=noun or name)


# `run` gets ms since 1970, or None; each question defines its default span.
FROM: Final = Parameter(
    "from",
    "a UTC day, or a time such as 2026-11-24T08:00:00Z",
    convert=lambda _, text: times.from_ms(text),
    argument="from_ms",
)
TO: Final = Parameter(
    "to",
    "a UTC day, which is included, or a time, which is excluded",
    convert=lambda _, text: times.to_ms(text),
    argument="to_ms",
)
USER: Final = Parameter("user", "a user_id or an anonymous_id", required=True)
SESSION: Final = Parameter("session", "a session_id", required=True)
BOTS: Final = _choice("bots", "bots among the visitors", ("exclude", "include", "only"), "exclude", "choice of bots")
KIND: Final = _choice("kind", "one of the sites' logs, or all if left out", LOG_KINDS)


def app(stored: Callable[[Context[Any], str], Iterable[str]]) -> Parameter:
    """One site, or all: `run` gets its app_id, or None for all.

    stored: returns the apps that have data in the question's store; called only for a name that is not registered
    """
    return Parameter(
        "app",
        "a site's app_id, or all",
        default=ALL_APPS,
        offered=app_choices,
        convert=lambda context, name: one_app(context.settings, name, lambda: stored(context, name)),
    )


def by(*dimensions: str) -> Parameter:
    """The dimension that rows are grouped by. The first one is the default."""
    return _choice("by", "the dimension to divide by", dimensions, dimensions[0], "dimension")


def window(*lengths: str) -> Parameter:
    """The length of windows, such as `5m`. The first one is the default."""
    return _choice("window", "the length of a window", lengths, lengths[0])


def state(*states: str) -> Parameter:
    """A filter on the state of rows."""
    return _choice("state", "one state, or each if left out", states)


def minutes(default: int, most: int) -> Parameter:
    """How far back the answer reaches."""
    return Parameter("minutes", "how many minutes, the current one included", int, default=default, least=1, most=most)


def limit(default: int | None = None, most: int | None = None) -> Parameter:
    """The maximum number of rows; default None: all."""
    return Parameter("limit", "how many rows at most", int, default=default, least=1, most=most)

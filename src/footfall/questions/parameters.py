"""The parameters that questions share: each is defined once, with its meaning, its values and what `run` gets.

A question takes a constant as it is, and a function with the choices or bounds of its own. One with `--bots`, for
example, needs one line here: `BOTS = _choice("bots", "bots among the visitors", ("exclude", "include", "only"), …)`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from footfall.names import ALL_APPS, LOG_KINDS
from footfall.questions import moments
from footfall.questions.apps import app_choices, one_app
from footfall.questions.model import Parameter
from footfall.questions.sources import Context


def _choice(
    name: str, meaning: str, choices: Sequence[str], default: str | None = None, noun: str | None = None
) -> Parameter:
    return Parameter(name, meaning, default=default, choices=choices, noun=noun or name)


# `run` gets ms since 1970, or None: the question says which span it answers then.
FROM: Final = Parameter(
    "from",
    "a UTC day, or a time such as 2026-11-24T08:00:00Z",
    convert=lambda _, text: moments.from_ms(text),
    argument="from_ms",
)
TO: Final = Parameter(
    "to",
    "likewise; a day counts whole, a time is excluded",
    convert=lambda _, text: moments.to_ms(text),
    argument="to_ms",
)
USER: Final = Parameter("user", "a user_id or an anonymous_id", required=True)
SESSION: Final = Parameter("session", "a session_id", required=True)
KIND: Final = _choice("kind", "one of the sites' logs, or all if left out", LOG_KINDS)


def app(stored: Callable[[Context[Any], str], Iterable[str]]) -> Parameter:
    """One site, or all: `run` gets its app_id, or None for all.

    stored: finds in the question's store, for a name that is not registered, the apps that there is data of.
    """
    return Parameter(
        "app",
        "a site's app_id, or all",
        default=ALL_APPS,
        offered=app_choices,
        convert=lambda context, name: one_app(context.settings, name, lambda: stored(context, name)),
    )


def by(*dimensions: str) -> Parameter:
    """The dimension that rows are divided by; the first one, unless another is asked for."""
    return _choice("by", "the dimension to divide by", dimensions, dimensions[0], "dimension")


def window(*lengths: str) -> Parameter:
    """The length of windows, such as `5m`; the first one, unless another is asked for."""
    return _choice("window", "the length of a window", lengths, lengths[0])


def state(*states: str) -> Parameter:
    """Rows of one state only."""
    return _choice("state", "one state, or each if left out", states)


def minutes(default: int, most: int) -> Parameter:
    """How far back the answer reaches."""
    return Parameter("minutes", "how many minutes, the current one included", int, default=default, least=1, most=most)


def limit(default: int | None = None, most: int | None = None) -> Parameter:
    """How many rows there are at most; default None: all."""
    return Parameter("limit", "how many rows at most", int, default=default, least=1, most=most)

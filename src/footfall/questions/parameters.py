"""The parameters that questions share: each is defined once, with its meaning, its values and what `run` gets.

A question takes a constant as it is, and a function with the choices or bounds of its own. One with `--bots`, for
example, needs one line here: `BOTS = _choice("bots", "bots among the visitors", ("exclude", "include", "only"), …)`.
"""

from collections.abc import Sequence
from typing import Final

from footfall.names import APP_IDS, LOG_KINDS
from footfall.questions import moments
from footfall.questions.model import Parameter, check_known


def apps(app: str | None) -> tuple[str, ...]:
    """The apps that the parameter `app` means: all of them if it is None or `all`. Raises UnknownValue."""
    if app is None or app == "all":
        return APP_IDS
    check_known("app", app, (*APP_IDS, "all"))
    return (app,)


def _choice(
    name: str, meaning: str, choices: Sequence[str], default: str | None = None, noun: str | None = None
) -> Parameter:
    return Parameter(name, meaning, default=default, choices=lambda: choices, noun=noun or name)


# `run` gets `apps`, a tuple of their ids. Which there are is looked up each time: a site may come while others run.
APP: Final = Parameter(
    "app",
    "one site, or all",
    default="all",
    choices=lambda: (*apps(None), "all"),
    convert=lambda app: apps(app),
    argument="apps",
)
# `run` gets ms since 1970, or None: the question says which span it answers then.
FROM: Final = Parameter(
    "from", "a UTC day, or a time such as 2026-11-24T08:00:00Z", convert=moments.from_ms, argument="from_ms"
)
TO: Final = Parameter("to", "likewise; a day counts whole, a time is excluded", convert=moments.to_ms, argument="to_ms")
USER: Final = Parameter("user", "a user_id or an anonymous_id", required=True)
SESSION: Final = Parameter("session", "a session_id", required=True)
KIND: Final = _choice("kind", "one of the sites' logs, or all if left out", LOG_KINDS)


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

"""A question, its parameters, and the validation of a parameter's value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.errors import FootfallError
from footfall.questions.sources import Context, Source
from footfall.settings import Settings

Row = dict[str, Any]


class UnknownValue(FootfallError):
    """A parameter has an unknown value; the message is a sentence that lists the known ones."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a question; `parameters.py` has the shared ones.

    help: its meaning, beginning in lower case and without a full stop
    default: the value if it is left out; None if there is no restriction then, or if it is `required`
    choices: all allowed values; noun: the word for a value in error sentences
    offered: returns the values that help lists, if the question's store may have more of them
    least, most: the inclusive bounds of an integer
    convert: converts a checked value for `run`. Raises UnknownValue and EngineUnavailable
    argument: the name of `run`'s argument, if it differs from the parameter's name
    """

    name: str
    help: str
    kind: type[str] | type[int] = str
    default: str | int | None = None
    required: bool = False
    choices: Sequence[str] = ()
    noun: str = ""
    offered: Callable[[Settings], Sequence[str]] | None = None
    least: int | None = None
    most: int | None = None
    convert: Callable[[Context[Any], Any], Any] | None = None
    argument: str = ""

    @property
    def keyword(self) -> str:
        """The name of `run`'s argument."""
        return self.argument or self.name

    def usage(self, settings: Settings) -> str:
        """Its help with the allowed values, as one sentence without a full stop."""
        if choices := self.offered(settings) if self.offered is not None else self.choices:
            *others, last = choices
            return f"{self.help}: {', '.join(others)} or {last}" if others else f"{self.help}: {last}"
        if self.least is not None:
            return f"{self.help}: {self.least} to {self.most}" if self.most else f"{self.help}: {self.least} or more"
        return self.help

    def checked(self, question: str, given: Any) -> Any:
        """Validates a given value. Returns it, or the default if it was left out. Raises UnknownValue."""
        value = self.default if given is None else given
        if value is None:
            if self.required:
                raise UnknownValue(f"{question} needs the parameter {self.name}: {self.help}.")
            return None
        if type(value) is not self.kind:
            wanted = "whole number" if self.kind is int else "text"
            raise UnknownValue(f"The parameter {self.name} of {question} is a {wanted}.")
        if self.choices:
            check_known(self.noun or self.name, str(value), self.choices)
        if isinstance(value, int):
            self._check_bounds(value)
        return value

    def _check_bounds(self, value: int) -> None:
        if self.least is not None and self.most is not None and not self.least <= value <= self.most:
            raise UnknownValue(f"The parameter {self.name} lies between {self.least} and {self.most}.")
        if self.least is not None and value < self.least:
            raise UnknownValue(f"The parameter {self.name} is at least {self.least}.")


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    description: one line for the list of questions; usually the docstring of the question's file
    columns: the column names of each row, in order; docs/questions.md explains them
    source: the store that it reads
    run: is called with a `Context` of the store and one argument for each parameter. Raises UnknownValue and
        EngineUnavailable
    when_empty: one or two sentences on why there may be no row, and what makes rows; '' if `run` then raises
        UnknownValue, or always has rows
    """

    name: str
    description: str
    columns: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    source: Source[Any]
    run: Callable[..., list[Row]]
    when_empty: str = ""


def check_known(what: str, value: str, known: Iterable[str]) -> None:
    """Raises UnknownValue, with a list of the `known` values, unless `value` is one of them."""
    names = list(known)
    if value not in names:
        raise UnknownValue(f"There is no {what} {value!r}; there are: {', '.join(names) or 'none'}.")

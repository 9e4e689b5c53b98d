"""A question and its parameters, and the check of a parameter's value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.errors import FootfallError
from footfall.questions.sources import Context, Source
from footfall.settings import Settings

Row = dict[str, Any]


class UnknownValue(FootfallError):
    """A parameter names something that does not exist; the message is a sentence that lists what does."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a question; `parameters.py` has those that questions share.

    help: what it means, beginning in lower case and without a full stop
    default: what is meant if it is left out; None if that restricts nothing, or if it is `required`
    choices: all values that it can have; noun: the sentence's word for one
    offered: values that help offers now, where only the question's store knows whether there are others
    least, most: the bounds of a whole number, both included
    convert: makes of a checked value what `run` gets. Raises UnknownValue and EngineUnavailable
    argument: the name of `run`'s argument, if that is not the parameter's own
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
        """The name of the argument of `run`."""
        return self.argument or self.name

    def usage(self, settings: Settings) -> str:
        """Its help with the values that it can have, one sentence without a full stop."""
        if choices := self.offered(settings) if self.offered is not None else self.choices:
            *others, last = choices
            return f"{self.help}: {', '.join(others)} or {last}" if others else f"{self.help}: {last}"
        if self.least is not None:
            return f"{self.help}: {self.least} to {self.most}" if self.most else f"{self.help}: {self.least} or more"
        return self.help

    def checked(self, question: str, given: Any) -> Any:
        """The value that is meant by the given one, None if it was left out. Raises UnknownValue."""
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

    description: one line for the list of questions; a question's file gives its own docstring
    columns: the names in each row, in their order; docs/questions.md says what they mean
    source: the store that it reads
    run: called with a `Context` of that store and an argument for each parameter. Raises UnknownValue and
        EngineUnavailable
    """

    name: str
    description: str
    columns: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    source: Source[Any]
    run: Callable[..., list[Row]]


def check_known(what: str, value: str, known: Iterable[str]) -> None:
    """Raises UnknownValue, listing what is `known`, unless `value` is among it."""
    names = list(known)
    if value not in names:
        raise UnknownValue(f"There is no {what} {value!r}; there are: {', '.join(names) or 'none'}.")

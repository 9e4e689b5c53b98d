"""Finds the questions of all stations, and asks them.

A question is a file `STATION/questions/NAME.py` that defines `QUESTION`; files whose names begin with `_` are helpers.
Only the command line and the dashboard import this module: it is above all stations.
"""

import importlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import footfall
from footfall.questions.model import Question, Row, check_known
from footfall.questions.sources import Sources


@lru_cache(maxsize=1)
def questions() -> dict[str, Question]:
    """All questions, by name. Raises TypeError if two have the same name."""
    found: dict[str, Question] = {}
    files: dict[str, str] = {}
    for module in _modules():
        question = importlib.import_module(module).QUESTION
        if question.name in found:
            raise TypeError(f"Two files answer the question {question.name}: {files[question.name]} and {module}.")
        found[question.name], files[question.name] = question, module
    return dict(sorted(found.items()))


def find(name: str) -> Question:
    """The question with this name. Raises UnknownValue."""
    check_known("question", name, questions())
    return questions()[name]


def ask(sources: Sources, name: str, /, **parameters: Any) -> list[Row]:
    """The answer to the question `name`: rows with exactly its columns, in their order.

    parameters: as the question declares them; missing ones have their defaults

    Raises UnknownValue, also for a parameter that the question does not have, and EngineUnavailable. The source is
    opened only after all values are validated.
    """
    question = find(name)
    for given in parameters:
        check_known(f"parameter of {name}", given, (parameter.name for parameter in question.parameters))
    checked = {parameter: parameter.checked(name, parameters.get(parameter.name)) for parameter in question.parameters}
    context = sources.context(question.source)
    arguments = {
        parameter.keyword: value if value is None or parameter.convert is None else parameter.convert(context, value)
        for parameter, value in checked.items()
    }
    rows = question.run(context, **arguments)
    return [_in_order(question, row) for row in rows]


def _in_order(question: Question, row: Row) -> Row:
    if row.keys() != set(question.columns):
        raise TypeError(f"{question.name} answered with {', '.join(row)}; its columns are {question.columns}.")
    return {column: row[column] for column in question.columns}


def _modules() -> Iterator[str]:
    for package in footfall.__path__:
        for path in sorted(Path(package).glob("*/questions/[!_]*.py")):
            yield f"footfall.{path.parts[-3]}.questions.{path.stem}"

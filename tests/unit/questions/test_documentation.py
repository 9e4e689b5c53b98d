"""docs/questions.md has each question with its parameters and columns, and no other."""

import re

from footfall import question_registry
from footfall.settings import REPOSITORY

PAGE = (REPOSITORY / "docs" / "questions.md").read_text("utf-8")
# Name, parameters, columns and order of each row of the table of questions.
ROWS = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (.*) \| (.*) \|$", PAGE.partition("## Questions")[2], re.MULTILINE)


def test_every_question_has_a_row() -> None:
    assert sorted(name for name, *_ in ROWS) == list(question_registry.questions())


def test_every_row_has_the_columns_in_their_order() -> None:
    listed = {name: tuple(re.sub(r" \(.*?\)", "", columns).split(", ")) for name, _, columns, _ in ROWS}
    assert listed == {name: question.columns for name, question in question_registry.questions().items()}


def test_every_row_has_the_parameters_with_their_choices() -> None:
    for name, cell, *_ in ROWS:
        question = question_registry.find(name)
        named = re.findall(r"`(\w+)`", re.sub(r" \(.*?\)", "", cell))
        assert sorted(named) == sorted(p.name for p in question.parameters), name
        for parameter in question.parameters:
            described = re.search(rf"`{parameter.name}` = ([^`]+?)(?:, (?=`)|$)", cell)
            if parameter.choices:
                *others, last = parameter.choices
                assert described is not None, (name, parameter.name)
                assert described[1] == f"{', '.join(others)} or {last}", (name, parameter.name)
            elif described is not None:
                assert described[1] == str(parameter.default), (name, parameter.name)


def test_the_order_of_a_row_names_its_columns() -> None:
    for name, _, _, order in ROWS:
        columns = question_registry.find(name).columns
        assert all(word in columns for word in re.findall(r"[a-z]+_\w+", order)), name

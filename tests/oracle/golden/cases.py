"""The answers that were worked out by hand: `answers/QUESTION.yaml`.

A file is a list of cases. `ask` has what is asked: the days (both golden days if absent), `app`, `bots` and the
question's own parameters. `rows` has one list for each row, in the order of `columns`; `why` explains what is not
obvious. A ratio stands as `a/b`: one division of two integers.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.oracle.golden import FROM_DT, TO_DT

_ANSWERS: Final = Path(__file__).parent / "answers"
_RATIO: Final = re.compile(r"([0-9]+)/([0-9]+)")


@dataclass(frozen=True, slots=True)
class Case:
    """One question with all its parameters, and its rows."""

    question: str
    ask: dict[str, Any]
    rows: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.question}({', '.join(f'{name}={value}' for name, value in self.ask.items())})"


def cases() -> list[Case]:
    """All cases of all questions."""
    return [
        _case(file.stem, one)
        for file in sorted(_ANSWERS.glob("*.yaml"))
        for one in yaml.safe_load(file.read_text("utf-8"))
    ]


def _case(question: str, written: dict[str, Any]) -> Case:
    ask = {"from_dt": FROM_DT, "to_dt": TO_DT, **written["ask"]}
    # A row of the daily summary has its own day.
    days = {} if question == "daily-summary" else {"from_dt": ask["from_dt"], "to_dt": ask["to_dt"]}
    rows = [{**days, **dict(zip(written["columns"], map(_value, row), strict=True))} for row in written["rows"]]
    return Case(question, ask, rows)


def _value(cell: Any) -> Any:
    ratio = _RATIO.fullmatch(cell) if isinstance(cell, str) else None
    return int(ratio[1]) / int(ratio[2]) if ratio else cell

"""Values as literals of Hive's SQL. HiveServer2 knows no parameters, so the client puts them into the statement."""

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Final

Scalar = str | int | float | bool | date | None
Value = Scalar | Sequence[Scalar]

_BIGINT: Final = 2**63
_ESCAPES: Final = {"\\": r"\\", "'": r"\'", "$": r"\u0024", "\0": r"\u0000"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def bind(sql: str, values: Sequence[Value]) -> str:
    """The statement with each `%s` replaced by the next value. Raises ValueError if their numbers differ."""
    parts = sql.split("%s")
    if len(parts) != len(values) + 1:
        raise ValueError(f"The statement has {len(parts) - 1} placeholders for {len(values)} values.")
    return parts[0] + "".join(literal(value) + part for value, part in zip(values, parts[1:], strict=True))


def literal(value: Value) -> str:
    """A value as a literal of Hive's SQL; a sequence as a list in parentheses. Raises ValueError.

    `$` is escaped, too: Hive would replace `${env:HOME}` even within a text.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        if not -_BIGINT < value < _BIGINT:
            raise ValueError(f"{value} is no bigint")
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number of SQL")
        return f"{value!r}D"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, str):
        text = _SURROGATE.sub("\ufffd", value)
        return "'" + "".join(_ESCAPES.get(character, character) for character in text) + "'"
    # An empty list is no SQL; nothing equals NULL.
    return f"({', '.join(map(literal, value)) or 'NULL'})"

"""Adds up the rows of several days, and sorts rows. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]


def summed(rows: Iterable[Mapping[str, Any]], key: Sequence[str], counts: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    """The rows of several days by their key, with the sums of the columns `counts`."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        total = found.setdefault(
            tuple(map(hashable, (row[name] for name in key))),
            {**{name: row[name] for name in key}, **dict.fromkeys(counts, 0)},
        )
        for name in counts:
            total[name] += row[name] or 0
    return found


def hashable(value: Any) -> Any:
    """The value, or a tuple instead of a list."""
    return tuple(value) if isinstance(value, list) else value


def ordered(
    rows: Iterable[Row], most: str | Callable[[Row], float | int | None], ties: Sequence[str], limit: int | None
) -> list[Row]:
    """The rows in descending order of a column or function, ties ascending by columns; nulls last; at most `limit`."""
    value = most if callable(most) else lambda row: row[most]

    def key(row: Row) -> tuple[Any, ...]:
        first = value(row)
        rest = ((row[name] is None, "" if row[name] is None else row[name]) for name in ties)
        return (first is None, -(first or 0), *rest)

    return sorted(rows, key=key)[:limit]


def ratio(part: int, whole: int) -> float | None:
    """One division of two integers; None if the whole is 0."""
    return part / whole if whole else None

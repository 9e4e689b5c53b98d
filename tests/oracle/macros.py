"""Functions for the SQL of questions."""

from typing import Final

import duckdb

_MACROS: Final = (
    # The ⌈k·n/100⌉-th smallest of the values that are not null; null without any.
    """
    create macro main.nearest_rank(numbers, k) as list_sort(list_filter(numbers, lambda x: x is not null))[
      (len(list_filter(numbers, lambda x: x is not null)) * k + 99) // 100]
    """,
    # One division of two integers as DOUBLE; null if there is nothing to divide by.
    "create macro main.ratio(a, b) as if(b = 0, null, a::double / b::double)",
    # RFC 3339 UTC of ms since 1970.
    "create macro main.moment(ms) as strftime(make_timestamp(ms * 1000), '%Y-%m-%dT%H:%M:%S.%g') || 'Z'",
)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Defines `nearest_rank`, `ratio` and `moment`."""
    for macro in _MACROS:
        connection.execute(macro)

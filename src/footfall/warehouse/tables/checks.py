"""What the checks of a run found before it was published."""

from typing import Final

from footfall.warehouse.tables.model import Table, parsed_columns

DATA_QUALITY: Final = Table(
    "data_quality",
    "The checks of a run before it is published.",
    "audit",
    ("check_name", "table_name"),
    parsed_columns(
        """
        check_name string: check
        table_name string: table that was checked
        observed double: number of offending rows, or the share that was found
        threshold double: largest accepted value
        status string: ok, warning or failed; a failed check keeps the day from being published
        checked_ms bigint: ms since 1970
        """
    ),
)

OFFENDING_ROWS: Final = Table(
    "offending_rows",
    "Rows that made a check fail, at most 1,000 of each check.",
    "audit",
    ("check_name", "table_name", "row_key"),
    parsed_columns(
        """
        check_name string: check
        table_name string: table that was checked
        row_key string: values of the row's key, separated by slashes
        detail string: what is wrong with it
        """
    ),
)

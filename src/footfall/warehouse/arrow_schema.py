"""The columns of the warehouse's tables as Arrow types, for files that Python writes or reads."""

from typing import Final

import pyarrow as pa

from footfall.warehouse.profiles import ProfileTable
from footfall.warehouse.tables import Table, Type

_TYPES: Final[dict[Type, pa.DataType]] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "array<string>": pa.list_(pa.string()),
}


def schema_of(table: Table | ProfileTable) -> pa.Schema:
    """The columns of a table's files, without the partition columns."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in table.columns])

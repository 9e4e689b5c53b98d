"""The warehouse's tables as Spark's schemas."""

from typing import Final

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from footfall.warehouse.tables import Table, Type

_TYPES: Final[dict[Type, DataType]] = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
    "array<string>": ArrayType(StringType()),
}
# The folder's column.
DAY: Final = StructField("dt", StringType())


def with_day(table: Table) -> StructType:
    """The day `dt` and the columns of a table."""
    return StructType([DAY, *(StructField(column.name, _TYPES[column.type]) for column in table.columns)])


PROFILES_HISTORY: Final = StructType(
    [
        StructField("user_id", StringType()),
        StructField("valid_from_ms", LongType()),
        StructField("valid_to_ms", LongType()),
        StructField("plan", StringType()),
        StructField("country", StringType()),
        StructField("birth_year", IntegerType()),
        StructField("company_size", StringType()),
        StructField("deleted", BooleanType()),
    ]
)

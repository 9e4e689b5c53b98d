"""Writes tables below a hidden folder, and moves each partition to its place when all are written.

So a run that is killed leaves nothing half: a partition appears by one rename. The same run again replaces it.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from footfall.lake.layout import Files, parts, put_folder
from footfall.streaming.parquet import Uri
from footfall.warehouse.spark.schemas import with_day
from footfall.warehouse.tables import ROOT, Table

_EMPTY: Final = "part-empty.snappy.parquet"


class Staging:
    """The tables of one execution. Methods raise HdfsUnavailable, and Spark's errors where they use it."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri, run: str) -> None:
        """uri: turns an HDFS path into a URI for Spark."""
        self._spark = spark
        self._files = files
        self._uri = uri
        self._run = run
        self._root = f"{ROOT}/_staging/{run}-events"
        files.delete(self._root)

    def write(self, table: Table, rows: DataFrame, *, in_place: bool = False) -> DataFrame:
        """Stages the rows of a table (their day `dt` is a column), and returns them as they were written.

        One file for each day, sorted by the table's key. in_place: the rows keep their partitions and their order,
        and each partition becomes a file.
        """
        schema = with_day(table)
        typed = rows.select(*(f.col(field.name).cast(field.dataType).alias(field.name) for field in schema))
        if not in_place:
            typed = typed.repartition("dt").sortWithinPartitions("dt", *table.key)
        folder = self._uri(self._folder(table))
        typed.write.mode("overwrite").partitionBy("dt").option("compression", "snappy").parquet(folder)
        return self._spark.read.schema(schema).parquet(folder)

    def publish(self, tables: Iterable[Table], days: Sequence[str]) -> None:
        """Moves the staged partitions of these days to their places.

        A partition without rows holds one file without rows, so that every reader finds its schema.
        """
        for table in tables:
            for day in days:
                staged = f"{self._folder(table)}/dt={day}"
                if not parts(self._files, staged):
                    self._files.write(f"{staged}/{_EMPTY}", _without_rows(with_day(table)))
                put_folder(self._files, staged, table.partition(day, self._run))
        self._files.delete(self._root)

    def _folder(self, table: Table) -> str:
        return f"{self._root}/{table.name}"


def _without_rows(schema: StructType) -> bytes:
    content = io.BytesIO()
    columns = to_arrow_schema(StructType([field for field in schema if field.name != "dt"]))
    pq.write_table(pa.Table.from_batches([], columns), content, compression="snappy")
    return content.getvalue()

"""Reads what the job takes from HDFS: the archive, the history of profiles, and the logs' tables of the same run."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from footfall.errors import FootfallError
from footfall.lake.layout import EVENTS, Files, parts
from footfall.streaming.parquet import Tables, Uri
from footfall.warehouse import profiles
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.spark.schemas import PROFILES_HISTORY, with_day
from footfall.warehouse.tables import Table

# Up to this many bytes of archived events, two tasks cut sessions, one for each core; beyond it four, whose sorts need
# less memory each. A million events take about 50 MB.
_SMALL_BYTES: Final = 32 << 20


class InputMissing(FootfallError):
    """An input that should exist does not; the message is one sentence."""


class Inputs:
    """The inputs of a run for some days. Methods raise HdfsUnavailable, and Spark's errors."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri, manifest: Manifest, days: Sequence[str]) -> None:
        """days: as YYYY-MM-DD. uri: turns an HDFS path into a URI for Spark."""
        self._spark = spark
        self._files = files
        self._uri = uri
        self._manifest = manifest
        self._days = days

    def archived(self) -> tuple[DataFrame, int]:
        """The archived events of the days, as the archive holds them now, and a good number of partitions for them.

        The archive's writer may delete one of these files while it merges them. Spark then fails, and the caller asks
        again. Raises ArchiveRefused if a file is empty.
        """
        tables = Tables(self._spark, self._files, self._uri)
        found = tables.files(EVENTS, map(date.fromisoformat, self._days))
        small = sum(file.length for file in found) <= _SMALL_BYTES
        return tables.read(EVENTS, [file.path for file in found]), 2 if small else 4

    def profiles(self) -> DataFrame:
        """The history of profiles that is in use; no rows before the first import. Raises InputMissing.

        The history only grows, so the profile at the time of a past event is the same in each of them.
        """
        run = profiles.published_run(self._files)
        if run is None:
            return self._nothing(PROFILES_HISTORY)
        folder = profiles.PROFILES_HISTORY.partition(run)
        if not parts(self._files, folder):
            raise InputMissing(
                f"The profiles {folder} do not exist, but are in use. Import them again with `./footfall batch`."
            )
        return self._spark.read.schema(PROFILES_HISTORY).parquet(self._uri(folder))

    def of_logs(self, table: Table) -> DataFrame:
        """The rows of a table of the logs, of the same run, with `dt`. A day that has none is empty."""
        folders = {day: table.partition(day, self._manifest.run) for day in self._days}
        found = [self._uri(folder) for folder in folders.values() if parts(self._files, folder)]
        schema = with_day(table)
        if not found:
            return self._nothing(schema)
        return self._spark.read.schema(schema).option("basePath", self._uri(table.folder)).parquet(*found)

    def _nothing(self, schema: StructType) -> DataFrame:
        return self._spark.createDataFrame([], schema)

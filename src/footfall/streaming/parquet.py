"""Reads and writes the Parquet files of the archive's stores with Spark."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from footfall.hdfs import FileStatus
from footfall.lake import damaged_files, layout
from footfall.lake.compaction import Group
from footfall.lake.layout import EVENTS, Files, Part, Store
from footfall.streaming import spark_schema

Uri = Callable[[str], str]
# The uncompressed size of a merged file's row groups. A reader of a few minutes skips the other row groups.
GROUP_BYTES: Final = 32 << 20


class Tables:
    """Reads and writes the stores with Spark. Methods raise HdfsUnavailable, and Spark's errors where they use it."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri) -> None:
        """uri: turns an HDFS path into a URI for Spark."""
        self._spark = spark
        self._files = files
        self._uri = uri

    def read(self, store: Store, paths: Iterable[str], base: str | None = None) -> DataFrame:
        """The rows of files. base: the parent of their partition folders, by default the root of the store."""
        schema = spark_schema.archive_schema() if store is EVENTS else spark_schema.rejects_schema()
        found = [self._uri(path) for path in paths]
        if not found:
            # Even an empty DataFrame from Python would start a Python worker, so Spark creates it.
            nothing = [f.lit(None).cast(field.dataType).alias(field.name) for field in schema]
            return self._spark.range(0).select(*nothing)
        return self._spark.read.schema(schema).option("basePath", self._uri(base or store.root)).parquet(*found)

    def stage(self, rows: DataFrame, store: Store, folder: str) -> None:
        """Writes rows below `folder`: one file for each of the store's partition folders."""
        ordered = rows.coalesce(1).sortWithinPartitions(*store.columns, _time_of(store))
        ordered.write.mode("overwrite").partitionBy(*store.columns).parquet(self._uri(folder))

    def staged(self, store: Store, folder: str) -> list[str]:
        """The paths of the files that were staged below a folder."""
        level = [folder]
        for _ in store.columns:
            entries = [entry for one in level for entry in self._files.list(one)]
            level = [entry.path for entry in entries if entry.is_folder and "=" in entry.name]
        return [file.path for one in level for file in self._files.list(one) if file.name.endswith(".parquet")]

    def read_staged(self, store: Store, folder: str) -> DataFrame:
        """The rows that were staged below a folder."""
        return self.read(store, self.staged(store, folder), folder)

    def merge(self, group: Group, folder: str) -> None:
        """Writes the rows of a group's files as one file below a folder. It implements `compaction.Merge`."""
        rows = self.read(group.store, group.sources).drop(*group.store.columns)
        merged = rows.coalesce(1).sortWithinPartitions(_time_of(group.store))
        merged.write.mode("overwrite").option("parquet.block.size", GROUP_BYTES).parquet(self._uri(folder))

    def files(self, store: Store, days: Iterable[date], leave_out: Part | None = None) -> list[FileStatus]:
        """The files of these days, except those of the batch `leave_out`. Raises ArchiveRefused if one is empty."""
        wanted = set(days)
        found = [
            file
            for values, folder in layout.folders(self._files, store).items()
            if layout.day_of(values) in wanted
            for file in layout.parts(self._files, folder)
            if leave_out is None or not layout.is_of(file.name, leave_out)
        ]
        return damaged_files.refuse_empty(found)

    def paths(self, store: Store, days: Iterable[date], leave_out: Part | None = None) -> list[str]:
        """The paths of `files`."""
        return [file.path for file in self.files(store, days, leave_out)]


def piece_of(path: str) -> int:
    """The piece number of a staged file, as `record_writer` put it into the name."""
    return int(path.rpartition("/")[2].split("-")[1])


def _time_of(store: Store) -> str:
    return "event_time" if store is EVENTS else "rejected_at"

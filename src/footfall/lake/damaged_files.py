"""Names the archived file that cannot be read: Spark's own complaint is a page long and has no remedy."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.layout import Files

_TOLD: Final = re.compile(r"error while reading file (\S+)\.\s")


def whole(files: list[FileStatus]) -> list[FileStatus]:
    """The same files.

    Raises ArchiveRefused if one is empty, as after a power loss: Spark would see no rows, silently.
    """
    for file in files:
        if not file.length:
            raise ArchiveRefused(_sentence(file.path))
    return files


@contextmanager
def named(files: Files, base: str) -> Iterator[None]:
    """For work with archived files. Raises ArchiveRefused if Spark failed at a damaged one; else what Spark raised.

    base: what stands before a path in Spark's names. Raises HdfsUnavailable if HDFS does not hand the file over.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        for path in {told.removeprefix(base) for told in _TOLD.findall(str(error))}:
            # What lies aside is made anew when the batch is done again.
            if not path.startswith(f"{layout.STAGING}/") and _damaged(files, path):
                raise ArchiveRefused(_sentence(path)) from error
        raise


@contextmanager
def told(path: str) -> Iterator[None]:
    """For reading an archived file with Arrow. Raises ArchiveRefused if it is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ArchiveRefused(_sentence(path)) from error


def _damaged(files: Files, path: str) -> bool:
    """False if the file can be read, or is gone: then it was HDFS's or the executor's trouble."""
    try:
        content = files.read(path)
    except HdfsUnavailable as error:
        raise HdfsUnavailable(f"The archive's file {path} cannot be read now: {error}") from None
    if content is None:
        return False
    try:
        parquet = pq.ParquetFile(io.BytesIO(content))
        for number in range(parquet.num_row_groups):
            parquet.read_row_group(number)
    except (pa.ArrowException, OSError):
        return True
    return False


def _sentence(path: str) -> str:
    return (
        f"The archive's file {path} cannot be read. Move it out of the archive and run `footfall recover archive "
        "--from-start`: its records are archived again, as far as Kafka still holds them."
    )

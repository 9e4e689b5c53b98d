"""Refuses an archived file that cannot be read, with its name and the remedy."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake.errors import ArchiveRefused
from footfall.lake.layout import Files


def refuse_empty(files: list[FileStatus]) -> list[FileStatus]:
    """Returns the same files.

    Raises ArchiveRefused if one is empty, as after a power loss: Spark would see no rows, silently.
    """
    for file in files:
        if not file.length:
            raise refusal(file.path)
    return files


@contextmanager
def refuse_damaged(path: str) -> Iterator[None]:
    """Surrounds the reading of an archived file with Arrow. Raises ArchiveRefused if the file is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise refusal(path) from error


def is_damaged(files: Files, path: str) -> bool:
    """Reads a whole file to see whether it is damaged; a file that is gone is not.

    Raises HdfsUnavailable if HDFS does not hand the file over.
    """
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


def refusal(path: str) -> ArchiveRefused:
    """The error that names a damaged file."""
    return ArchiveRefused(
        f"The archive's file {path} cannot be read. Move it out of the archive and run `footfall recover archive "
        "--from-start`: its records are archived again, as far as Kafka still holds them."
    )

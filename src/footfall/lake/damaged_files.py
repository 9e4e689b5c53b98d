"""Errors for archived files that cannot be read: they name the file and the remedy."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake.errors import ArchiveRefused
from footfall.lake.layout import Files


def refuse_empty(files: list[FileStatus]) -> list[FileStatus]:
    """Returns the same files, or raises ArchiveRefused if one is empty.

    A power loss can leave an empty file, which Spark would read as a file without rows.
    """
    for file in files:
        if not file.length:
            raise refusal(file.path)
    return files


@contextmanager
def refuse_damaged(path: str) -> Iterator[None]:
    """A context for reading an archived file with Arrow. Raises ArchiveRefused if the file is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise refusal(path) from error


def is_damaged(files: Files, path: str) -> bool:
    """Reads a whole file to find out whether it is damaged. A file that does not exist is not damaged.

    Raises HdfsUnavailable if HDFS does not return the file.
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
        f"The archive's file {path} cannot be read. Move it out of the archive and run `./footfall recover archive "
        "--from-start`, which archives its records again if Kafka still holds them."
    )

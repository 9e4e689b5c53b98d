"""Turns Spark's page-long complaint about a damaged file into one sentence that names the file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from footfall.lake import layout
from footfall.lake.damaged_files import is_damaged, refusal
from footfall.lake.layout import Files

_PATH: Final = re.compile(r"error while reading file (\S+)\.\s")


@contextmanager
def name_damaged_files(files: Files, base: str) -> Iterator[None]:
    """A context for Spark's work on archived files.

    base: the prefix of an HDFS path in Spark's messages, such as `hdfs://host:port`.
    Raises ArchiveRefused if Spark failed on a damaged file, HdfsUnavailable if HDFS does not return that file, and
    Spark's own error otherwise.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        for path in {found.removeprefix(base) for found in _PATH.findall(str(error))}:
            # Spark repeats the batch of a damaged staged file, which writes the file again.
            if not path.startswith(f"{layout.STAGING}/") and is_damaged(files, path):
                raise refusal(path) from error
        raise

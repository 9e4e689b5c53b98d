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
def naming_damaged_files(files: Files, base: str) -> Iterator[None]:
    """Surrounds Spark's work with archived files.

    base: what Spark puts before a path in HDFS.
    Raises ArchiveRefused if Spark failed at a damaged file, HdfsUnavailable if HDFS does not hand that file over, and
    otherwise what Spark raised.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        for path in {found.removeprefix(base) for found in _PATH.findall(str(error))}:
            # A staged file is made anew when its batch is done again.
            if not path.startswith(f"{layout.STAGING}/") and is_damaged(files, path):
                raise refusal(path) from error
        raise

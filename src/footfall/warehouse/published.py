"""Which run of each day is published: one small file, which publishing replaces by a rename.

Hive reads the same file as the table `published_days`. It is compressed, because Hive reads a compressed file to its
end: of another file that is replaced meanwhile, it would read only as many bytes as the old one had.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from footfall.hdfs import HdfsUnavailable
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.warehouse import tables

DAYS: Final = "published_days"


class Published(NamedTuple):
    """The published run of a day. published_ms: ms since 1970. manifest: path in HDFS of what the run read."""

    day: date
    run: str
    published_ms: int
    manifest: str


def read(files: Files, pointer: str = DAYS) -> dict[date, Published]:
    """The published run of each day, in the order of days; empty before the first. Raises HdfsUnavailable.

    pointer: the table in Hive that shows it, such as `Table.pointer`
    """
    content = files.read(_path(pointer))
    if content is None:
        return {}
    try:
        if not content:
            raise EOFError
        found = [_parsed(line) for line in gzip.decompress(content).splitlines()]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise HdfsUnavailable(
            f"{_path(pointer)} is damaged ({type(error).__name__}). Delete it, and publish the days again with "
            "`./footfall batch`."
        ) from None
    return {one.day: one for one in found}


def replace(files: Files, days: Mapping[date, Published], pointer: str = DAYS) -> None:
    """Publishes exactly these runs, in one atomic step. Only one process at a time may do so.

    Raises HdfsUnavailable; then readers still see what was published before.
    """
    lines = [
        {"dt": one.day.isoformat(), "run": one.run, "published_ms": one.published_ms, "manifest": one.manifest}
        for _, one in sorted(days.items())
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    # A fixed time in the header: the same days are the same bytes.
    layout.put(files, _path(pointer), gzip.compress(text.encode(), mtime=0))


def _path(pointer: str) -> str:
    return f"{tables.ROOT}/{pointer}/days.json.gz"


def _parsed(line: bytes) -> Published:
    row = json.loads(line)
    return Published(date.fromisoformat(row["dt"]), str(row["run"]), int(row["published_ms"]), str(row["manifest"]))

"""Finishes the files that a killed Flume or an outage of HDFS left open: they hold the only copy of their lines.

Flume never touches them again. HDFS is told to take them from their writer, and those that have the name of an open
file get the name that they would have had. Nothing is overwritten and nothing is deleted.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.logs import layout

# HDFS needs a heartbeat or two of the DataNode for it.
PATIENCE_S: Final = 30.0
_AGAIN_S: Final = 1.0
_MOST_NAMES: Final = 100

# Makes HDFS begin to take a file from its writer, even from one that lives. Raises HdfsUnavailable.
Begin = Callable[[str], None]


class Recovered(NamedTuple):
    """What a recovery did: files that it finished, and sentences about those that are still open."""

    finished: int
    left: list[str]


def recover(
    hdfs: Hdfs,
    begin: Begin,
    now_s: float,
    older_than_s: float,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Recovered:
    """Finishes what is abandoned, trying until `patience_s` is over; never raises for HDFS's sake. Times in seconds.

    older_than_s: 0 while no Flume runs; `ABANDONED_S` while one does, since it may be writing the younger ones.
    """
    finished = 0
    try:
        writing = hdfs.open_for_writing(layout.ROOT)
        waiting = _abandoned(hdfs, writing, now_s, older_than_s)
        for path in sorted(waiting & writing):
            begin(path)
        deadline = time.monotonic() + patience_s
        while waiting:
            for path in sorted(waiting - hdfs.open_for_writing(layout.ROOT)):
                finished += _name(hdfs, path)
                waiting.remove(path)
            if waiting and time.monotonic() >= deadline:
                break
            if waiting:
                sleep(_AGAIN_S)
    except HdfsUnavailable as error:
        return Recovered(finished, [f"Not all that is open in HDFS could be finished. {error}"])
    return Recovered(finished, [f"{path} is still open." for path in sorted(waiting)])


def _abandoned(hdfs: Hdfs, writing: set[str], now_s: float, older_than_s: float) -> set[str]:
    """Flume renames a file even when it could not close it: one that is written under its last name is abandoned."""
    named_open = layout.open_files(hdfs)
    return {file.path for file in named_open if now_s - file.modified_ms / 1000 >= older_than_s} | (
        writing - {file.path for file in named_open}
    )


def _name(hdfs: Hdfs, path: str) -> bool:
    """Gives a closed file its last name; False if it is gone: Flume finished it itself."""
    if not layout.has_open_name(path):
        return True
    if not hdfs.exists(path):
        return False
    for attempt in range(_MOST_NAMES):
        if hdfs.rename(path, layout.final_name(path, attempt)):
            return True
    raise HdfsUnavailable(f"No name for {path} is free.")

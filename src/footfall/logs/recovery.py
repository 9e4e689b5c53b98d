"""Finishes the files that a killed Flume or an outage of HDFS left open: they hold the only copy of their lines.

Flume never touches these files again. The recovery asks HDFS to recover their leases, and then gives each file that
still has the name of an open file its final name. It overwrites nothing and deletes nothing.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.logs import layout

# HDFS needs one or two heartbeats of the DataNode for a lease recovery.
PATIENCE_S: Final = 30.0
_AGAIN_S: Final = 1.0
_MOST_NAMES: Final = 100

# Starts HDFS's lease recovery of a file, which takes the file away even from a living writer. Raises HdfsUnavailable.
RecoverLease = Callable[[str], None]


class Recovered(NamedTuple):
    """The result of a recovery. finished: the number of finished files. left: a sentence about each open file."""

    finished: int
    left: list[str]


def recover(
    hdfs: Hdfs,
    recover_lease: RecoverLease,
    now_s: float,
    older_than_s: float,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
    writer: str = "",
) -> Recovered:
    """Finishes the abandoned files, and waits up to `patience_s` for HDFS. It does not raise HdfsUnavailable.

    now_s: seconds since 1970. older_than_s: the minimum age of an open file: 0 while Flume is stopped, `ABANDONED_S`
    while it runs, since it may be writing the younger files. writer: the machine whose files alone are finished; empty:
    those of all.
    """
    finished = 0
    try:
        writing = hdfs.open_for_writing(layout.ROOT)
        waiting = _abandoned(hdfs, writing, now_s, older_than_s)
        if writer:
            waiting = {path for path in waiting if layout.writer(path) == writer}
        for path in sorted(waiting & writing):
            recover_lease(path)
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
        return Recovered(finished, [f"Some open log files in HDFS could not be finished. {error}"])
    return Recovered(finished, [f"{path} is still open." for path in sorted(waiting)])


def _abandoned(hdfs: Hdfs, writing: set[str], now_s: float, older_than_s: float) -> set[str]:
    """The paths of abandoned files. A file that is open under its final name is abandoned too: Flume renames a file
    even if it could not close it."""
    named_open = layout.open_files(hdfs)
    return {file.path for file in named_open if now_s - file.modified_ms / 1000 >= older_than_s} | (
        writing - {file.path for file in named_open}
    )


def _name(hdfs: Hdfs, path: str) -> bool:
    """Gives a closed file its final name. Returns False if it no longer exists because Flume finished it."""
    if not layout.has_open_name(path):
        return True
    if not hdfs.exists(path):
        return False
    for attempt in range(_MOST_NAMES):
        if hdfs.rename(path, layout.final_name(path, attempt)):
            return True
    raise HdfsUnavailable(f"All final names for {path} are taken.")

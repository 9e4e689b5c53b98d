"""Deletes what killed jobs left behind: staged tables in HDFS and temporary folders on this machine.

The same job of the same run deletes its own leftovers when it starts, so only those of runs that nobody repeats stay.
"""

import re
import shutil
import time
from pathlib import Path
from typing import Final

from footfall.hdfs import Hdfs
from footfall.lake.layout import Files
from footfall.settings import Settings
from footfall.warehouse.tables import ROOT

# No job may run that long.
_AGE_S: Final = 24 * 3600
# The folders that the clients of Spark, Pig, Sqoop and Mahout make with `tempfile`. Services have folders there, too.
_TEMPORARY: Final = re.compile(r"(?:events|pig|sqoop|mahout)-[a-z0-9_]{8}")


def sweep(settings: Settings) -> str:
    """Deletes leftovers that are older than a day. Raises HdfsUnavailable."""
    now_s = time.time()
    staged = sweep_staged(Hdfs(settings), now_s)
    return f"{staged} staged and {sweep_temporary(settings.run_dir / 'tmp', now_s)} temporary folders deleted"


def sweep_staged(files: Files, now_s: float) -> int:
    """Deletes old folders of staged tables; returns their number. now_s: since 1970. Raises HdfsUnavailable."""
    old = [one for one in files.list(f"{ROOT}/_staging") if one.modified_ms / 1000 < now_s - _AGE_S]
    return sum(files.delete(one.path) for one in old)


def sweep_temporary(folder: Path, now_s: float) -> int:
    """Deletes old temporary folders of clients in a folder; returns their number. now_s: since 1970."""
    old = [
        one
        for one in folder.glob("*-*")
        if _TEMPORARY.fullmatch(one.name) and one.is_dir() and one.stat().st_mtime < now_s - _AGE_S
    ]
    for one in old:
        shutil.rmtree(one, ignore_errors=True)
    return len(old)

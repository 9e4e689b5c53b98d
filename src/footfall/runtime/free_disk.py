"""Whether enough disk is free. The watchdog sets the mark of `disk_mark` while it is not."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from footfall.runtime.disk_mark import MARK
from footfall.settings import Settings

# Some ten times what the platform creates in a day. Without inodes, no file can be created however much space is free.
FEWEST_FILES: Final = 10_000
# The mark while enough is free. Renaming it needs neither space nor an inode, which a full disk would lack.
_SPARE: Final = "disk-ok"

log = logging.getLogger(__name__)


def shortage(folders: Iterable[Path], least_gib: float) -> str:
    """'' if every folder has enough free disk, else the beginning of a sentence about one. Raises OSError."""
    for folder in folders:
        found = os.statvfs(folder)
        free_gib = found.f_bavail * found.f_frsize / 2**30
        if free_gib < least_gib:
            return f"{free_gib:.1f} GiB of disk space is free at {folder}; {least_gib:.1f} GiB is needed"
        # Some file systems have no fixed number of inodes, and report none.
        if least_gib and found.f_files and found.f_favail < FEWEST_FILES:
            return f"{found.f_favail} more files can be created at {folder}; {FEWEST_FILES} are needed"
    return ""


def guard(settings: Settings) -> None:
    """Sets, renews or removes the mark. Raises OSError."""
    mark, spare = settings.run_dir / MARK, settings.run_dir / _SPARE
    reason = shortage(_folders(settings), settings.retention.free_disk_gib)
    if not reason:
        if mark.exists():
            log.warning("Enough disk space is free again.")
            mark.replace(spare)
        elif not spare.exists():
            spare.touch()
    elif mark.exists():
        os.utime(mark)
    else:
        log.warning("%s: visitors pause and collectors refuse events.", reason)
        if spare.exists():
            spare.replace(mark)
        mark.touch()


def forget(settings: Settings) -> None:
    """Removes the mark, because no watchdog will. Raises OSError."""
    (settings.run_dir / MARK).unlink(missing_ok=True)


def _folders(settings: Settings) -> list[Path]:
    """The folders whose disks fill up."""
    if settings.is_node:
        # The home itself is in memory, and its folders are volumes of one disk.
        return [settings.run_dir]
    grown = (settings.data_dir, settings.logs_dir, settings.spool_dir, settings.ledger_dir)
    return [settings.run_dir, *(folder for folder in grown if folder.exists())]

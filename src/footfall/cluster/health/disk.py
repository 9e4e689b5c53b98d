"""What the platform takes of the disk, and how much more each day."""

import shutil
import time
from pathlib import Path
from typing import NamedTuple

from footfall.settings import Settings

# Before that, what engines lay down once would be taken for what comes every day.
_FORETELLS_S = 3600.0


class Disk(NamedTuple):
    """GiB. a_day_gib: how much the data grew a day over the life of this home; None in its first hour."""

    free_gib: float
    data_gib: float
    a_day_gib: float | None

    @property
    def growth(self) -> str:
        """What is stored and what comes to it, for people."""
        stored = f"{self.data_gib:.2f} GiB"
        if self.a_day_gib is None:
            return stored
        return f"{stored}; about {self.a_day_gib:.2f} GiB a day since this home was made"


def disk(settings: Settings) -> Disk:
    """Looks at every file of data, logs, ledgers and spools."""
    home = settings.home if settings.home.exists() else settings.home.parent
    folders = [settings.data_dir, settings.logs_dir, settings.ledger_dir, settings.spool_dir]
    size = sum(_size(path) for folder in folders for path in folder.rglob("*")) / 2**30
    born = settings.data_dir.stat().st_ctime if settings.data_dir.exists() else time.time()
    first = min((p.stat().st_mtime for p in settings.data_dir.glob("kafka.cluster-id")), default=born)
    age_s = time.time() - first
    a_day = None if age_s < _FORETELLS_S else round(size / age_s * 86_400, 3)
    return Disk(round(shutil.disk_usage(home).free / 2**30, 1), round(size, 3), a_day)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0

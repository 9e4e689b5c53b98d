"""How much disk space the platform uses, and how fast that grows."""

import shutil
import time
from pathlib import Path
from typing import NamedTuple

from footfall.cluster import services
from footfall.settings import Settings

# On the first day, files that engines create only once, and a generated history, would dominate the estimate.
_ESTIMATE_AFTER_S = 86_400.0


class Disk(NamedTuple):
    """Disk space in GiB. a_day_gib: average growth per day since this home was created; None on its first day."""

    free_gib: float
    data_gib: float
    a_day_gib: float | None

    @property
    def growth(self) -> str:
        """A phrase with the size of the data and its daily growth."""
        stored = f"{self.data_gib:.2f} GiB"
        if self.a_day_gib is None:
            return stored
        return f"{stored}; about {self.a_day_gib:.2f} GiB per day since this home was created"


def disk(settings: Settings) -> Disk:
    """Measures the files in the data, logs, ledger and spool folders, and what services keep outside the home."""
    # In a container, the home itself is in memory, and its folders are volumes.
    home = next((path for path in (settings.run_dir, settings.home) if path.exists()), settings.home.parent)
    inside = [settings.data_dir, settings.logs_dir, settings.ledger_dir, settings.spool_dir]
    folders = [*inside, *services.outside(settings)]
    size = sum(_size(path) for folder in folders for path in folder.rglob("*")) / 2**30
    born = settings.data_dir.stat().st_ctime if settings.data_dir.exists() else time.time()
    first = min((p.stat().st_mtime for p in settings.data_dir.glob("kafka.cluster-id")), default=born)
    age_s = time.time() - first
    a_day = None if age_s < _ESTIMATE_AFTER_S else round(size / age_s * 86_400, 3)
    return Disk(round(shutil.disk_usage(home).free / 2**30, 1), round(size, 3), a_day)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0

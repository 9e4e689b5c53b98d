"""Records which services a running `up` is starting. The file is valid only while that process lives.

`status` and `doctor` read it to show these services as starting instead of stopped.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from footfall.settings import Settings

# Shown during the first `up`, while it has not recorded its services yet.
INSTALLING: Final = "`./footfall up` is still installing what is missing"


@contextmanager
def announced(settings: Settings, names: Iterable[str]) -> Iterator[None]:
    """Records, while the block runs, that this process is starting the named services. Raises OSError."""
    path = _path(settings)
    document = {"pid": os.getpid(), "started_s": psutil.Process().create_time(), "services": sorted(names)}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document), "utf-8")
    part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def services(settings: Settings) -> set[str]:
    """Names of the services that an `up` is starting right now; empty if no `up` is running."""
    try:
        document = json.loads(_path(settings).read_text("utf-8"))
        # The process id may have been reused by another process.
        if psutil.Process(document["pid"]).create_time() != document["started_s"]:
            return set()
        return {str(name) for name in document["services"]}
    except (OSError, ValueError, TypeError, LookupError, psutil.Error):
        return set()


def _path(settings: Settings) -> Path:
    return settings.run_dir / "under-way.json"

"""Which services an `up` that is at work brings up: a file that counts only while the process that wrote it lives.

For `status` and `doctor`: what such an `up` has not brought up yet is starting, and nothing is wrong with it.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from footfall.settings import Settings

# What is said of the first `up` before it has made its services known.
INSTALLING: Final = "`./footfall up` is at work and still installs what is missing"


@contextmanager
def announced(settings: Settings, names: Iterable[str]) -> Iterator[None]:
    """Says, while the block runs, that this process brings up the named services. Raises OSError."""
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
    """Names of the services that an `up` brings up right now; none if no `up` is at work."""
    try:
        document = json.loads(_path(settings).read_text("utf-8"))
        # A process id alone may be another process's by now.
        if psutil.Process(document["pid"]).create_time() != document["started_s"]:
            return set()
        return {str(name) for name in document["services"]}
    except (OSError, ValueError, TypeError, LookupError, psutil.Error):
        return set()


def _path(settings: Settings) -> Path:
    return settings.run_dir / "under-way.json"

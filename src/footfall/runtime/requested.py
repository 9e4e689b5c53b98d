"""The services that `up` was asked to start, stored in a file until `down`."""

import json
from collections.abc import Iterable

from footfall.settings import Settings

_FILE = "wanted.json"


def read(settings: Settings) -> list[str]:
    """The names of the services, as the version that ran `up` named them; empty after `down`."""
    try:
        return [str(name) for name in json.loads((settings.run_dir / _FILE).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def write(settings: Settings, names: Iterable[str]) -> None:
    """Stores the names. Raises OSError."""
    (settings.run_dir / _FILE).write_text(json.dumps(sorted(names)), "utf-8")


def forget(settings: Settings) -> None:
    """Deletes the names. Raises OSError."""
    (settings.run_dir / _FILE).unlink(missing_ok=True)

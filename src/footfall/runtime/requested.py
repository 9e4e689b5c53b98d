"""Which services the last `up` was to bring up: a small file that outlives its process."""

import json
from collections.abc import Iterable

from footfall.settings import Settings

_FILE = "wanted.json"


def read(settings: Settings) -> list[str]:
    """Their names, as the release that ran `up` called them; none after `down`."""
    try:
        return [str(name) for name in json.loads((settings.run_dir / _FILE).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def write(settings: Settings, names: Iterable[str]) -> None:
    """Remembers them. Raises OSError."""
    (settings.run_dir / _FILE).write_text(json.dumps(sorted(names)), "utf-8")


def forget(settings: Settings) -> None:
    """Nothing is wanted any more. Raises OSError."""
    (settings.run_dir / _FILE).unlink(missing_ok=True)

"""Flume's read positions in the sites' logs, from the position file of its TAILDIR source.

In a cluster each site has a Flume of its own. What asks for all positions then finds each one's folder below Flume's.

A position advances only after the lines before it are on disk in Flume's channel. Flume overwrites the file in place
every second, so a reader may find it empty or half written.
"""

import json
import time
from pathlib import Path
from typing import Final

from footfall.settings import Settings

_TRIES: Final = 5
_AGAIN_S: Final = 0.2


def position_file(settings: Settings) -> Path:
    """The path of Flume's position file; Flume's configuration template names the same path."""
    return settings.data_dir / "flume" / "positions.json"


def read_positions(settings: Settings) -> dict[str, int]:
    """The bytes read of each log file, by path; empty if Flume never ran or the position files stay unreadable."""
    own = position_file(settings)
    return {
        name: read for path in (own, *sorted(own.parent.glob(f"*/{own.name}"))) for name, read in _read(path).items()
    }


def _read(path: Path) -> dict[str, int]:
    for _ in range(_TRIES):
        try:
            entries = json.loads(path.read_text("utf-8"))
            return {str(entry["file"]): int(entry["pos"]) for entry in entries}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError):
            time.sleep(_AGAIN_S)
    return {}


def unread_bytes(path: Path, positions: dict[str, int]) -> int:
    """The bytes of a log file that Flume has not read; all of them if Flume does not know the file. Raises OSError."""
    return max(0, path.stat().st_size - positions.get(str(path), 0))

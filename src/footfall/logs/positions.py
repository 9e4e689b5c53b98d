"""How far Flume has read the sites' logs: the position file of its TAILDIR source.

A position moves on only after the lines up to it are on disk in Flume's channel. Flume writes the file anew each
second, in place: at an instant it may be empty or half written.
"""

import json
import time
from pathlib import Path
from typing import Final

from footfall.settings import Settings

_TRIES: Final = 5
_AGAIN_S: Final = 0.2


def position_file(settings: Settings) -> Path:
    """Where Flume keeps its positions; its template says the same."""
    return settings.data_dir / "flume" / "positions.json"


def read_positions(settings: Settings) -> dict[str, int]:
    """Bytes read of each log file, by its path; nothing if Flume never ran, or if the file stays unreadable."""
    for _ in range(_TRIES):
        try:
            entries = json.loads(position_file(settings).read_text("utf-8"))
            return {str(entry["file"]): int(entry["pos"]) for entry in entries}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError):
            time.sleep(_AGAIN_S)
    return {}


def unread_bytes(path: Path, positions: dict[str, int]) -> int:
    """How much of a log file Flume has not read; all of it if Flume does not know the file. Raises OSError."""
    return max(0, path.stat().st_size - positions.get(str(path), 0))

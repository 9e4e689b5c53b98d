"""What `verify` asks of a store: to wait for the cut, to compare itself with Kafka, to sum itself up."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from footfall.verification.cut import Cut
from footfall.verification.events_scan import EventsCheck
from footfall.verification.findings import Findings
from footfall.verification.patience import Patience, Say
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.report import Tally


class Comparison(NamedTuple):
    """What all stores of one report share. first_hour: the first that is compared, since 1970; say: takes progress."""

    cut: Cut
    first_hour: int
    findings: Findings
    tally: Tally
    say: Say


class Store:
    """One store of events, to be subclassed. Its methods are called once each, in the order in which they stand here.

    name: its part of the report and of the problems; two stores may share one.
    Each method may raise EngineUnavailable: then there is no report.
    """

    name: str

    def begin(self, at_ms: int, patience: Patience) -> None:
        """Does what belongs before Kafka's ends are taken. at_ms: the cut's time T."""

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until the store holds everything before the cut, or patience is over, and says meanwhile what lags."""

    def kept_from_hour(self) -> int:
        """The first hour (since 1970) that the store still holds whole; 0 if nothing of it is ever swept.

        The report begins no earlier.
        """
        return 0

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reads what the store holds, and names what is wrong with it by itself.

        The checks returned then see the records of Kafka, partition by partition.
        """
        return ()

    def summarise(self) -> Mapping[str, Any]:
        """The store's totals at the cut, for the report; with `compared`, and with `reason` if that is false."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the store's connections; called in any case, last."""


class NotCompared(Store):
    """A store that is no part of what `up` started."""

    def __init__(self, name: str) -> None:
        self.name = name

    def summarise(self) -> Mapping[str, Any]:
        """Says why."""
        return {"compared": False, "reason": "not part of this profile"}

"""The interface of a store: it waits for the cut, compares itself with Kafka, and summarises itself."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from footfall.verification.cut import Cut
from footfall.verification.events_scan import EventsCheck
from footfall.verification.findings import Findings
from footfall.verification.patience import Patience, Say
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.report import Tally


class Comparison(NamedTuple):
    """The objects that all stores of one report share.

    first_hour: the first hour that is compared, since 1970. say: receives progress messages.
    """

    cut: Cut
    first_hour: int
    findings: Findings
    tally: Tally
    say: Say


class Store:
    """Base class of a store of events. `verify` calls each method once, in the order of their definition.

    name: its name in the report and in problems; two stores may share one.
    Each method may raise EngineUnavailable; then there is no report.
    """

    name: str

    def begin(self, at_ms: int, patience: Patience) -> None:
        """Does the work that must happen before Kafka's ends are read. at_ms: the cut's time T."""

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until the store holds everything before the cut, or until the patience is over."""

    def kept_from_hour(self) -> int:
        """The first hour (since 1970) that the store still holds completely; 0 if nothing is ever deleted from it.

        The report begins no earlier.
        """
        return 0

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reads the store, and reports problems that need no comparison.

        The returned checks then get the records of Kafka, partition by partition.
        """
        return ()

    def summarise(self) -> Mapping[str, Any]:
        """The store's totals at the cut, for the report, with `compared`, and with `reason` if that is false."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes the store's connections. Always called, as the last method."""


class NotCompared(Store):
    """A store that `up` did not start."""

    def __init__(self, name: str) -> None:
        self.name = name

    def summarise(self) -> Mapping[str, Any]:
        """The reason why it is not compared."""
        return {"compared": False, "reason": "not part of this profile"}

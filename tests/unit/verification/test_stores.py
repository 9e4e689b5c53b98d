"""The compared stores depend on what `up` started; adding a store to the list is enough to compare it."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from footfall.runtime import requested
from footfall.settings import Settings
from footfall.verification.events_scan import EventRecord, EventsCheck
from footfall.verification.findings import StoreFindings
from footfall.verification.patience import Patience
from footfall.verification.reconcile import reconcile, take_cut
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.report import Report
from footfall.verification.stores import stores_of
from footfall.verification.stores.store import Comparison, NotCompared, Store
from tests.unit.verification.world import World, made_world, newest


@pytest.mark.parametrize(
    ("services", "left_out"),
    [
        ([], {"logs", "archive", "hive", "learning"}),
        (["flume"], {"archive", "hive", "learning"}),
        (["spark-streaming"], {"logs", "hive", "learning"}),
        (["flume", "spark-streaming", "site-shop"], {"hive", "learning"}),
    ],
)
def test_started_stores_are_compared_and_the_rest_is_listed(
    tmp_path: Path, services: list[str], left_out: set[str]
) -> None:
    settings = Settings(home=tmp_path)
    settings.run_dir.mkdir()
    requested.write(settings, services)
    stores = stores_of(settings, None)
    assert {store.name for store in stores} == {"ledger", "kafka", "live", "logs", "archive", "hive", "learning"}
    assert {store.name for store in stores if isinstance(store, NotCompared)} == left_out
    for store in stores:
        if isinstance(store, NotCompared):
            assert store.summarise() == {"compared": False, "reason": "not part of this profile"}
        store.close()


class TableStore(Store):
    """An example of a new store: a set of identities that must contain every identity in Kafka."""

    name = "table"

    def __init__(self, held: set[str]) -> None:
        self._held = held
        self.steps: list[str] = []

    def begin(self, at_ms: int, patience: Patience) -> None:
        self.steps.append("begin")

    def await_cut(self, cut: Any, patience: Patience) -> None:
        self.steps.append("await_cut")

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        self.steps.append("compare")
        return (_TableCheck(self._held, comparison.findings.of(self.name, {"lacking": "{n} events are lacking."})),)

    def summarise(self) -> Mapping[str, Any]:
        self.steps.append("summarise")
        return {"compared": True, "rows": len(self._held)}


class _TableCheck(EventsCheck):
    def __init__(self, held: Container[str], findings: StoreFindings) -> None:
        self._held, self._findings = held, findings

    def first(self, event: EventRecord) -> None:
        if event.name not in self._held:
            self._findings.add("lacking", event.stored.app_id, event.hour, event.name)


def report_with(world: World, store: Store) -> Report:
    stores = [*world.stores(), store]
    cut = take_cut(world.log, world.log.topics, stores, world.at_ms, lambda: Patience(0, str))
    return reconcile(world.log, stores, cut, Settings().retention, None)


def test_a_new_store_needs_only_its_place_in_the_list() -> None:
    world = made_world()
    seen: set[str] = set()
    everything = TableStore(seen)
    report = report_with(world, everything)
    assert everything.steps == ["begin", "await_cut", "compare", "summarise"]
    lacking = [problem for problem in report.problems if problem.store == "table"]
    assert sum(problem.count for problem in lacking) == report.stores["kafka"]["events"] == 85
    assert report.stores["table"] == {"compared": True, "rows": 0}
    seen |= {name for problem in lacking for name in problem.ids}
    assert report_with(world, TableStore(seen)).problems == []
    gone = newest(world)
    seen.remove(f"{gone['session_id']}/{gone['event_id']}")
    (problem,) = report_with(world, TableStore(seen)).problems
    assert (problem.store, problem.kind, problem.detail) == ("table", "lacking", "1 events are lacking.")
    assert problem.ids == (f"{gone['session_id']}/{gone['event_id']}",)

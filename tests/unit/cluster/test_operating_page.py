"""The pages of docs/operating/ describe services, profiles and retention as the code has them."""

import re

import pytest

from footfall.cluster.health import preflight
from footfall.cluster.service import Service
from footfall.cluster.services import PROFILES, SERVICES
from footfall.cluster.supervision import sweeps
from footfall.settings import REPOSITORY, HeapsMb, Ports, Retention

# The heap of the step is that of its worker. Spark's driver has its executor's heap in addition to its own.
_HEAPS = {"topology": ("storm_worker",), "spark-streaming": ("spark_streaming", "spark_executor")}
_PAGE = "\n".join(
    (REPOSITORY / "docs" / "operating" / name).read_text("utf-8")
    for name in ("services-and-memory.md", "retention-and-disk.md")
)
_ROWS = {
    cells[0].strip("`"): cells
    for line in _PAGE.splitlines()
    if line.startswith("| ") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_page_lists_each_service_with_its_ports_and_heap(service: Service) -> None:
    _, engine, ports, heap, reason, health = _ROWS[service.name]
    assert engine == service.engine
    assert ports == ", ".join(str(Ports().model_dump()[name]) for name in service.ports)
    heaps = HeapsMb().model_dump()
    told = [str(heaps[name]) for name in _HEAPS.get(service.name, (service.name.replace("-", "_"),)) if name in heaps]
    assert heap == ", ".join(told)
    assert bool(reason) == bool(heap)
    assert health


def test_the_page_lists_every_heap() -> None:
    numbers = [number for cells in _ROWS.values() if len(cells) == 6 for number in cells[3].split(", ")]
    told = {int(number) for number in numbers if number.isdigit()}
    assert told == set(HeapsMb().model_dump().values())


def test_the_page_lists_profiles_with_their_memory() -> None:
    for profile, names in PROFILES.items():
        cells = next(cells for name, cells in _ROWS.items() if name.split()[0].strip("`") == profile)
        others = [name for name in PROFILES["full"] if name not in names]
        assert cells[1] in ("all" if not others else ", ".join(names), f"all but {', '.join(others)}")
        assert cells[2] == f"{preflight.NEEDED_MEMORY_GIB[profile]:g} GiB"


def test_the_page_lists_the_retention() -> None:
    section = _PAGE.partition("## Retention")[2].partition("\n## ")[0]
    told = {name.rpartition(".")[2]: float(value) for name, value in re.findall(r"`([\w.]+)` \((\d+)\)", section)}
    assert told == {name: float(value) for name, value in Retention().model_dump().items()}


def test_the_page_lists_every_sweep_with_its_interval() -> None:
    words = {6 * 3600: "every 6 h", 3600: "hourly", 600: "every 10 min", 240: "every 4 min"}
    kept_by = [cells[2] for cells in _ROWS.values() if len(cells) == 3 and cells[2].startswith("the watchdog, ")]
    assert sorted(kept_by) == sorted(f"the watchdog, {words[int(sweep.every_s)]}" for sweep in sweeps.SWEEPS)

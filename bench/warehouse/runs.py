"""Times days through Airflow, and the platform's memory meanwhile: `python -m bench.warehouse.runs --from D --to D`."""

import argparse
import json
import threading
from datetime import date, timedelta
from typing import Any

import psutil

from footfall.cluster.supervision import run as supervision
from footfall.settings import Settings
from footfall.workflows.client import Airflow
from footfall.workflows.follow import trigger_and_follow

_LOOK_S = 5.0


def main() -> None:
    """Prints one JSON document: the last day alone, then all days as one range."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    asked = parser.parse_args()
    settings = supervision.recall()
    days = [asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)]
    spans = {"1 day": days[-1:]} | ({f"{len(days)} days": days} if len(days) > 1 else {})
    print(json.dumps({name: _measured(settings, span) for name, span in spans.items()}, indent=1))


def _measured(settings: Settings, days: list[date]) -> dict[str, Any]:
    memory = _Memory(settings)
    memory.start()
    outcome = trigger_and_follow(settings, days, lambda _: None)
    memory.stop.set()
    memory.join()
    tasks = Airflow(settings).tasks(outcome.workflow, outcome.run)
    return {
        "succeeded": outcome.succeeded,
        "seconds": round(outcome.seconds, 1),
        "tasks": {task.name: round(task.seconds or 0, 1) for task in tasks},
        "memory_mib": memory.largest_mib,
    }


class _Memory(threading.Thread):
    """Adds up the memory of all processes of the platform every few seconds."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.largest_mib = 0
        self._mark = str(settings.home)

    def run(self) -> None:
        while not self.stop.wait(_LOOK_S):
            self.largest_mib = max(self.largest_mib, sum(map(self._mib, psutil.process_iter())))

    def _mib(self, process: psutil.Process) -> int:
        try:
            if process.environ().get("FOOTFALL_MARK") != self._mark:
                return 0
            return int(process.memory_full_info().pss) >> 20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return 0


if __name__ == "__main__":
    main()

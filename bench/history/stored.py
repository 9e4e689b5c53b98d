"""Measures how fast days are generated and stored on a running platform.

Run it with `PYTHONPATH=src:. python -m bench.history.stored`.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
from typing import Any

from bench.live.processes import cpu_between, cpu_seconds, running
from bench.live.rest import paused, stopped
from bench.stream.catch_up import SERVICE as DRIVER
from footfall.cluster.supervision.run import recall
from footfall.settings import Settings


def main() -> None:
    """Parses the arguments and prints the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--events-per-day", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--nobody-reads", action="store_true", help="pause Storm and stop the streaming driver")
    asked = parser.parse_args()
    settings = recall()
    if not asked.nobody_reads:
        print(json.dumps(measured(settings, asked), indent=2))
        return
    with stopped(settings, "watchdog", DRIVER), paused(settings):
        print(json.dumps(measured(settings, asked), indent=2))


def measured(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    """Runs the command; returns its figures and the processor time of the platform's processes meanwhile."""
    verb = [sys.executable, "-m", "footfall", "history", "--json", "--days", str(asked.days)]
    verb += ["--events-per-day", str(asked.events_per_day), "--seed", str(asked.seed)]
    before = cpu_seconds(running(settings))
    ran = subprocess.run(verb, env=os.environ, stdout=subprocess.PIPE, check=True)
    after = cpu_seconds(running(settings))
    # The command has waited for its own processes, so their times are included.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    made: dict[str, Any] = json.loads(ran.stdout)
    return {
        "events": made["events"],
        "log_lines": sum(day["log_lines"] for day in made["days"]),
        "seconds": made["seconds"],
        "events_per_s": made["events_per_s"],
        "makers_cpu_us_an_event": round((used.ru_utime + used.ru_stime) / made["events"] * 1e6, 1),
        "cpu_s": cpu_between(before, after),
    }


if __name__ == "__main__":
    main()

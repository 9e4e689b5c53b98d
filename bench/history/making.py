"""Measures how fast one core generates days, without any engine.

Run it with `PYTHONPATH=src:. python -m bench.history.making [--profile]`.
"""

import argparse
import cProfile
import gc
import json
import pstats
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from footfall.history.day import DayMaker
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite

FIRST = date(2026, 10, 5)
# The same values as in a worker process.
GC_THRESHOLDS = (100_000, 50, 100)


def measure(settings: Settings, app: DemoSite, events_per_day: int, warm: int, days: int) -> dict[str, float]:
    """Generates days of one site: first `warm` days as a warm-up, then the days that are measured."""
    maker = DayMaker(settings, app, events_per_day)
    begun = time.process_time()
    first = [maker.make(FIRST + timedelta(days=n)) for n in range(warm)]
    warmed = time.process_time()
    events = lines = 0
    for number in range(warm, warm + days):
        made = maker.make(FIRST + timedelta(days=number))
        events += len(made.events)
        lines += len(made.lines)
    used = time.process_time() - warmed
    maker.close()
    return {
        "events": events,
        "log_lines": lines,
        "events_per_s": round(events / used),
        "cpu_us_an_event": round(used / events * 1e6, 1),
        "first_cpu_us_an_event": round((warmed - begun) / max(1, sum(len(day.events) for day in first)) * 1e6, 1),
    }


def main() -> None:
    """Parses the arguments and prints the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--warm", type=int, default=3)
    parser.add_argument("--events-per-day", type=int, default=50_000)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    gc.set_threshold(*GC_THRESHOLDS)
    profile = cProfile.Profile() if asked.profile else None
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), seed=7)
        if profile is not None:
            profile.enable()
        sites = {app: measure(settings, app, asked.events_per_day, asked.warm, asked.days) for app in DEMO_SITES}
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    events = sum(site["events"] for site in sites.values())
    used_us = sum(site["events"] * site["cpu_us_an_event"] for site in sites.values())
    print(json.dumps({**sites, "all": {"events": events, "cpu_us_an_event": round(used_us / events, 1)}}, indent=2))


if __name__ == "__main__":
    main()

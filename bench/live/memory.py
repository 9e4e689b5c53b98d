"""Reports the memory of the running platform: `PYTHONPATH=src:. python -m bench.live.memory [--json]`.

It reads the PSS of each process from `/proc/PID/smaps_rollup`. Shared pages are divided among the processes that map
them, so the sum is the memory that stopping the platform would free. Linux only.
"""

import argparse
import json

from bench.live.processes import pss_mib, running
from footfall.cluster.supervision.run import recall
from footfall.settings import Settings


def memory(settings: Settings) -> dict[str, float]:
    """PSS in MiB of each process of the platform, the largest first."""
    found = {name: round(pss_mib(process), 1) for name, process in running(settings).items()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pss = memory(recall())
    if options.json:
        print(json.dumps({"pss_mib": pss, "sum_mib": round(sum(pss.values()), 1)}))
        return
    for name, mib in pss.items():
        print(f"{mib:>8.1f} MiB  {name}")
    print(f"{sum(pss.values()):>8.1f} MiB  in all")


if __name__ == "__main__":
    main()

"""What the running platform holds in memory: `PYTHONPATH=src:. python -m bench.live.memory [--json]`.

PSS of each process, from the kernel's `/proc/PID/smaps_rollup`: pages that several processes map count in parts, so
the sum is what the machine would get back. Linux only.
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
    held = memory(recall())
    if options.json:
        print(json.dumps({"pss_mib": held, "sum_mib": round(sum(held.values()), 1)}))
        return
    for name, mib in held.items():
        print(f"{mib:>8.1f} MiB  {name}")
    print(f"{sum(held.values()):>8.1f} MiB  in all")


if __name__ == "__main__":
    main()

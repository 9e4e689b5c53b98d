"""The idle memory and processor use of a part of the platform: `PYTHONPATH=src:. python -m bench.stream.standing`.

It measures a running platform without visitors (`FOOTFALL_VISITORS_PER_SITE=0`): the memory (PSS) at the end of
`--seconds`, and the processor time over all of them. The part `streams` is HDFS, Flume, YARN and Spark (driver,
application master, executor). HDFS also serves HBase, but counts here in full. The part `batch` is PostgreSQL, Hive and
Airflow with their children, and YARN's history of jobs. Run it an hour after the start, when all one-time work is done.
Linux only.
"""

import argparse
import json
import time

from bench.live.processes import cpu_between, cpu_seconds, pss_mib, running
from footfall.cluster.supervision.run import recall

# What the names of a part's services and processes begin with.
PARTS = {
    "streams": ("namenode", "datanode", "flume", "yarn-", "spark"),
    "batch": ("postgres", "hive-", "airflow-", "yarn-jobhistory"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--part", choices=PARTS, default="streams")
    options = parser.parse_args()
    processes = running(recall())
    heads = {one.pid for name, one in processes.items() if name.startswith(PARTS[options.part])}
    parts = {
        name: one
        for name, one in processes.items()
        if one.pid in heads or heads & {parent.pid for parent in one.parents()}
    }
    before, began_s = cpu_seconds(parts), time.monotonic()
    time.sleep(options.seconds)
    used, seconds = cpu_between(before, cpu_seconds(parts)), time.monotonic() - began_s
    held = {name: round(pss_mib(process), 1) for name, process in parts.items()}
    report = {
        "pss_mib": round(sum(held.values())),
        "cores": round(sum(used.values()) / seconds, 3),
        "pss_mib_by_process": dict(sorted(held.items(), key=lambda item: -item[1])),
        "cores_by_process": {name: round(cpu_s / seconds, 3) for name, cpu_s in used.items()},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

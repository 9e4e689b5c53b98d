"""How long the live figures are late when a node of a running cluster dies, and whether anything is lost.

    PYTHONPATH=src:. python -m bench.cluster.kills [--nodes kafka-1,…] [--fault kill|pause|partition] [--lasts-s 75]

Each node in turn is killed, stays dead for a while, and is healed; `pause` freezes it and `partition` cuts it off
instead. A process on the node of the command line asks every second how old the live figures are. The result has for
each node:

- late_s: seconds from the fault until the figures were current again, that is at most FRESH_S old, and stayed so until
  the node was healed. 0: they were never older. None: they were not current before that, so the node has to come back.
- oldest_s: the greatest age of the figures, s.
- healed_s: seconds from `heal` until the node was healthy and the figures were current.

At the end, `verify` compares all stores.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from footfall.cluster.containers import docker, lifecycle
from footfall.settings import Settings, load_settings

# Does something to a node of the cluster.
Fault = Callable[[Settings, str], None]

FRESH_S: Final = 5.0
_PATIENCE_S: Final = 300.0
_FAULTS: Final[dict[str, Fault]] = {
    "kill": lifecycle.kill,
    "pause": lifecycle.pause,
    "partition": lifecycle.partition,
}
_NODES: Final = (
    "zookeeper-1,zookeeper-2,zookeeper-3,kafka-1,kafka-2,kafka-3,datanode-1,datanode-2,hbase-master-1,"
    "hbase-regionserver-1,hbase-regionserver-2,hbase-thrift,storm-nimbus,storm-supervisor-1,storm-supervisor-2"
)
_SAMPLER: Final = """
import sys, time
from footfall.realtime.lag import lag
from footfall.settings import load_settings
settings = load_settings()
while True:
    began = time.time()
    try:
        age = lag(settings).age_s
    except Exception:
        age = None
    print(time.time(), "" if age is None else age, flush=True)
    time.sleep(max(0.0, 1.0 - (time.time() - began)))
"""


class Sampler:
    """Asks on a node of the cluster for the age of the live figures, once a second."""

    def __init__(self, settings: Settings) -> None:
        node = docker.find(settings, "cli")
        self._process = subprocess.Popen(
            docker.on_node(node, [docker.PYTHON, "-c", _SAMPLER], False), stdout=subprocess.PIPE, text=True
        )
        # Seconds since the epoch, and the age in s; None if HBase or Kafka did not answer.
        self.samples: list[tuple[float, float | None]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, _, age = line.strip().partition(" ")
            self.samples.append((float(at), float(age) if age else None))

    def end(self) -> None:
        """Ends the process."""
        self._process.terminate()

    def stale(self, since_s: float, until_s: float) -> list[tuple[float, float | None]]:
        """The samples of a time in which the figures were not current."""
        return [(at, age) for at, age in self.samples if since_s <= at <= until_s and (age is None or age > FRESH_S)]

    def await_current(self, within_s: float) -> None:
        """Waits until the figures have been current for ten samples. Raises TimeoutError."""
        until = time.time() + within_s
        while time.time() < until:
            last = self.samples[-10:]
            if len(last) == 10 and all(age is not None and age <= FRESH_S for _, age in last):
                return
            time.sleep(0.5)
        raise TimeoutError(f"the live figures are not current after {within_s:.0f} s")


def disturb(settings: Settings, sampler: Sampler, fault: Fault, name: str, lasts_s: float) -> dict[str, Any]:
    """Does `fault` to a node, and heals it after `lasts_s` seconds. Returns its row of the result.

    Raises TimeoutError if the node is not healthy, or the figures are not current, five minutes later.
    """
    sampler.await_current(_PATIENCE_S)
    began = time.time()
    fault(settings, name)
    time.sleep(lasts_s)
    healed = time.time()
    lifecycle.heal(settings)
    while not docker.find(settings, name).is_well:
        if time.time() - healed > _PATIENCE_S:
            raise TimeoutError(f"{name} is not healthy after {_PATIENCE_S} s")
        time.sleep(1)
    sampler.await_current(_PATIENCE_S)
    stale = sampler.stale(began, healed)
    ages = [age for at, age in sampler.samples if at >= began and age is not None]
    late = stale[-1][0] - began if stale else 0.0
    return {
        "node": name,
        "fault": fault.__name__,
        "late_s": None if late > lasts_s - 10 else round(late, 1),
        "oldest_s": round(max(ages), 1),
        "healed_s": round(time.time() - healed - 10, 1),
    }


def main() -> int:
    """Prints a JSON line for each node, and `verify`'s last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", default=_NODES)
    parser.add_argument("--fault", choices=_FAULTS, default="kill")
    parser.add_argument("--lasts-s", type=float, default=75.0)
    options = parser.parse_args()
    settings = load_settings()
    sampler = Sampler(settings)
    try:
        for name in options.nodes.split(","):
            print(json.dumps(disturb(settings, sampler, _FAULTS[options.fault], name, options.lasts_s)), flush=True)
    finally:
        sampler.end()
    return subprocess.run(docker.inside(settings, ["verify"], False), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

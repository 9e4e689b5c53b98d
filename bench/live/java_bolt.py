"""Runs the counting bolt in Java (`bench/live/stormtwin`) in Storm for one measurement, in place of our topology.

Storm has one worker slot, so our topology is stopped first and deployed again afterwards. The twin has its own consumer
group, and its own tables, which are created before and dropped afterwards.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import happybase

from footfall import names
from footfall.realtime import deploy, tables, topology
from footfall.realtime.store import HBaseStore
from footfall.runtime.environment import child_environment
from footfall.runtime.java import java_home
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

PROJECT: Final = Path(__file__).with_name("stormtwin")
NAME: Final = "footfall-java-bolt"
PREFIX: Final = "twin_"
TABLE_PROGRESS: Final = PREFIX + names.TABLE_PROGRESS
_WITHIN_S: Final = 90
_LOOK_S: Final = 0.5


def build(settings: Settings) -> None:
    """Compiles the twin against the topology's jar."""
    command = ["mvn", "-q", "-B", "package", f"-Dtopology.jar={topology.jar_path(settings)}"]
    # Standard output belongs to the report.
    subprocess.run(command, cwd=PROJECT, check=True, stdout=sys.stderr)


@contextmanager
def paused(settings: Settings, group: str, heap_mb: int) -> Iterator[Callable[[], None]]:
    """Submits the twin with a paused spout and waits until its executors run; yields a function that starts counting.

    It begins at the offsets that `group` has committed. Our topology is deployed again afterwards.
    """
    order = threading.Thread(target=deploy._control, args=(settings, "activate", NAME))
    deploy.stop(settings)
    try:
        _make_tables(settings)
        _submit(settings, group, heap_mb)
        topology_id = _await_executors(settings)
        # In a thread, since the command returns only a second after counting has begun.
        yield order.start
        order.join()
        deploy._control(settings, "kill", NAME, "0", str(_WITHIN_S), timeout_s=_WITHIN_S * 2)
        deploy._await_gone(settings.home, topology_id)
    finally:
        # After an error the twin may still run. A second kill does nothing.
        deploy._control(settings, "kill", NAME, "0", str(_WITHIN_S), timeout_s=_WITHIN_S * 2)
        with _hbase(settings) as connection:
            _drop_tables(connection)
        deploy.deploy(settings)


def totals(settings: Settings, prefix: str = "") -> Counter[str]:
    """The totals of the rows by site, page (with entries and exits) and country (with page views of cities)."""
    store = HBaseStore(settings)
    found: Counter[str] = Counter()
    for app in DEMO_SITES:
        for dimension in ("app", "page", "country"):
            start = f"{app}\0{dimension}\0".encode()
            for _, cells in store.scan(prefix + names.TABLE_MINUTE_METRICS, start, start[:-1] + b"\1"):
                for counts in (tables.decode_counts(cell) for at, cell in cells.items() if at.startswith(b"f:e")):
                    if dimension == "app":
                        found["events"] += counts.people.events + counts.bots.events
                        found["page_views"] += counts.people.page_views + counts.bots.page_views
                    found["entries"] += counts.entries
                    found["exits"] += counts.exits
                    found["views from cities"] += sum((counts.cities or {}).values())
    store.close()
    return found


def definition(settings: Settings, group: str, heap_mb: int) -> dict[str, Any]:
    """The input of `footfall.live.TwinTopology`: our definition with another bolt and its worker settings."""
    ours = topology.definition(settings)
    partitions = {names.TOPIC_EVENTS: settings.events_partitions}
    class_path = [f"{PROJECT}/target/classes", f"{PROJECT}/target/lib/*", f"{settings.install}/jars/hbase/lib/*"]
    # Its bolts are in the worker, so it needs more heap than ours. Storm's own options ask for the serial collector.
    options = f"-Xms{heap_mb}m -Xmx{heap_mb}m -Xmn{heap_mb // 2}m -XX:-UseSerialGC -XX:+UseParallelGC"
    options += " -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true"
    # HBase's client would otherwise copy byte by byte.
    options += " --add-opens=java.base/java.nio=ALL-UNNAMED"
    return {
        "name": NAME,
        "config": {
            **ours["config"],
            "topology.worker.childopts": options,
            # Behind Storm's own jars and the topology's.
            "topology.classpath": class_path,
        },
        "spout": {
            **ours["spout"],
            "topics": partitions,
            "consumer": {**ours["spout"]["consumer"], "group.id": group, "client.id": group},
        },
        "bolt": {
            "tasks": ours["bolt"]["tasks"],
            "table_prefix": PREFIX,
            "hbase": {
                "hbase.zookeeper.quorum": "127.0.0.1",
                "hbase.zookeeper.property.clientPort": str(settings.port("zookeeper")),
            },
        },
    }


def _submit(settings: Settings, group: str, heap_mb: int) -> None:
    defined = definition(settings, group, heap_mb)
    path = deploy._conf_dir(settings) / f"{NAME}.json"
    path.write_text(json.dumps(defined, indent=1))
    jar = topology.jar_path(settings)
    options = {"nimbus.seeds": ["127.0.0.1"], "nimbus.thrift.port": settings.port("storm_nimbus")}
    command = [str(java_home(settings) / "bin" / "java"), "-Xmx128m", "-Djava.net.preferIPv4Stack=true"]
    command += [f"-Dstorm.jar={jar}", f"-Dstorm.options={deploy.storm_options(options)}"]
    class_path = [f"{settings.install}/jars/storm/lib/*", str(jar), *defined["config"]["topology.classpath"]]
    command += ["-cp", ":".join(class_path), "footfall.live.TwinTopology", str(path)]
    try:
        done = subprocess.run(command, env=child_environment(settings), capture_output=True, text=True, timeout=120)
    finally:
        path.unlink()
    if done.returncode != 0:
        raise SystemExit(f"Storm refused the twin: {done.stderr[-2000:]}")


def _await_executors(settings: Settings) -> str:
    """Waits until all executors run; returns the topology's id. `await` would wait for an active topology."""
    until_s = time.monotonic() + _WITHIN_S
    while time.monotonic() < until_s:
        for entry in json.loads(deploy._control(settings, "list")):
            if entry["name"] == NAME and entry["running"] == entry["executors"] > 0:
                return str(entry["id"])
        time.sleep(_LOOK_S)
    raise SystemExit(f"The twin does not run after {_WITHIN_S} s; see `./footfall logs storm-supervisor`.")


@contextmanager
def _hbase(settings: Settings) -> Iterator[Any]:
    connection = happybase.Connection("127.0.0.1", settings.port("hbase_thrift"), timeout=60_000)
    try:
        yield connection
    finally:
        connection.close()


def _make_tables(settings: Settings) -> None:
    with _hbase(settings) as connection:
        _drop_tables(connection)
        for name in names.LIVE_TABLES:
            connection.create_table(PREFIX + name, tables.FAMILIES)


def _drop_tables(connection: Any) -> None:
    for name in connection.tables():
        if name.decode().startswith(PREFIX):
            connection.delete_table(name, disable=True)

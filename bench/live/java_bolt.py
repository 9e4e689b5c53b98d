"""The counting bolt in Java (`bench/live/stormtwin`) brought into Storm for one measurement, in our topology's place.

Storm has one worker's slot, so our topology is stopped meanwhile and deployed again afterwards. The twin reads by a
consumer group of its own, and counts into tables of its own, which are made for it and dropped.
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

PROJECT: Final = Path(__file__).with_name("stormtwin")
NAME: Final = "footfall-java-bolt"
PREFIX: Final = "twin_"
TABLE_PROGRESS: Final = PREFIX + names.TABLE_PROGRESS
_WITHIN_S: Final = 90
_LOOK_S: Final = 0.5


def build(settings: Settings) -> None:
    """Compiles the twin against the topology's jar."""
    command = ["mvn", "-q", "-B", "package", f"-Dtopology.jar={topology.jar_path(settings)}"]
    # Its standard output is the report's.
    subprocess.run(command, cwd=PROJECT, check=True, stdout=sys.stderr)


@contextmanager
def paused(settings: Settings, group: str, heap_mb: int) -> Iterator[Callable[[], None]]:
    """The twin with all its executors at work and its spout paused; call what is given to let it count.

    It begins where `group` has committed. Our topology runs again afterwards.
    """
    order = threading.Thread(target=deploy._control, args=(settings, "activate", NAME))
    deploy.stop(settings)
    try:
        _make_tables(settings)
        _submit(settings, group, heap_mb)
        topology_id = _await_executors(settings)
        # Beside the measuring: the order's own answer comes a second after counting began.
        yield order.start
        order.join()
        deploy._control(settings, "kill", NAME, "0", str(_WITHIN_S), timeout_s=_WITHIN_S * 2)
        deploy._await_gone(settings.home, topology_id)
    finally:
        # Asked again it does nothing; after an error it may still run.
        deploy._control(settings, "kill", NAME, "0", str(_WITHIN_S), timeout_s=_WITHIN_S * 2)
        with _hbase(settings) as connection:
            _drop_tables(connection)
        deploy.deploy(settings)


def totals(settings: Settings, prefix: str = "") -> Counter[str]:
    """What all rows of sites count; of pages also where visits begin and end; of countries also the views from
    known cities."""
    store = HBaseStore(settings)
    found: Counter[str] = Counter()
    for app in names.APP_IDS:
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
    """What `footfall.live.TwinTopology` reads: ours, but for the bolt and what it needs in the worker."""
    ours = topology.definition(settings)
    partitions = {names.TOPIC_EVENTS: names.EVENTS_PARTITIONS}
    class_path = [f"{PROJECT}/target/classes", f"{PROJECT}/target/lib/*", f"{settings.install}/jars/hbase/lib/*"]
    # Its bolts are in the worker, so it needs more heap than ours. Storm's own options ask for the serial collector.
    options = f"-Xms{heap_mb}m -Xmx{heap_mb}m -Xmn{heap_mb // 2}m -XX:-UseSerialGC -XX:+UseParallelGC"
    options += " -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true"
    # For HBase's client, which otherwise copies byte by byte.
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
    """Waits until Storm knows all of them at work; the topology's id. It is not yet active, so `await` would not do."""
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

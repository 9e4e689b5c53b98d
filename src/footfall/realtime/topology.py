"""The definition of the live topology as data, and the fingerprint by which a changed one is recognised. Pure."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from footfall import names
from footfall.settings import Settings

# The stream from the counting bolts to the alert bolt.
SLOT_FIGURES: Final = "slot_figures"
FINGERPRINT_KEY: Final = "footfall.fingerprint"
PACKAGE: Final = Path(__file__).resolve().parents[1]
# The files that a bolt's process imports. Questions only read, so a change in them must not restart the counting.
_SOURCES: Final = ("hosts.py", "names.py", "setting_groups.py", "settings.py", "events", "kafka", "realtime")
_NOT_SOURCES: Final = ("realtime/questions",)
# The settings that a bolt reads, apart from hosts and ports.
_BOLT_READS: Final = (
    "FOOTFALL_EVENTS_PARTITIONS",
    "FOOTFALL_HOME",
    "FOOTFALL_HOST",
    "FOOTFALL_INSTALL",
    "FOOTFALL_PORT_OFFSET",
)

_MIB: Final = 1024 * 1024
# A bolt allocates and frees megabytes all the time. By default glibc would return them to the kernel, which would have
# to map and zero every page again.
_MALLOC: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * _MIB),
    "MALLOC_TRIM_THRESHOLD_": str(128 * _MIB),
}
_PACK: Final = {"records": 256, "bytes": 512 * 1024, "linger_ms": 20}
# 1,024 packs are four seconds of twenty-fold traffic. Their bytes are limited separately.
_MAX_PENDING_PACKS: Final = 1024
_MAX_IN_FLIGHT_MIB: Final = 64
# HBase needs up to 40 s after the death of a region server, and a flush may meet two deaths.
_MESSAGE_TIMEOUT_S: Final = 180
# Between workers, packs can be lost on the way, and only the timeout makes the spout send them again. A pack that is
# sent twice because HBase is slow is recognised.
_MESSAGE_TIMEOUT_BETWEEN_WORKERS_S: Final = 30
_SUBPROCESS_TIMEOUT_S: Final = 120


def jar_path(settings: Settings) -> Path:
    """The jar of the topology, with the dependencies that Storm's workers lack."""
    return settings.install / "topology" / "footfall-topology.jar"


def definition(settings: Settings) -> dict[str, Any]:
    """The input of `footfall.live.LiveTopology`: name, configuration, spout and bolts. Depends only on the settings."""
    return {
        "name": names.TOPOLOGY,
        "config": _config(settings),
        "spout": {
            "tasks": 1,
            "topics": {
                names.TOPIC_EVENTS: settings.events_partitions,
                names.TOPIC_REJECTED: names.REJECTED_PARTITIONS,
            },
            "pack": dict(_PACK),
            # Records are held until acked, and a pack exists twice while it is written to the pipe.
            "max_in_flight_bytes": min(_MAX_IN_FLIGHT_MIB, settings.heaps_mb.storm_worker // 3) * _MIB,
            "consumer": {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": names.CONSUMER_GROUP_LIVE,
                "client.id": names.CONSUMER_GROUP_LIVE,
                "max.poll.records": 2048,
                "fetch.max.bytes": 8 * _MIB,
                "reconnect.backoff.max.ms": 1000,
                # A broker that vanished without closing its connections is given up after this long; by default, 30 s.
                "request.timeout.ms": 10_000,
                "enable.metrics.push": False,
            },
        },
        "bolt": {
            "tasks": min(settings.live_tasks, settings.events_partitions),
            "command": _command(settings, "footfall.realtime.live_bolt"),
            "environment": _environment(settings),
            "streams": {SLOT_FIGURES: ["report"]},
        },
        "alerts": {
            "command": _command(settings, "footfall.realtime.alert_bolt"),
            "environment": _environment(settings),
        },
    }


def _command(settings: Settings, module: str) -> list[str]:
    return [str(settings.install / "venv" / "bin" / "python"), "-m", module]


def fingerprint(jar: bytes, defined: dict[str, Any], sources: Iterable[tuple[str, bytes]]) -> str:
    """A hash of everything that determines what the topology does.

    jar: the bytes of the jar. defined: the result of `definition`. sources: the relative path and bytes of each file.
    """
    digest = hashlib.sha256()
    definition_bytes = json.dumps(defined, sort_keys=True).encode()
    for name, content in (("jar", jar), ("definition", definition_bytes), *sorted(sources)):
        # With the lengths, two different lists of parts cannot have the same concatenation.
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def sources(package: Path = PACKAGE) -> list[tuple[str, bytes]]:
    """The source files of a bolt's process: relative path and bytes of each."""
    files: list[Path] = []
    for name in _SOURCES:
        path = package / name
        files += [path] if path.is_file() else sorted(path.rglob("*"))
    return [
        (path.relative_to(package).as_posix(), path.read_bytes())
        for path in files
        if path.suffix in {".py", ".json"} and not path.relative_to(package).as_posix().startswith(_NOT_SOURCES)
    ]


def _config(settings: Settings) -> dict[str, Any]:
    heap = settings.heaps_mb.storm_worker
    return {
        "topology.workers": len(settings.hosts.storm_supervisor),
        "topology.acker.executors": 1,
        "topology.eventlogger.executors": 0,
        "topology.max.spout.pending": _MAX_PENDING_PACKS,
        "topology.shellbolt.max.pending": _MAX_PENDING_PACKS,
        "topology.message.timeout.secs": (
            _MESSAGE_TIMEOUT_S if len(settings.hosts.storm_supervisor) == 1 else _MESSAGE_TIMEOUT_BETWEEN_WORKERS_S
        ),
        "topology.subprocess.timeout.secs": _SUBPROCESS_TIMEOUT_S,
        "topology.multilang.serializer": "footfall.live.MessagePackSerializer",
        # After each message an executor first spins, then yields, then sleeps. Storm's defaults (a thousand yields,
        # sleeps of 1 ms) suit a busy stream; at about ten packs a second they would cost a fifth of a core.
        "topology.bolt.wait.progressive.level1.count": 1,
        "topology.bolt.wait.progressive.level2.count": 20,
        "topology.bolt.wait.progressive.level3.sleep.millis": 5,
        **_transport(settings),
        "topology.worker.childopts": (
            f"-Xmx{heap}m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true"
        ),
        "topology.worker.logwriter.childopts": "-Xmx32m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }


def _transport(settings: Settings) -> dict[str, str]:
    """How workers reach each other. A single one needs no transport, and Storm's would listen on every address."""
    alone = len(settings.hosts.storm_supervisor) == 1
    return {"storm.messaging.transport": "footfall.live.SoleWorkerTransport"} if alone else {}


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of a bolt's process. It has only what a bolt reads, since each change redeploys the topology.

    All hosts and ports are included: the worker would inherit missing ones from its supervisor, and they could clash.
    """
    read = {
        name: value
        for name, value in settings.as_environment().items()
        if name in _BOLT_READS or name.startswith(("FOOTFALL_HOSTS__", "FOOTFALL_PORTS__"))
    }
    if settings.is_node:
        # A bolt runs on the node of its supervisor, whose variables it inherits.
        del read["FOOTFALL_HOST"]
    return {
        **read,
        **_MALLOC,
        "FOOTFALL_MARK": str(settings.home),
        "PYTHONPATH": str(PACKAGE.parent),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }

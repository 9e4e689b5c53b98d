"""The live topology as data, and the fingerprint that tells whether what runs is what the sources say. Pure."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from footfall import names
from footfall.settings import Settings

# From the bolts that count to the one that judges.
MOMENTS: Final = "moments"
FINGERPRINT_KEY: Final = "footfall.fingerprint"
PACKAGE: Final = Path(__file__).resolve().parents[1]
# What a bolt's process imports. Questions only read; a change in them is no reason to restart the counting.
_SOURCES: Final = ("hosts.py", "names.py", "settings.py", "events", "kafka", "realtime")
_NOT_SOURCES: Final = ("realtime/questions",)
# Settings that it reads, beside hosts and ports.
_BOLT_READS: Final = ("FOOTFALL_HOME", "FOOTFALL_HOST", "FOOTFALL_INSTALL", "FOOTFALL_PORT_OFFSET")

_MIB: Final = 1024 * 1024
# What is read and written is megabytes that come and go all the time. glibc would give each back to the kernel, and
# every page of it would have to be had again, zeroed.
_MALLOC: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * _MIB),
    "MALLOC_TRIM_THRESHOLD_": str(128 * _MIB),
}
_PACK: Final = {"records": 256, "bytes": 512 * 1024, "linger_ms": 20}
# 1,024 packs are four seconds of twenty-fold traffic; their bytes are bounded apart.
_MAX_PENDING_PACKS: Final = 1024
_MAX_IN_FLIGHT_MIB: Final = 64
# HBase needs up to 40 s after a region server's death, and a flush may meet two of them.
_MESSAGE_TIMEOUT_S: Final = 180
_SUBPROCESS_TIMEOUT_S: Final = 120


def jar_path(settings: Settings) -> Path:
    """The built topology, with all that Storm's workers lack."""
    return settings.install / "topology" / "footfall-topology.jar"


def definition(settings: Settings) -> dict[str, Any]:
    """What `footfall.live.LiveTopology` reads: name, configuration, spout and bolt. Same settings, same definition."""
    return {
        "name": names.TOPOLOGY,
        "config": _config(settings),
        "spout": {
            "tasks": 1,
            "topics": {
                names.TOPIC_EVENTS: names.EVENTS_PARTITIONS,
                names.TOPIC_REJECTED: names.REJECTED_PARTITIONS,
            },
            "pack": dict(_PACK),
            # The bytes are held until acked, and twice while one pack is written to the pipe.
            "max_in_flight_bytes": min(_MAX_IN_FLIGHT_MIB, settings.heaps_mb.storm_worker // 3) * _MIB,
            "consumer": {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": names.CONSUMER_GROUP_LIVE,
                "client.id": names.CONSUMER_GROUP_LIVE,
                "max.poll.records": 2048,
                "fetch.max.bytes": 8 * _MIB,
                "reconnect.backoff.max.ms": 1000,
                "enable.metrics.push": False,
            },
        },
        "bolt": {
            "tasks": settings.live_tasks,
            "command": _command(settings, "footfall.realtime.live_bolt"),
            "environment": _environment(settings),
            "streams": {MOMENTS: ["told"]},
        },
        "alerts": {
            "command": _command(settings, "footfall.realtime.alert_bolt"),
            "environment": _environment(settings),
        },
    }


def _command(settings: Settings, module: str) -> list[str]:
    return [str(settings.install / "venv" / "bin" / "python"), "-m", module]


def fingerprint(jar: bytes, defined: dict[str, Any], sources: Iterable[tuple[str, bytes]]) -> str:
    """One hash of all that decides what the topology does.

    Arguments: jar, its bytes; defined, as `definition` gives it; sources, pairs of a relative path and its bytes.
    """
    digest = hashlib.sha256()
    definition_bytes = json.dumps(defined, sort_keys=True).encode()
    for name, content in (("jar", jar), ("definition", definition_bytes), *sorted(sources)):
        # Lengths keep two neighbours from being cut differently and hashing the same.
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def sources(package: Path = PACKAGE) -> list[tuple[str, bytes]]:
    """The files that a bolt's process is made of: relative path and bytes of each."""
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
        "topology.workers": 1,
        "topology.acker.executors": 1,
        "topology.eventlogger.executors": 0,
        "topology.max.spout.pending": _MAX_PENDING_PACKS,
        "topology.shellbolt.max.pending": _MAX_PENDING_PACKS,
        "topology.message.timeout.secs": _MESSAGE_TIMEOUT_S,
        "topology.subprocess.timeout.secs": _SUBPROCESS_TIMEOUT_S,
        "topology.multilang.serializer": "footfall.live.MessagePackSerializer",
        # After each message an executor first spins, then yields, then sleeps. Storm's own counts (a thousand yields,
        # sleeps of 1 ms) are for a stream that never rests; at some ten packs a second they cost a fifth of a core.
        "topology.bolt.wait.progressive.level1.count": 1,
        "topology.bolt.wait.progressive.level2.count": 20,
        "topology.bolt.wait.progressive.level3.sleep.millis": 5,
        # One worker has nobody to talk to, and Storm's own transport would listen on every address.
        "storm.messaging.transport": "footfall.live.SoleWorkerTransport",
        "topology.worker.childopts": (
            f"-Xmx{heap}m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true"
        ),
        "topology.worker.logwriter.childopts": "-Xmx32m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }


def _environment(settings: Settings) -> dict[str, str]:
    """What a bolt's process reads; nothing more, since each change here means a topology deployed anew.

    All hosts and ports and not some of them: the worker inherits the others from its supervisor, and they must not
    clash.
    """
    read = {
        name: value
        for name, value in settings.as_environment().items()
        if name in _BOLT_READS or name.startswith(("FOOTFALL_HOSTS__", "FOOTFALL_PORTS__"))
    }
    return {
        **read,
        **_MALLOC,
        "FOOTFALL_MARK": str(settings.home),
        "PYTHONPATH": str(PACKAGE.parent),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }

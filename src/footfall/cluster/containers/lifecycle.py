"""`cluster up` and `cluster down`, and the faults that one can cause on purpose."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from footfall.cluster.containers import docker, overlay
from footfall.cluster.containers.docker import Node, Profile
from footfall.cluster.engines.kafka import other_partitions
from footfall.cluster.health.preflight import listeners
from footfall.cluster.service import Report
from footfall.cluster.services import stop_order
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

# Memory of all nodes together, measured and rounded up (docs/performance.md).
NEEDED_MEMORY_GIB: Final = {"core": 10.0, "full": 18.0}
# What a second NameNode adds, with JournalNodes and failover controllers.
HA_MEMORY_GIB: Final = 1.0
# The image takes 3 GiB, and its building as much again.
_NEEDED_DISK_GIB: Final = 12.0
# The most that compose.yaml lets a node use. Docker refuses a node that may use more than the machine has.
NEEDED_PROCESSORS: Final = 2
_POLL_S: Final = 2.0
_LOG_LINES: Final = "15"

# Called when a new node becomes healthy, with its name and the seconds since the start.
OnHealthy = Callable[[str, float], None]


def check(settings: Settings, profile: Profile, ha: bool) -> list[str]:
    """Every obstacle to starting the cluster, each with its remedy. Raises ClusterError if Docker does not answer."""
    nodes = docker.nodes(settings)
    running = {node.name for node in nodes if node.state not in ("stopped", "done")}
    found = _misfits(settings, nodes)
    free = psutil.virtual_memory().available / 2**30
    needed = NEEDED_MEMORY_GIB[profile] + (HA_MEMORY_GIB if ha else 0)
    if not running and free < needed:
        less = " `./footfall cluster up --profile core` needs less." if profile == "full" else ""
        profiles = f"{profile}{' with --ha' if ha else ''}"
        found.append(f"{free:.1f} GiB of memory is free; the profile {profiles} needs {needed:.0f}.{less}")
    processors = int(docker.call("info", "--format", "{{.NCPU}}"))
    if processors < NEEDED_PROCESSORS:
        found.append(f"Docker has {processors} processor; the cluster needs {NEEDED_PROCESSORS}.")
    root = docker.call("info", "--format", "{{.DockerRootDir}}").strip()
    if Path(root).exists() and (disk := psutil.disk_usage(root).free / 2**30) < _NEEDED_DISK_GIB:
        found.append(f"{disk:.1f} GiB of disk space is free in Docker's folder {root}; {_NEEDED_DISK_GIB:.0f} needed.")
    if "dashboard" not in running:
        held = listeners()
        found += [
            f"Port {settings.port(port)} ({port}) is in use. Stop its process, perhaps with `./footfall down`, or move "
            "the cluster with FOOTFALL_PORT_OFFSET=…."
            for port in docker.published(settings).values()
            if settings.port(port) in held
        ]
    return found


def _misfits(settings: Settings, nodes: list[Node]) -> list[str]:
    """The step that created the topics has ended well with the number of partitions that they have."""
    known = {node.events_partitions for node in nodes if node.service == "kafka-topics" and node.state == "done"}
    return [found for present in known if (found := other_partitions(settings.events_partitions, present))]


def up(settings: Settings, profile: Profile, ha: bool | None, build: bool, on_healthy: OnHealthy) -> list[Node]:
    """Builds the image, starts all nodes of the profile, and waits until they are healthy.

    ha: whether there is a second NameNode; None: as before.
    Raises ClusterError; the nodes that were started by then keep running.
    """
    docker.engine_version()
    docker.check_compose()
    has_standby = overlay.wanted(settings, ha)
    if findings := check(settings, profile, has_standby):
        raise ClusterError("\n".join(findings))
    if build and docker.build() != 0:
        raise ClusterError("The image could not be built; Docker's messages above say why.")
    started = time.monotonic()
    _remove_stopped(settings)
    environment = docker.environment(settings, profile, has_standby)
    # Compose itself waits for the steps. Meanwhile the nodes start.
    chosen = docker.profiles(settings, profile, has_standby)
    command = docker.compose(settings, chosen, "--progress", "quiet", "up", "--detach", "--remove-orphans")
    process = subprocess.Popen(command, env=environment, stdout=2)
    # Compose replaces those that have changed.
    seen = {node.container for node in docker.nodes(settings)}
    try:
        while True:
            nodes = docker.nodes(settings)
            for node in nodes:
                if node.is_well and node.container not in seen:
                    seen.add(node.container)
                    on_healthy(node.name, time.monotonic() - started)
            status = process.poll()
            if status == 0 and nodes and all(node.is_well for node in nodes):
                return nodes
            if status not in (None, 0):
                raise ClusterError(f"Docker Compose ended with status {status}. {_faults(nodes)}")
            if time.monotonic() - started > 3 * settings.up_timeout_s:
                raise ClusterError(f"The cluster is not healthy after {3 * settings.up_timeout_s} s. {_faults(nodes)}")
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _remove_stopped(settings: Settings) -> None:
    """Removes containers that do not run. An `up` that was interrupted may have left two of a name."""
    states = [argument for state in ("created", "exited", "dead") for argument in ("--filter", f"status={state}")]
    if stopped := docker.call("ps", "--all", "--quiet", *docker.ours(settings), *states).split():
        docker.call("rm", "--force", *stopped)


def down(settings: Settings, purge: bool, report: Report) -> bool:
    """Stops the nodes in the order in which `down` stops services, and removes them. Returns whether any existed.

    purge: also delete the volumes with all data. Raises ClusterError.
    """
    nodes = docker.nodes(settings)
    for group in stop_order():
        names = {service.name for service in group}
        stopping = [node for node in nodes if node.service in names and node.state not in ("stopped", "done")]
        if stopping:
            for node in stopping:
                if node.state == "paused":
                    docker.call("unpause", node.container)
            docker.call("stop", *(node.container for node in stopping), timeout_s=180)
            report(f"stopped {', '.join(node.name for node in stopping)}")
    words = ("--progress", "quiet", "down", "--remove-orphans", *(["--volumes"] if purge else []))
    command, environment = _of_all(settings, *words)
    done = subprocess.run(command, env=environment, stdout=2, check=False)
    if done.returncode != 0:
        raise ClusterError("Docker Compose could not remove the cluster; its messages above say why.")
    return bool(nodes)


def kill(settings: Settings, name: str) -> None:
    """Kills a node at once. It stays dead until `heal`. Raises ClusterError."""
    docker.call("kill", docker.find(settings, name).container)


def pause(settings: Settings, name: str) -> None:
    """Freezes a node until `heal`. Raises ClusterError."""
    docker.call("pause", docker.find(settings, name).container)


def partition(settings: Settings, name: str) -> None:
    """Cuts a node off from all others until `heal`. Raises ClusterError."""
    node = docker.find(settings, name)
    for network in node.networks:
        docker.call("network", "disconnect", network, node.container)


def heal(settings: Settings) -> list[str]:
    """Starts, wakes and connects all nodes again. Returns the names of those that needed it. Raises ClusterError."""
    healed = []
    declared = _networks(settings)
    for node in docker.nodes(settings):
        missing = [network for network in declared[node.name] if network not in node.networks]
        if node.state == "paused":
            docker.call("unpause", node.container)
        for network in missing:
            docker.call("network", "connect", "--alias", node.name, network, node.container)
        if node.state == "stopped":
            docker.call("start", node.container)
        if missing or node.state in ("paused", "stopped"):
            healed.append(node.name)
    return healed


def _networks(settings: Settings) -> dict[str, list[str]]:
    """The networks that compose.yaml gives to each node, by Docker's names for them."""
    document = json.loads(docker.output(*_of_all(settings, "config", "--format", "json")))
    names = {key: network["name"] for key, network in document["networks"].items()}
    return {
        name: [names[network] for network in service.get("networks", {})]
        for name, service in document["services"].items()
    }


def _of_all(settings: Settings, *words: str) -> tuple[list[str], dict[str, str]]:
    """The command line of Docker Compose for all nodes that there may be, and its variables."""
    chosen = ("full", docker.HA, docker.DEMO)
    return docker.compose(settings, chosen, *words), docker.environment(settings, "full", True)


def _faults(nodes: list[Node]) -> str:
    """Sentences about the nodes that are not healthy, with the last lines of the first one's log."""
    unwell = [node for node in nodes if not node.is_well]
    if not unwell:
        return ""
    said = "; ".join(f"{node.name} is {node.state}{f' ({node.detail})' if node.detail else ''}" for node in unwell)
    first = next((node for node in unwell if node.state in ("unhealthy", "stopped")), unwell[0])
    done = subprocess.run(
        [docker.program(), "logs", "--tail", _LOG_LINES, first.container], capture_output=True, text=True, check=False
    )
    return f"{said}. The last lines of {first.name}:\n{(done.stdout + done.stderr)[-2500:]}"

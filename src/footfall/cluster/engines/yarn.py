"""YARN: its daemons, the resources of containers and queues, and the state that is kept."""

import os
import platform
import shutil
from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import psutil

from footfall.cluster.engines import _web_hosts
from footfall.cluster.engines._hadoop import YARN_TEMPLATES, daemon
from footfall.cluster.engines._jvm import QUICK
from footfall.cluster.service import Report, Service, Sweep, built
from footfall.runtime import orphans
from footfall.runtime.built_jars import HOST_FILTER, LOOPBACK_AGENT, PIG_FUNCTIONS, SQOOP_ROW
from footfall.runtime.errors import Unhealthy
from footfall.runtime.java import java_home
from footfall.setting_groups import LEAST_BATCH_MB
from footfall.settings import Settings
from footfall.yarn import Yarn, YarnUnavailable

# Container sizes are multiples of it. YARN's default of 1024 would make a small application twice as large.
STEP_MB: Final = 256
LEFTOVERS_DAYS: Final = 7
_LARGEST_MB: Final = 8192
# The queue of Tez, if there are several nodes.
QUERIES: Final = "queries"
# Variables that containers inherit: the locations of Java and Hadoop, the mark, and limits and language of a process.
ENVIRONMENT: Final = (
    "JAVA_HOME",
    "HADOOP_CONF_DIR",
    "FOOTFALL_MARK",
    "JAVA_TOOL_OPTIONS",
    "TZ",
    "LC_ALL",
    "MALLOC_ARENA_MAX",
)


class Queue(NamedTuple):
    """A queue and its share of memory, which is both its guaranteed and its maximum share."""

    name: str
    memory_mb: int
    largest_mb: int  # of one container
    percent: float  # of the memory of all containers; the queues add up to 100


class Node(NamedTuple):
    """Values for the configuration files of this node."""

    memory_mb: int
    vcores: int
    several: bool  # whether it is one node of several
    queues: tuple[Queue, ...]
    recovery: bool  # whether the NodeManager can store its state for a restart
    nice: int
    step_mb: int = STEP_MB
    leftovers_s: int = LEFTOVERS_DAYS * 86_400
    environment: tuple[str, ...] = ENVIRONMENT


def node(settings: Settings) -> Node:
    """The node as configured, with defaults from the memory and processors of this machine.

    Several nodes have equal parts of the configured resources.
    """
    configured, nodes = settings.yarn, len(settings.hosts.yarn_nodemanager)
    # On one machine, Tez runs in HiveServer2.
    queries_mb = configured.queries_mb if settings.has_several_nodemanagers else 0
    beside_batches_mb = configured.streaming_mb + queries_mb
    memory_mb = configured.memory_mb or default_memory_mb(psutil.virtual_memory().total, beside_batches_mb)
    memory_mb -= memory_mb % (STEP_MB * nodes)
    own_mb = memory_mb // nodes

    def queue(name: str, share_mb: int) -> Queue:
        # Rounded up, so that a container that fits exactly is not refused.
        return Queue(name, share_mb, min(share_mb, own_mb), -(-share_mb * 10_000 // memory_mb) / 100)

    reserved = [queue("streaming", configured.streaming_mb), *([queue(QUERIES, queries_mb)] if queries_mb else [])]
    rest = round(100 - sum(one.percent for one in reserved), 2)
    batch = queue("batch", memory_mb - beside_batches_mb)._replace(percent=rest)
    return Node(
        memory_mb=own_mb,
        vcores=-(-configured.vcores // nodes) or 2 * (os.cpu_count() or 1),
        several=settings.has_several_nodemanagers,
        queues=(*reserved, batch),
        # The state store is a native library that exists only for this processor.
        recovery=platform.machine() == "x86_64",
        nice=configured.nice,
    )


def default_memory_mb(machine_bytes: int, beside_batches_mb: int) -> int:
    """A third of the machine's memory, at most 8 GiB, but at least the other queues' shares plus the smallest batch."""
    third = machine_bytes // 3 // 2**20
    return max(min(third, _LARGEST_MB), beside_batches_mb + LEAST_BATCH_MB)


def values(settings: Settings) -> dict[str, Any]:
    """Variables of the templates of YARN's files, for daemons and clients."""
    return {"yarn": node(settings), "container_hosts": _web_hosts.names(settings, "yarn-nodemanager")}


def environment(settings: Settings) -> dict[str, str]:
    """Additional environment variables of the NodeManager, which its containers inherit."""
    return {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(settings.conf_dir / "yarn-nodemanager"),
    }


def _prepare(name: str) -> Callable[[Settings], None]:
    """Returns a function that deletes the state of a daemon if the process manager is a new one.

    A new manager means that the platform was stopped or the machine restarted. Then no container is left to adopt, an
    old state would start an application a second time, and a process id may have been reused. Without state, the
    NodeManager also deletes leftover files of applications.

    On a node of a cluster, containers end with their NodeManager, but applications on other nodes outlive the
    ResourceManager.
    """

    def prepare(settings: Settings) -> None:
        state = settings.data_dir / name / "state"
        stamp = state / "manager"
        manager = _manager(settings)
        is_same = stamp.exists() and stamp.read_text("utf-8") == manager
        if settings.is_node:
            is_same = name == "yarn-resourcemanager"
        if not is_same:
            shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True, exist_ok=True)
        stamp.write_text(manager, "utf-8")

    return prepare


def _manager(settings: Settings) -> str:
    """Identifies the running process manager, which writes its pid file once, at its start. Empty if there is none."""
    path = settings.run_dir / "supervisord.pid"
    try:
        return f"{path.stat().st_mtime_ns} {path.read_text('utf-8').strip()}"
    except OSError:
        return ""


def _resourcemanager(settings: Settings) -> list[str]:
    main = "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"
    # The ResourceManager tracks one node and the last 200 applications.
    return daemon(settings, "yarn-resourcemanager", settings.heaps_mb.yarn_resourcemanager, main, more=QUICK)


def _nodemanager(settings: Settings) -> list[str]:
    main = "org.apache.hadoop.yarn.server.nodemanager.NodeManager"
    # The NodeManager only starts and monitors containers.
    return daemon(settings, "yarn-nodemanager", settings.heaps_mb.yarn_nodemanager, main, more=QUICK)


def _jobhistory(settings: Settings) -> list[str]:
    """The JobHistoryServer, which every MapReduce client queries at the end of its job."""
    main = "org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer"
    # It reads a job's history only on request, and caches five of them.
    return daemon(settings, "yarn-jobhistory", settings.heaps_mb.yarn_jobhistory, main, more=QUICK)


def _probe_resourcemanager(settings: Settings) -> None:
    """Checks that the ResourceManager has recovered its state and allocates resources."""
    state = _ask(settings, settings.url("yarn_http"), "cluster/info")["clusterInfo"]["state"]
    if state != "STARTED":
        raise Unhealthy(f"it is {state}")


def _probe_nodemanager(settings: Settings) -> None:
    """Checks that the NodeManager reports itself healthy and is registered."""
    own = _ask(settings, settings.url("yarn_nodemanager_http"), "node/info")["nodeInfo"]
    if not own["nodeHealthy"]:
        raise Unhealthy(f"it cannot run containers: {str(own.get('healthReport', ''))[:200]}")
    if _ask(settings, settings.url("yarn_http"), "cluster/metrics")["clusterMetrics"]["activeNodes"] < 1:
        raise Unhealthy("it is not registered with the ResourceManager yet")


def _probe_jobhistory(settings: Settings) -> None:
    """Checks that the JobHistoryServer answers, which it does only after creating its folders in HDFS."""
    if not _ask(settings, settings.url("yarn_jobhistory_http"), "history/info")["historyInfo"]["startedOn"]:
        raise Unhealthy("it has not started yet")


def _ask(settings: Settings, url: str, what: str) -> dict[str, Any]:
    try:
        return Yarn(settings).ask(url, what)
    except YarnUnavailable as error:
        raise Unhealthy(str(error)) from None


def _sweep_leftovers(settings: Settings) -> object:
    from footfall.jobs import execution
    from footfall.warehouse import leftovers

    execution.sweep(settings, LEFTOVERS_DAYS)
    return leftovers.sweep(settings)


def _end_containers(settings: Settings, ran: Collection[str], report: Report) -> None:
    """Ends the containers, which the NodeManager leaves running, before the services that they use."""
    orphans.end(orphans.containers(settings))


# Containers of MapReduce and Tez need the agent. The other jars are of engines without a service.
_JARS = tuple(map(built, (LOOPBACK_AGENT, SQOOP_ROW, PIG_FUNCTIONS)))

SERVICES = (
    # ResourceManager and NodeManager need no other service to start, and their containers wait for HDFS.
    Service(
        name="yarn-resourcemanager",
        engine="hadoop",
        profiles=("batch",),
        ports=("yarn_resourcemanager", "yarn_scheduler", "yarn_tracker", "yarn_admin", "yarn_http"),
        command=_resourcemanager,
        templates=(*YARN_TEMPLATES, "hadoop/capacity-scheduler.xml"),
        values=values,
        prepare=_prepare("yarn-resourcemanager"),
        jars=(HOST_FILTER,),
        probe=_probe_resourcemanager,
    ),
    Service(
        name="yarn-nodemanager",
        engine="hadoop",
        profiles=("batch",),
        ports=("yarn_nodemanager", "yarn_localizer", "yarn_nodemanager_http"),
        command=_nodemanager,
        environment=environment,
        # Containers read Hadoop's configuration from the folder of this service.
        templates=(*YARN_TEMPLATES, "hadoop/mapred-site.xml"),
        values=values,
        prepare=_prepare("yarn-nodemanager"),
        jars=(HOST_FILTER,),
        parts=_JARS,
        # Its jobs use them: clients on this machine, and containers.
        tools=("mahout", "pig", "sqoop"),
        probe=_probe_nodemanager,
        sweeps=(Sweep("leftovers of batches", 6 * 3600, _sweep_leftovers),),
        after_stop=_end_containers,
    ),
    Service(
        name="yarn-jobhistory",
        engine="hadoop",
        profiles=("batch",),
        needs=("datanode",),
        ports=("yarn_jobhistory", "yarn_jobhistory_admin", "yarn_jobhistory_http"),
        command=_jobhistory,
        templates=(*YARN_TEMPLATES, "hadoop/mapred-site.xml"),
        values=values,
        jars=(HOST_FILTER,),
        probe=_probe_jobhistory,
    ),
)

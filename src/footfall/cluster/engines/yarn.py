"""YARN on this machine: its daemons, what their containers get, which queue gets which part, which state is kept."""

import os
import platform
import shutil
from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import psutil

from footfall.cluster.engines._hadoop import YARN_TEMPLATES, hadoop
from footfall.cluster.engines._jvm import QUICK
from footfall.cluster.service import Report, Service
from footfall.runtime import orphans
from footfall.runtime.errors import Unhealthy
from footfall.runtime.java import java_home
from footfall.settings import LEAST_BATCH_MB, Settings
from footfall.yarn import Yarn, YarnUnavailable

# Containers are given out in multiples of it. YARN's own 1024 would make a small application twice as large.
STEP_MB: Final = 256
LEFTOVERS_DAYS: Final = 7
_LARGEST_MB: Final = 8192
# What containers inherit: where Java and Hadoop are, the mark, and what keeps a process small and its words English.
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
    """A queue's share, which is both guaranteed and its largest."""

    name: str
    memory_mb: int
    percent: float  # of all containers' memory; those of all queues add up to 100


class Node(NamedTuple):
    """What the configuration files are told of this node."""

    memory_mb: int
    vcores: int
    queues: tuple[Queue, ...]
    recovery: bool  # whether the NodeManager can keep what it must know to go on
    nice: int
    step_mb: int = STEP_MB
    leftovers_s: int = LEFTOVERS_DAYS * 86_400
    environment: tuple[str, ...] = ENVIRONMENT


def node(settings: Settings) -> Node:
    """The node as the settings want it, or derived from this machine's memory and processors."""
    wanted = settings.yarn
    memory_mb = wanted.memory_mb or default_memory_mb(psutil.virtual_memory().total, wanted.streaming_mb)
    memory_mb -= memory_mb % STEP_MB
    # Rounded up, or the last container that fits exactly would not.
    streaming = -(-wanted.streaming_mb * 10_000 // memory_mb) / 100
    return Node(
        memory_mb=memory_mb,
        vcores=wanted.vcores or 2 * (os.cpu_count() or 1),
        queues=(
            Queue("streaming", wanted.streaming_mb, streaming),
            Queue("batch", memory_mb - wanted.streaming_mb, round(100 - streaming, 2)),
        ),
        # Its store is a native library that is published for this processor alone.
        recovery=platform.machine() == "x86_64",
        nice=wanted.nice,
    )


def default_memory_mb(machine_bytes: int, streaming_mb: int) -> int:
    """A third of the machine's memory, at most 8 GiB, and never less than the stream's part and the smallest batch."""
    third = machine_bytes // 3 // 2**20
    return max(min(third, _LARGEST_MB), streaming_mb + LEAST_BATCH_MB)


def values(settings: Settings) -> dict[str, Any]:
    """What templates of YARN's files use; those of its clients too."""
    return {"yarn": node(settings)}


def environment(settings: Settings) -> dict[str, str]:
    """What YARN's daemons know beside every process of this platform, for their containers."""
    return {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(settings.conf_dir / "yarn-nodemanager"),
    }


def _prepare(name: str) -> Callable[[Settings], None]:
    """Keeps a daemon's state for another start under the same process manager, and drops it under a new one.

    A new manager means that all was stopped, or that the machine started anew: then nothing runs that could be taken
    up again, an application would be begun a second time, and a process id may be another's by now. Finding no state,
    the NodeManager also deletes what files of applications are left.
    """

    def prepare(settings: Settings) -> None:
        state = settings.data_dir / name / "state"
        stamp = state / "manager"
        manager = _manager(settings)
        if not (stamp.exists() and stamp.read_text("utf-8") == manager):
            shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True, exist_ok=True)
        stamp.write_text(manager, "utf-8")

    return prepare


def _manager(settings: Settings) -> str:
    """Names the process manager that runs now: it writes its file once, at its start. Empty where there is none."""
    path = settings.run_dir / "supervisord.pid"
    try:
        return f"{path.stat().st_mtime_ns} {path.read_text('utf-8').strip()}"
    except OSError:
        return ""


def _resourcemanager(settings: Settings) -> list[str]:
    main = "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"
    # It knows one node and the last 200 applications.
    return hadoop(settings, "yarn-resourcemanager", settings.heaps_mb.yarn_resourcemanager, main, more=QUICK)


def _nodemanager(settings: Settings) -> list[str]:
    main = "org.apache.hadoop.yarn.server.nodemanager.NodeManager"
    # It starts containers and works for none of them.
    return hadoop(settings, "yarn-nodemanager", settings.heaps_mb.yarn_nodemanager, main, more=QUICK)


def _jobhistory(settings: Settings) -> list[str]:
    """The history of MapReduce jobs, which each of their clients asks at its job's end."""
    main = "org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer"
    # It reads a history only when asked, and keeps five of them.
    return hadoop(settings, "yarn-jobhistory", settings.heaps_mb.yarn_jobhistory, main, more=QUICK)


def _probe_resourcemanager(settings: Settings) -> None:
    """It took up its state and gives out resources."""
    state = _ask(settings, settings.url("yarn_http"), "cluster/info")["clusterInfo"]["state"]
    if state != "STARTED":
        raise Unhealthy(f"it is {state}")


def _probe_nodemanager(settings: Settings) -> None:
    """It calls itself healthy, and the ResourceManager counts on it."""
    own = _ask(settings, settings.url("yarn_nodemanager_http"), "node/info")["nodeInfo"]
    if not own["nodeHealthy"]:
        raise Unhealthy(f"it can run no container: {str(own.get('healthReport', ''))[:200]}")
    if _ask(settings, settings.url("yarn_http"), "cluster/metrics")["clusterMetrics"]["activeNodes"] < 1:
        raise Unhealthy("the ResourceManager does not count on it yet")


def _probe_jobhistory(settings: Settings) -> None:
    """It answers what it is; it does so only after it made its folders in HDFS."""
    if not _ask(settings, settings.url("yarn_jobhistory_http"), "history/info")["historyInfo"]["startedOn"]:
        raise Unhealthy("it has not started yet")


def _ask(settings: Settings, url: str, what: str) -> dict[str, Any]:
    try:
        return Yarn(settings).ask(url, what)
    except YarnUnavailable as error:
        raise Unhealthy(str(error)) from None


def _end_containers(settings: Settings, ran: Collection[str], report: Report) -> None:
    """The NodeManager leaves its containers to the next one. They end before what they work with does."""
    orphans.end(orphans.containers(settings))


SERVICES = (
    # ResourceManager and NodeManager need nothing to start, and their containers wait for HDFS by themselves.
    Service(
        name="yarn-resourcemanager",
        engine="hadoop",
        profiles=("batch",),
        ports=("yarn_resourcemanager", "yarn_scheduler", "yarn_tracker", "yarn_admin", "yarn_http"),
        command=_resourcemanager,
        templates=(*YARN_TEMPLATES, "hadoop/capacity-scheduler.xml"),
        values=values,
        prepare=_prepare("yarn-resourcemanager"),
        probe=_probe_resourcemanager,
    ),
    Service(
        name="yarn-nodemanager",
        engine="hadoop",
        profiles=("batch",),
        ports=("yarn_nodemanager", "yarn_localizer", "yarn_nodemanager_http"),
        command=_nodemanager,
        environment=environment,
        # Its folder is what containers are given as Hadoop's configuration.
        templates=(*YARN_TEMPLATES, "hadoop/mapred-site.xml"),
        values=values,
        prepare=_prepare("yarn-nodemanager"),
        probe=_probe_nodemanager,
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
        probe=_probe_jobhistory,
    ),
)

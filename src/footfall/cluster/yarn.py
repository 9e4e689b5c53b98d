"""YARN on this machine: what its containers get, who gets which part, which state may be taken up again."""

import os
import platform
import shutil
from typing import NamedTuple

import psutil

from footfall.runtime.java import java_home
from footfall.settings import LEAST_BATCH_MB, Settings

# Containers are given out in multiples of it. YARN's own 1024 would make a small application twice as large.
STEP_MB = 256
LEFTOVERS_DAYS = 7
_LARGEST_MB = 8192
# What containers inherit: where Java and Hadoop are, the mark, and what keeps a process small and its words English.
ENVIRONMENT = (
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


def environment(settings: Settings) -> dict[str, str]:
    """What YARN's daemons know beside every process of this platform, for their containers."""
    return {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(settings.conf_dir / "yarn-nodemanager"),
    }


def prepare(settings: Settings, name: str) -> None:
    """Keeps a daemon's state for another start under the same process manager, and drops it under a new one.

    A new manager means that all was stopped, or that the machine started anew: then nothing runs that could be taken
    up again, an application would be begun a second time, and a process id may be another's by now. Finding no state,
    the NodeManager also deletes what files of applications are left.
    """
    state = settings.data_dir / name / "state"
    stamp = state / "manager"
    manager = _manager(settings)
    if not (stamp.exists() and stamp.read_text("utf-8") == manager):
        shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    stamp.write_text(manager, "utf-8")


def _manager(settings: Settings) -> str:
    """Names the process manager that runs now: it writes its file once, at its start. Empty where there is none."""
    path = settings.run_dir / "supervisord.pid"
    try:
        return f"{path.stat().st_mtime_ns} {path.read_text('utf-8').strip()}"
    except OSError:
        return ""

"""The platform's processes by name, with the processor seconds and the memory (PSS) of each."""

import contextlib
from pathlib import Path

import psutil

from footfall.cluster.supervision.manager import Manager
from footfall.runtime.orphans import marked
from footfall.settings import Settings

# Child processes of services, by a word of their command line. The log writer's contains the worker's class too.
_PARTS = (
    ("org.apache.storm.LogWriter", "storm log writer"),
    ("org.apache.storm.daemon.worker.Worker", "storm worker"),
    ("footfall.realtime.live_bolt", "bolt"),
    ("footfall.realtime.alert_bolt", "alert bolt"),
    ("YarnCoarseGrainedExecutorBackend", "spark executor"),
    ("spark.deploy.yarn.ExecutorLauncher", "spark application master"),
    ("spark.deploy.SparkSubmit", "spark driver"),
    ("pyspark.daemon", "spark python worker"),
    ("supervision.supervisord", "supervisord"),
)


def running(settings: Settings) -> dict[str, psutil.Process]:
    """The platform's processes, by service or kind; several of a kind are numbered from 1."""
    services = {process.pid: name for name, process in Manager(settings).processes().items() if process.pid}
    named: dict[str, psutil.Process] = {}
    for process in sorted(marked(settings), key=lambda one: one.pid):
        with contextlib.suppress(psutil.Error):
            name = services.get(process.pid) or _part(process)
            number = 1
            while (numbered := name if number == 1 else f"{name} {number}") in named:
                number += 1
            named[numbered] = process
    return named


def cpu_seconds(processes: dict[str, psutil.Process]) -> dict[str, float]:
    """Processor seconds of each process since its start, without those that have ended."""
    used = {}
    for name, process in processes.items():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            used[name] = times.user + times.system
    return used


def cpu_between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Processor seconds between two samples, the busiest first, without values below 0.01."""
    used = {name: round(after[name] - seconds, 2) for name, seconds in before.items() if name in after}
    return dict(sorted(((n, s) for n, s in used.items() if s >= 0.01), key=lambda item: -item[1]))


def pss_mib(process: psutil.Process) -> float:
    """The PSS of one process in MiB, where shared pages are divided among processes; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _part(process: psutil.Process) -> str:
    words = process.cmdline()
    for word, name in _PARTS:
        if any(word in one for one in words):
            return name
    return process.name()

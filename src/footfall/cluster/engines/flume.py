"""Flume: an agent that moves the log lines of the sites to HDFS. In a cluster, each site has one beside it."""

import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from footfall import retention
from footfall.cluster.engines import _jvm
from footfall.cluster.engines._hadoop import hadoop
from footfall.cluster.service import Service, Sweep, UnusualLag
from footfall.names import LOG_KINDS
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import Unhealthy
from footfall.runtime.hostname import machine_name
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.logs.health import Health
    from footfall.logs.recovery import Recovered

_TOOL_HEAP_MB: Final = 64
_TOOL_TIMEOUT_S: Final = 60
# Remembers between probes how far Flume had read; one per process.
_health: "Health | None" = None
_lock = threading.Lock()


def _command(settings: Settings) -> list[str]:
    conf = settings.conf_dir / "flume"
    options = [*_jvm.OPEN, _jvm.log4j(conf)]
    arguments = ["-n", "a", "-f", str(conf / "flume.conf"), "--no-reload-conf"]
    main = "org.apache.flume.node.Application"
    # The heap holds batches of 500 lines and the index of the channel, 8 bytes per line.
    heap_mb = settings.heaps_mb.flume
    return _jvm.java(settings, "flume", "flume", heap_mb, main, arguments, options=options, before=[conf])


def _values(settings: Settings) -> dict[str, Any]:
    from footfall.logs.layout import followed

    return {"folders": followed(settings), "log_kinds": LOG_KINDS}


def _prepare(settings: Settings) -> None:
    """Creates the folders that Flume reads, and closes files that an earlier Flume left open in HDFS."""
    from footfall.logs.layout import folder, folders

    for name in folders(settings):
        folder(settings, name).mkdir(parents=True, exist_ok=True)
    finish_open_files(settings)


def finish_open_files(settings: Settings) -> None:
    """Closes and renames the open log files of this machine, since no Flume runs. The sweep tries again what fails."""
    for sentence in _recover(settings, older_than_s=0, writer=machine_name() if settings.is_node else "").left:
        print(sentence, flush=True)


def _finish_abandoned_files(settings: Settings) -> object:
    """Closes log files that have been open for longer than a running Flume keeps any file open."""
    from footfall.logs.layout import ABANDONED_S

    return _recover(settings, older_than_s=ABANDONED_S)


def _recover(settings: Settings, older_than_s: float, writer: str = "") -> "Recovered":
    from footfall.hdfs import Hdfs
    from footfall.logs.recovery import recover

    return recover(Hdfs(settings), _recover_lease(settings), time.time(), older_than_s, writer=writer)


def _recover_lease(settings: Settings) -> Callable[[str], None]:
    """Returns a function that recovers the lease of an abandoned HDFS file. WebHDFS cannot, so each call runs a JVM."""
    from footfall.hdfs import HdfsUnavailable

    def take(path: str) -> None:
        # One try is enough: HDFS completes the recovery by itself, and its first answer is always "not done yet".
        main, arguments = "org.apache.hadoop.hdfs.tools.DebugAdmin", ["recoverLease", "-path", path, "-retries", "1"]
        command = hadoop(settings, "flume", _TOOL_HEAP_MB, main, arguments, _jvm.QUICK)
        environment = child_environment(settings)
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=_TOOL_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HdfsUnavailable(f"The lease of {path} in HDFS could not be recovered: {error}.") from None

    return take


def _probe(settings: Settings) -> None:
    """Checks in the log files, Flume's positions and HDFS that lines are read promptly and arrive."""
    from footfall.hdfs import HdfsUnavailable
    from footfall.logs.health import Health

    global _health
    with _lock:
        _health = _health or Health()
    try:
        if fault := _health.fault(settings, time.time()):
            raise Unhealthy(fault)
    except HdfsUnavailable as error:
        raise Unhealthy(str(error)) from None


def _sweep_site_logs(settings: Settings) -> object:
    from footfall.logs.retention import sweep_site_logs

    return sweep_site_logs(settings)


def _sweep_hdfs_logs(settings: Settings) -> object:
    from footfall.logs.retention import sweep_hdfs_logs

    return sweep_hdfs_logs(settings, datetime.now(timezone.utc).date())


def _nothing_to_read(settings: Settings) -> str:
    """'' or why Flume does not run: in a cluster, only the demo sites have log files."""
    return "" if settings.demo.enabled or not settings.is_node else "the setting demo.enabled is false"


SERVICES = (
    Service(
        name="flume",
        engine="flume",
        profiles=("realtime",),
        switched_off=_nothing_to_read,
        needs=("namenode", "datanode"),
        command=_command,
        templates=("flume/flume.conf", "flume/log4j.properties", "hadoop/core-site.xml", "hadoop/hdfs-site.xml"),
        values=_values,
        prepare=_prepare,
        probe=_probe,
        lags=(UnusualLag("logs", most_s=60.0, subject="Log lines that Flume has not read are"),),
        sweeps=(
            Sweep("site logs", 600, _sweep_site_logs, by_time=False),
            Sweep("logs left open", 600, _finish_abandoned_files),
            Sweep("logs in HDFS", retention.EVERY_S, _sweep_hdfs_logs),
        ),
        # Flume closes its files in HDFS.
        stop_s=60,
    ),
)

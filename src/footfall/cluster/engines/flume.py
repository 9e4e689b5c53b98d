"""Flume: one agent that brings the sites' log lines to HDFS."""

import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from footfall.cluster.engines import _jvm
from footfall.cluster.engines._hadoop import hadoop
from footfall.cluster.service import Service, Sweep, UnusualLag
from footfall.names import APP_IDS, LOG_KINDS
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.logs.health import Health
    from footfall.logs.recovery import Recovered

_TOOL_HEAP_MB: Final = 64
_TOOL_TIMEOUT_S: Final = 60
# Remembers from probe to probe what was read, one a process.
_health: "Health | None" = None
_lock = threading.Lock()


def _command(settings: Settings) -> list[str]:
    conf = settings.conf_dir / "flume"
    options = [*_jvm.OPEN, _jvm.log4j(conf)]
    arguments = ["-n", "a", "-f", str(conf / "flume.conf"), "--no-reload-conf"]
    main = "org.apache.flume.node.Application"
    # It holds batches of 500 lines and an index of its channel, 8 bytes a line.
    heap_mb = settings.heaps_mb.flume
    return _jvm.java(settings, "flume", "flume", heap_mb, main, arguments, options=options, before=[conf])


def _values(_: Settings) -> dict[str, Any]:
    return {"apps": APP_IDS, "log_kinds": LOG_KINDS}


def _prepare(settings: Settings) -> None:
    """Makes the folders that Flume looks into, and finishes what an earlier one left open in HDFS."""
    for app in APP_IDS:
        (settings.logs_dir / "sites" / app).mkdir(parents=True, exist_ok=True)
    finish_open_files(settings)


def finish_open_files(settings: Settings) -> None:
    """Finishes every open log file, since no Flume runs that writes it. What cannot be is left to the sweep."""
    for sentence in _recover(settings, older_than_s=0).left:
        print(sentence, flush=True)


def _finish_abandoned_files(settings: Settings) -> object:
    """Finishes the log files that are open for longer than a running Flume writes any."""
    from footfall.logs.layout import ABANDONED_S

    return _recover(settings, older_than_s=ABANDONED_S)


def _recover(settings: Settings, older_than_s: float) -> "Recovered":
    from footfall.hdfs import Hdfs
    from footfall.logs.recovery import recover

    return recover(Hdfs(settings), _take_from_writer(settings), time.time(), older_than_s)


def _take_from_writer(settings: Settings) -> Callable[[str], None]:
    """Takes files in HDFS from the writer that abandoned them. WebHDFS cannot do it, so each costs a JVM."""
    from footfall.hdfs import HdfsUnavailable

    def take(path: str) -> None:
        # Asked for once: HDFS goes on with it by itself, and its first answer is that it is not done yet.
        main, arguments = "org.apache.hadoop.hdfs.tools.DebugAdmin", ["recoverLease", "-path", path, "-retries", "1"]
        command = hadoop(settings, "flume", _TOOL_HEAP_MB, main, arguments)
        environment = child_environment(settings)
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=_TOOL_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HdfsUnavailable(f"HDFS could not be asked to take {path} from its writer: {error}.") from None

    return take


def _probe(settings: Settings) -> None:
    """Asks the sites' files, Flume's positions and HDFS: is every line read soon, and does what is read arrive?"""
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


SERVICES = (
    Service(
        name="flume",
        engine="flume",
        profiles=("realtime",),
        needs=("namenode", "datanode"),
        command=_command,
        templates=("flume/flume.conf", "flume/log4j.properties", "hadoop/core-site.xml", "hadoop/hdfs-site.xml"),
        values=_values,
        prepare=_prepare,
        probe=_probe,
        lags=(UnusualLag("logs", most_s=60.0, subject="Log lines that Flume has not read are"),),
        sweeps=(
            Sweep("site logs", 600, _sweep_site_logs),
            Sweep("logs left open", 600, _finish_abandoned_files),
            Sweep("logs in HDFS", 3600, _sweep_hdfs_logs),
        ),
        # It closes its files in HDFS.
        stop_s=60,
    ),
)

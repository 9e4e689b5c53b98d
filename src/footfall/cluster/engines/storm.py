"""Storm: Nimbus, the supervisor, and the live topology in the supervisor's worker."""

import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from footfall.cluster.engines import _jvm
from footfall.cluster.service import Part, Report, Service, Sweep, UnusualLag
from footfall.runtime.built_jars import TOPOLOGY
from footfall.runtime.errors import ClusterError, RetryUseless, Unhealthy
from footfall.runtime.jars import lib_dir
from footfall.settings import Settings

_LEFTOVERS_DAYS: Final = 7
_MOST_AGE_S: Final = 30
_TEMPLATES: Final = ("storm/storm.yaml", "storm/cluster.xml", "storm/worker.xml")


def _nimbus(settings: Settings) -> list[str]:
    # Nimbus manages one topology.
    return _storm(settings, "storm-nimbus", settings.heaps_mb.storm_nimbus, "org.apache.storm.daemon.nimbus.Nimbus")


def _supervisor(settings: Settings) -> list[str]:
    # The supervisor starts one worker.
    main = "org.apache.storm.daemon.supervisor.Supervisor"
    return _storm(settings, "storm-supervisor", settings.heaps_mb.storm_supervisor, main)


def _storm(settings: Settings, name: str, heap_mb: int, main: str) -> list[str]:
    home = storm_home(settings, name)
    options = [
        *_jvm.QUICK,
        f"-Ddaemon.name={name.removeprefix('storm-')}",
        "-Dstorm.options=",
        "-Dstorm.conf.file=",
        f"-Dstorm.home={home}",
        f"-Dstorm.log.dir={settings.logs_dir / 'storm'}",
        f"-Dlog4j.configurationFile={home / 'log4j2' / 'cluster.xml'}",
    ]
    # The jar of the topology contains the transport that binds the daemons to loopback.
    jar = TOPOLOGY.path(settings)
    return _jvm.java(settings, "storm", name, heap_mb, main, (), options=options, before=[home / "conf"], after=[jar])


def storm_home(settings: Settings, name: str) -> Path:
    """The `storm.home` of a daemon: links to the jars, and its configuration."""
    return settings.conf_dir / name / "home"


def _create_home(name: str) -> Callable[[Settings], None]:
    """Returns a function that creates `storm.home` with the layout that the supervisor expects for its workers."""

    def create_home(settings: Settings) -> None:
        home = storm_home(settings, name)
        for folder in ("conf", "log4j2", "extlib", "extlib-daemon"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        for link in ("lib", "lib-worker"):
            _link(home / link, lib_dir(settings, "storm"))
        conf = settings.conf_dir / name
        shutil.copyfile(conf / "storm.yaml", home / "conf" / "storm.yaml")
        for file in ("cluster.xml", "worker.xml"):
            shutil.copyfile(conf / file, home / "log4j2" / file)
        (settings.logs_dir / "storm").mkdir(parents=True, exist_ok=True)

    return create_home


def _prepare_supervisor(settings: Settings) -> None:
    _create_home("storm-supervisor")(settings)
    _delete_zombie_pids(settings)


def _delete_zombie_pids(settings: Settings) -> None:
    """Deletes the pid files of worker processes that are zombies.

    The supervisor would take a zombie for a living worker and wait for its end before it starts another one.
    """
    for pid_file in (settings.data_dir / "storm" / "workers").glob("*/pids/*"):
        with suppress(psutil.NoSuchProcess, ValueError):
            if psutil.Process(int(pid_file.name)).status() == psutil.STATUS_ZOMBIE:
                pid_file.unlink(missing_ok=True)


def _link(link: Path, target: Path) -> None:
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _probe_nimbus(settings: Settings) -> None:
    from footfall.cluster.engines._storm_thrift import ask_nimbus

    ask_nimbus(settings.address("storm_nimbus"))


def _probe_supervisor(settings: Settings) -> None:
    from footfall.cluster.engines._storm_thrift import ask_supervisor

    ask_supervisor(settings.address("storm_supervisor"))


def _probe_topology(settings: Settings) -> None:
    """Checks that the figures are recent. The topology stores its progress at least once a second."""
    from footfall.realtime.lag import LagUnknown, lag

    try:
        seconds = lag(settings).age_s
    except LagUnknown as error:
        raise Unhealthy(str(error)) from None
    if seconds is None:
        raise Unhealthy("it has not caught up with Kafka yet")
    if seconds > _MOST_AGE_S:
        raise Unhealthy(f"its newest figures are {seconds:.0f} s old")


def _submitted_s(settings: Settings) -> float | None:
    from footfall.realtime.deploy import submitted_s

    return submitted_s(settings)


def _deploy(settings: Settings) -> None:
    """Submits the live topology, or replaces it if it has changed."""
    from footfall.realtime.deploy import deploy
    from footfall.realtime.errors import DeployError
    from footfall.realtime.lag import ProgressRefused

    try:
        deploy(settings)
    except ProgressRefused as error:
        raise RetryUseless(str(error)) from None
    except DeployError as error:
        raise ClusterError(str(error)) from None


def _stop_topology(settings: Settings, ran: Collection[str], report: Report) -> None:
    """Lets the spout stop and the bolts flush. If Storm does not answer, the worker ends with its supervisor."""
    if "storm-nimbus" not in ran:
        return
    from footfall.realtime.deploy import stop
    from footfall.realtime.errors import DeployError

    with suppress(DeployError, ClusterError):
        stop(settings)
        report("stopped the topology")


def _sweep_logs(settings: Settings) -> None:
    """Deletes logs of earlier deployments of the topology; each deployment has its own folder."""
    before = time.time() - _LEFTOVERS_DAYS * 86_400
    for folder in (settings.logs_dir / "storm" / "workers-artifacts").glob("*/"):
        written = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
        if max(written, default=folder.stat().st_mtime) < before:
            shutil.rmtree(folder, ignore_errors=True)


def _kill_problem(_: Settings) -> str:
    """The supervisor ends workers by the command `kill`, and ends itself if that is missing."""
    if shutil.which("kill"):
        return ""
    return "The command `kill` is missing, which Storm's supervisor needs. Install the package procps."


def _install_kill(settings: Settings, _: Callable[[], str], report: Report) -> str | None:
    from footfall.runtime.java import apt_install

    if _kill_problem(settings):
        apt_install(["procps"], report)
    return _kill_problem(settings) or None


_KILL = Part(problem=_kill_problem, install=_install_kill)

SERVICES = (
    Service(
        name="storm-nimbus",
        engine="storm",
        profiles=("realtime",),
        needs=("zookeeper",),
        ports=("storm_nimbus",),
        command=_nimbus,
        templates=_TEMPLATES,
        values=lambda _: {"daemon": "storm_nimbus"},
        prepare=_create_home("storm-nimbus"),
        jars=(TOPOLOGY,),
        probe=_probe_nimbus,
        # Nimbus needs no orderly shutdown, because its state is in ZooKeeper.
        stop_s=5,
    ),
    Service(
        name="storm-supervisor",
        engine="storm",
        profiles=("realtime",),
        needs=("storm-nimbus",),
        ports=("storm_supervisor",),
        command=_supervisor,
        templates=_TEMPLATES,
        values=lambda _: {"daemon": "storm_supervisor"},
        prepare=_prepare_supervisor,
        jars=(TOPOLOGY,),
        parts=(_KILL,),
        probe=_probe_supervisor,
        sweeps=(Sweep("storm logs", 3600, _sweep_logs, on_each_node=True),),
        stop_s=15,
    ),
    Service(
        name="topology",
        engine="storm",
        profiles=("realtime",),
        needs=("storm-supervisor", "kafka-topics", "hbase-tables"),
        step=_deploy,
        # A new deployment does not help while the supervisor waits for an old worker to end.
        restarts=("storm-supervisor",),
        changed_s=_submitted_s,
        jars=(TOPOLOGY,),
        probe=_probe_topology,
        lags=(UnusualLag("live", most_s=5.0, subject="The live figures are"),),
        # Stopped after the sites, which feed it, and before HBase, which it writes to.
        stop_rank=4,
        after_stop=_stop_topology,
    ),
)

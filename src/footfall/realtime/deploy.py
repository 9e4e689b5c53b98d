"""Submits the live topology to Storm, replaces it when it has changed, and stops it.

Storm itself is asked what runs: the fingerprint is part of the topology's configuration, so no second record of it can
be wrong. Each request starts Java (about two seconds), which also does the waiting.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import psutil

from footfall import names
from footfall.realtime import topology
from footfall.realtime.errors import DeployError
from footfall.runtime.environment import child_environment
from footfall.runtime.java import java_home
from footfall.settings import Settings

# The time in which the packs of a stopped spout must be counted, flushed and committed before the worker is killed.
_DRAIN_S: Final = 5
_GONE_TIMEOUT_S: Final = 60
_ANSWER_TIMEOUT_S: Final = 60
_EXIT_TIMED_OUT: Final = 3
_POLL_EVERY_S: Final = 0.2

# Standard output carries the result, so logs go to standard error.
_LOG4J: Final = """status = error
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %p %c{1} %m%n
rootLogger.level = error
rootLogger.appenderRef.err.ref = err
"""

Action = Literal["nothing", "activate", "replace", "submit"]


@dataclass(frozen=True, slots=True)
class TopologyState:
    """The topology's state according to Storm. `running` of its `executors` have reported that they run."""

    id: str
    status: str
    uptime_s: int
    fingerprint: str | None
    executors: int
    running: int
    errors: tuple[dict[str, Any], ...]


def deploy(settings: Settings) -> Action:
    """Makes Storm run the topology that jar, settings and sources define, and waits until it runs.

    Returns the action that was needed. Raises DeployError, or the errors of `check_before_deploy`; then the topology
    does not run, and the stores are unchanged.
    """
    jar = topology.jar_path(settings)
    if not jar.is_file():
        raise DeployError(f"The topology's jar {jar} is missing; `./footfall up` builds it.")
    defined = topology.definition(settings)
    wanted = topology.fingerprint(jar.read_bytes(), defined, topology.sources())
    action = plan(state(settings), wanted)
    if action == "activate":
        _control(settings, "activate", names.TOPOLOGY)
    if action == "replace":
        stop(settings)
    if action in ("submit", "replace"):
        # Imported here, since it needs HBase's and Kafka's clients and only a submission needs it.
        from footfall.realtime.lag import check_before_deploy

        check_before_deploy(settings)
        _submit(settings, defined, wanted)
    if action != "nothing":
        _await_running(settings)
    return action


def plan(present: TopologyState | None, wanted: str) -> Action:
    """Decides which action makes Storm run the topology with the fingerprint `wanted`."""
    if present is None:
        return "submit"
    if present.fingerprint != wanted or present.status == "KILLED":
        return "replace"
    return "nothing" if present.status == "ACTIVE" else "activate"


def state(settings: Settings) -> TopologyState | None:
    """The topology's state according to Storm; None if there is none. Raises DeployError if Storm does not answer."""
    return parse_state(_control(settings, "list"))


def stop(settings: Settings) -> None:
    """Kills the topology, if there is one, and waits until none of its processes is left.

    Raises DeployError if that takes longer than a minute.
    """
    present = state(settings)
    if present is None:
        return
    _control(settings, "kill", names.TOPOLOGY, str(_DRAIN_S), str(_GONE_TIMEOUT_S))
    # On other nodes an old worker may live for some seconds more. What it writes then is older than what a new one
    # writes, so HBase ignores it.
    _await_gone(settings.home, present.id)


def parse_state(answer: str) -> TopologyState | None:
    """Finds this project's topology in the output of `footfall.live.TopologyControl`."""
    for entry in json.loads(answer):
        if entry["name"] == names.TOPOLOGY:
            return TopologyState(
                id=entry["id"],
                status=entry["status"],
                uptime_s=entry["uptime_s"],
                fingerprint=entry["fingerprint"],
                executors=entry["executors"],
                running=entry["running"],
                errors=tuple(entry["errors"]),
            )
    return None


def submitted_s(settings: Settings) -> float | None:
    """When the topology was last submitted (epoch seconds), by its file; None if it never was."""
    try:
        return _definition_path(settings).stat().st_mtime
    except OSError:
        return None


def storm_options(options: dict[str, Any]) -> str:
    """The value of a Storm client's property `storm.options`: URL-quoted `key=JSON` pairs, separated by commas."""
    return ",".join(quote(f"{key}={json.dumps(value)}", safe="") for key, value in options.items())


def _submit(settings: Settings, defined: dict[str, Any], fingerprint: str) -> None:
    marked = {**defined, "config": {**defined["config"], topology.FINGERPRINT_KEY: fingerprint}}
    _conf_dir(settings)
    path = _definition_path(settings)
    path.write_text(json.dumps(marked, indent=1))
    _java(settings, "footfall.live.LiveTopology", [str(path)], _ANSWER_TIMEOUT_S)


def _await_running(settings: Settings) -> None:
    within = settings.up_timeout_s
    _control(settings, "await", names.TOPOLOGY, str(within), timeout_s=within + _ANSWER_TIMEOUT_S)


def _control(settings: Settings, *arguments: str, timeout_s: float = _GONE_TIMEOUT_S + _ANSWER_TIMEOUT_S) -> str:
    return _java(settings, "footfall.live.TopologyControl", list(arguments), timeout_s)


def _java(settings: Settings, main: str, arguments: list[str], timeout_s: float) -> str:
    jar = topology.jar_path(settings)
    logging = _conf_dir(settings) / "log4j2.properties"
    logging.write_text(_LOG4J)
    options = {"nimbus.seeds": settings.hosts.of("storm_nimbus"), "nimbus.thrift.port": settings.port("storm_nimbus")}
    command = [
        str(java_home(settings) / "bin" / "java"),
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.net.preferIPv4Stack=true",
        f"-Dlog4j.configurationFile={logging}",
        f"-Dstorm.jar={jar}",
        f"-Dstorm.options={storm_options(options)}",
        "-cp",
        f"{settings.install / 'jars' / 'storm' / 'lib'}/*:{jar}",
        main,
        *arguments,
    ]
    try:
        environment = child_environment(settings)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise DeployError(
            f"Storm's Nimbus on port {settings.port('storm_nimbus')} did not answer {main.rpartition('.')[2]} "
            f"{' '.join(arguments[:1])} within {timeout_s:.0f} s; see `./footfall logs storm-nimbus`."
        ) from None
    except OSError as error:
        raise DeployError(f"Java could not be started: {error}.") from None
    if done.returncode == _EXIT_TIMED_OUT:
        raise DeployError(_timeout_message(arguments, parse_state(done.stdout)))
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("Picked up ")]
        reason = lines[0] if lines else "no reason given"
        raise DeployError(f"Storm refused {main.rpartition('.')[2]} {' '.join(arguments)}: {reason}")
    return done.stdout


def _timeout_message(arguments: list[str], present: TopologyState | None) -> str:
    waited = f"Topology {names.TOPOLOGY} was given {arguments[-1]} s to {'end' if arguments[0] == 'kill' else 'run'}"
    if present is None:
        return f"{waited} and Storm does not know it; see `./footfall logs storm-nimbus`."
    latest = max(present.errors, key=lambda error: int(error["at_s"]), default=None)
    reason = f" Its last error: {str(latest['error']).strip().splitlines()[0]}" if latest else ""
    return (
        f"{waited} and is {present.status} with {present.running} of {present.executors} executors at work; "
        f"see `./footfall logs storm-supervisor`.{reason}"
    )


def _await_gone(home: Path, topology_id: str) -> None:
    """Waits until the supervisor has ended the topology's workers: an old worker must not count beside a new one."""
    until = time.monotonic() + _GONE_TIMEOUT_S
    while pids := _processes_of(home, topology_id):
        if time.monotonic() > until:
            raise DeployError(
                f"Processes of the ended topology {topology_id} still run after {_GONE_TIMEOUT_S} s: "
                f"{', '.join(map(str, pids))}; see `./footfall logs storm-supervisor`."
            )
        time.sleep(_POLL_EVERY_S)


def _processes_of(home: Path, topology_id: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            named = any(topology_id in word for word in process.cmdline())
            if named and process.environ().get("FOOTFALL_MARK") == str(home):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _definition_path(settings: Settings) -> Path:
    """The file that each submission writes its definition to."""
    return settings.conf_dir / "topology" / f"{names.TOPOLOGY}.json"


def _conf_dir(settings: Settings) -> Path:
    folder = _definition_path(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder

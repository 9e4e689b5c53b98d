"""Calls Docker and Docker Compose, and reads the state of the cluster's nodes."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from footfall.cluster.containers import scale
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

IMAGE: Final = "footfall:latest"
# The Python of the nodes, which has our packages.
PYTHON: Final = "/opt/footfall/install/venv/bin/python"
# The ports of a browser on this machine: the variable of compose.yaml, and the name in `Ports`.
PUBLISHED: Final = {
    "FOOTFALL_SHOP_PORT": "shop",
    "FOOTFALL_NEWS_PORT": "news",
    "FOOTFALL_ACADEMY_PORT": "academy",
    "FOOTFALL_COLLECTOR_PORT": "collector",
    "FOOTFALL_DASHBOARD_PORT": "dashboard",
    "FOOTFALL_AIRFLOW_PORT": "airflow",
}
Profile = Literal["core", "full"]
# The profile of the services that each profile of the cluster runs.
SERVICES_OF: Final = {"core": "realtime", "full": "full"}
# The profile of compose.yaml with a second NameNode, in addition to another profile.
HA: Final = "ha"
# The profile of compose.yaml with the demo sites and their visitors, likewise.
DEMO: Final = "demo"
_DEMO_PORTS: Final = ("shop", "news", "academy")
_QUICK_S: Final = 60
_TRIES: Final = 5
_OLDEST_COMPOSE: Final = (2, 20)

State = Literal["healthy", "starting", "unhealthy", "done", "paused", "partitioned", "stopped"]


class Node(NamedTuple):
    """A container of the cluster. networks: those that it is connected to. started_at: RFC 3339, UTC.

    events_partitions: the setting that it was started with; 0 if it was started without.
    """

    name: str
    service: str  # in Footfall's table of services
    container: str
    state: State
    detail: str
    restarts: int
    started_at: str
    networks: tuple[str, ...]
    events_partitions: int = 0

    @property
    def is_well(self) -> bool:
        """Whether it is healthy, or a step that is done."""
        return self.state in ("healthy", "done")


def project(settings: Settings) -> str:
    """The name of the Compose project. An offset of the ports makes a second cluster possible."""
    return f"footfall-{settings.port_offset}" if settings.port_offset else "footfall"


def published(settings: Settings) -> dict[str, str]:
    """`PUBLISHED` of the nodes that run with these settings."""
    return {variable: port for variable, port in PUBLISHED.items() if settings.demo.enabled or port not in _DEMO_PORTS}


def environment(settings: Settings, profile: Profile, ha: bool) -> dict[str, str]:
    """The variables that compose.yaml reads. ha: whether there is a second NameNode."""
    return {
        **os.environ,
        "FOOTFALL_CLUSTER_PROFILE": SERVICES_OF[profile],
        "FOOTFALL_CLUSTER_HA": "1" if ha else "",
        "FOOTFALL_VISITORS_PER_SITE": str(settings.visitors_per_site),
        "FOOTFALL_EVENTS_PARTITIONS": str(settings.events_partitions),
        "FOOTFALL_LIVE_TASKS": str(settings.live_tasks),
        "FOOTFALL_AUTOMATIC_BATCHES": str(settings.automatic_batches).lower(),
        "FOOTFALL_DEMO__ENABLED": str(settings.demo.enabled).lower(),
        "FOOTFALL_YARN__ONE_CONTAINER_MB": str(settings.yarn.one_container_mb),
        **{variable: str(settings.port(port)) for variable, port in PUBLISHED.items()},
    }


def profiles(settings: Settings, profile: Profile, ha: bool) -> list[str]:
    """The profiles of compose.yaml that make up this cluster. ha: whether there is a second NameNode."""
    return [profile, *([HA] if ha else []), *([DEMO] if settings.demo.enabled else [])]


def compose(settings: Settings, chosen: Sequence[str], *arguments: str) -> list[str]:
    """The command line of Docker Compose for these profiles of compose.yaml."""
    files = [scale.FILE, *([scale.path(settings)] if scale.path(settings).exists() else [])]
    return [
        program(),
        "compose",
        "--project-name",
        project(settings),
        *(word for file in files for word in ("--file", str(file))),
        *(word for profile in chosen for word in ("--profile", profile)),
        *arguments,
    ]


def ours(settings: Settings) -> tuple[str, str]:
    """The option of `docker ps` and its like that selects what belongs to this cluster."""
    return "--filter", f"label=com.docker.compose.project={project(settings)}"


def call(*arguments: str, timeout_s: float = _QUICK_S) -> str:
    """Runs a Docker command and returns its output. Raises ClusterError with Docker's last line."""
    return output([program(), *arguments], None, timeout_s)


def output(command: list[str], environment: dict[str, str] | None, timeout_s: float = _QUICK_S) -> str:
    """Runs a command line of Docker and returns its output. Raises ClusterError with Docker's last line.

    environment: its variables; None for those of this process.
    """
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"Docker did not answer: {error}.") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise ClusterError(f"Docker could not do `{' '.join(command[1:3])}`: {lines[-1][:300] if lines else '?'}")
    return done.stdout


def engine_version() -> str:
    """The version of the Docker engine. Raises ClusterError with the remedy if there is none."""
    try:
        return call("version", "--format", "{{.Server.Version}}").strip()
    except ClusterError as error:
        raise ClusterError(f"No Docker engine answers. Start one, and see that you may use it. ({error})") from None


def check_compose() -> None:
    """Raises ClusterError with the remedy unless there is Docker Compose v2."""
    try:
        version = call("compose", "version", "--short").strip()
    except ClusterError:
        version = ""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < _OLDEST_COMPOSE:
        raise ClusterError(
            f"Docker Compose {'.'.join(map(str, _OLDEST_COMPOSE))} or newer is needed, and "
            f"{version or 'none'} is installed. Install the package docker-compose-plugin."
        )


def build() -> int:
    """Builds the image, with Docker's progress on stderr. Returns the exit status."""
    command = [program(), "build", "--tag", IMAGE, str(REPOSITORY)]
    return subprocess.run(command, env=os.environ | {"DOCKER_BUILDKIT": "1"}, stdout=2, check=False).returncode


def nodes(settings: Settings) -> list[Node]:
    """All containers of the cluster, by name. Raises ClusterError."""
    for attempt in range(_TRIES):
        ids = call("ps", "--all", "--quiet", "--no-trunc", *ours(settings)).split()
        try:
            documents = json.loads(call("inspect", *ids)) if ids else []
        except ClusterError:
            # Compose may have replaced a container since it was listed.
            if attempt == _TRIES - 1:
                raise
            continue
        # While a container is replaced, there are two with the name of the node; the new one is not started yet.
        return sorted(map(_node, documents), key=lambda node: node.name)
    return []


def find(settings: Settings, name: str) -> Node:
    """The node with this name. Raises ClusterError with the known names."""
    known = {node.name: node for node in nodes(settings)}
    if name not in known:
        raise ClusterError(
            f"There is no node {name!r}; there are: {', '.join(known)}."
            if known
            else "The cluster does not run. `./footfall cluster up` starts it."
        )
    return known[name]


def inside(settings: Settings, arguments: Sequence[str], terminal: bool) -> list[str]:
    """The command that runs a verb of Footfall on the node of the command line."""
    return on_node(find(settings, "cli"), [PYTHON, "-m", "footfall", *arguments], terminal)


def on_node(node: Node, command: Sequence[str], terminal: bool) -> list[str]:
    """The command line that runs a command on a node. terminal: whether it has one."""
    return [program(), "exec", "--interactive", *(["--tty"] if terminal else []), node.container, *command]


def _node(document: dict[str, Any]) -> Node:
    state, labels = document["State"], document["Config"]["Labels"]
    command = document["Config"].get("Cmd") or [""]
    networks = tuple(sorted(document["NetworkSettings"]["Networks"]))
    variables = dict(line.split("=", 1) for line in document["Config"].get("Env") or [])
    log = (state.get("Health") or {}).get("Log") or []
    detail = str(log[-1]["Output"]).strip() if log else ""
    name = labels["com.docker.compose.service"]
    return Node(
        name=name,
        service=str(command[-1]),
        container=str(document["Id"])[:12],
        state=_state(state, networks),
        detail="" if detail == "ok" else detail[:300],
        restarts=int(document["RestartCount"]),
        started_at=str(state["StartedAt"]),
        networks=networks,
        events_partitions=int(variables.get("FOOTFALL_EVENTS_PARTITIONS", 0)),
    )


def _state(state: dict[str, Any], networks: tuple[str, ...]) -> State:
    if state.get("Paused"):
        return "paused"
    if state["Status"] == "created":
        return "starting"
    if not state["Running"] and not state.get("Restarting"):
        return "done" if state["ExitCode"] == 0 and not state.get("Health") else "stopped"
    if not networks:
        return "partitioned"
    health = (state.get("Health") or {}).get("Status", "starting")
    return "healthy" if health == "healthy" else "unhealthy" if health == "unhealthy" else "starting"


def program() -> str:
    """The path of the command `docker`. Raises ClusterError with the remedy if it is missing."""
    found = shutil.which("docker")
    if found is None:
        raise ClusterError("The command `docker` is missing. Install Docker with its Compose plugin.")
    return str(Path(found))

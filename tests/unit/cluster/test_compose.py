"""compose.yaml: every service has its nodes, and no node has more rights than it needs."""

import json
import re
from typing import Any

import pytest
import yaml

from footfall.cluster.containers import docker, lifecycle
from footfall.cluster.services import BY_NAME, SERVICES
from footfall.hosts import Hosts
from footfall.setting_groups import Demo
from footfall.settings import REPOSITORY, Settings

_TEXT = (REPOSITORY / "compose.yaml").read_text("utf-8")
_FILE = yaml.safe_load(_TEXT)
_NODES: dict[str, dict[str, Any]] = _FILE["services"]
_CLI = "cli"
_ON_FRONT = ("site-", "collector", "visitors-", "dashboard", "airflow-api-server", "watchdog", _CLI)
_VISITED = ("site-", "collector", "dashboard", "airflow-api-server")


def _service(node: str) -> str:
    first, name = _NODES[node]["command"]
    assert first == "run"
    return str(name)


def _environment(node: str, ha: bool = True) -> dict[str, str]:
    """The settings of a node. A `${NAME:-default}` has its default; ha: whether a `${NAME:+addition}` counts."""
    additions = r"\1" if ha else ""
    return {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\+([^}]*)\}", additions, str(value)))
        for name, value in _NODES[node]["environment"].items()
    }


def test_every_service_has_a_node_and_every_node_a_service() -> None:
    assert {_service(node) for node in _NODES} == {*BY_NAME, _CLI}


@pytest.mark.parametrize("node", _NODES)
def test_a_node_is_known_by_its_name_and_has_no_rights(node: str) -> None:
    definition = _NODES[node]
    assert definition["hostname"] == definition["environment"]["FOOTFALL_HOST"] == node
    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "devices", "network_mode", "pid", "env_file"} & set(definition)
    assert re.fullmatch(r"[0-9]+[mg]", definition["mem_limit"])
    # Docker refuses a node that may use more processors than the machine has.
    assert 1 <= definition["cpus"] <= lifecycle.NEEDED_PROCESSORS
    assert definition["pids_limit"] > 0
    assert definition["logging"]["options"]["max-size"]


@pytest.mark.parametrize("node", _NODES)
def test_a_step_ends_and_a_process_is_watched(node: str) -> None:
    definition, service = _NODES[node], BY_NAME.get(_service(node))
    if service is not None and service.kind == "step":
        assert definition["restart"] == "on-failure:3"
        assert definition["healthcheck"] == {"disable": True}
        return
    assert definition["restart"] == "unless-stopped"
    assert "/footfall/conf/health" in definition["healthcheck"]["test"][1]
    if service is not None:
        assert int(definition["stop_grace_period"].removesuffix("s")) > service.stop_s


@pytest.mark.parametrize("node", _NODES)
def test_only_what_people_reach_is_on_the_front_network_and_bound_to_this_machine(node: str) -> None:
    definition, service = _NODES[node], _service(node)
    assert ("front" in definition["networks"]) == service.startswith(_ON_FRONT)
    published = definition.get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert bool(published) == service.startswith(_VISITED)
    assert _FILE["networks"]["data"] == {"internal": True}


def test_each_host_in_the_settings_is_a_node_that_listens_there() -> None:
    by_host: dict[str, list[str]] = {}
    for daemon in Hosts.model_fields:
        for host in json.loads(_environment(_CLI)[f"FOOTFALL_HOSTS__{daemon.upper()}"]):
            by_host.setdefault(host, []).append(daemon)
    for host, daemons in by_host.items():
        ports = BY_NAME[_service(host)].ports
        for daemon in daemons:
            assert any(port.startswith(daemon) or (daemon == "sites" and f"site-{port}" == host) for port in ports)
    listening = {node for node in _NODES if (service := BY_NAME.get(_service(node))) is not None and service.ports}
    assert by_host.keys() == listening


def test_without_the_overlay_no_host_is_one_of_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = {node for node, definition in _NODES.items() if definition.get("profiles") == [docker.HA]}
    assert {_service(node) for node in overlay} == {"namenode", "journalnode", "zkfc"}
    for ha, named in ((False, set[str]()), (True, overlay)):
        for name, value in _environment(_CLI, ha).items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        assert {host for _, hosts in settings.hosts for host in hosts} & overlay == named
        assert settings.has_standby == ha


@pytest.mark.parametrize("node", _NODES)
def test_all_nodes_have_the_same_settings(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _environment(node).items():
        monkeypatch.setenv(name, value)
    assert Settings().is_node
    own, other = (
        {key: value for key, value in _environment(name).items() if key not in ("FOOTFALL_HOST", "FOOTFALL_PROFILE")}
        for name in (node, _CLI)
    )
    assert own == other
    # If other nodes had it, another profile would replace them all.
    assert ("FOOTFALL_PROFILE" in _environment(node)) == (node == _CLI)


def test_what_waits_for_a_step_needs_it() -> None:
    """Only steps order the first start. Nodes wait for processes by themselves."""
    for node, definition in _NODES.items():
        service = BY_NAME.get(_service(node))
        before = definition.get("depends_on", {})
        assert all(how == {"condition": "service_completed_successfully"} for how in before.values())
        steps = {need for need in (service.needs if service else ()) if BY_NAME[need].kind == "step"}
        assert set(map(_service, before)) == steps, node


def test_each_volume_is_mounted_and_has_its_folder_in_the_image() -> None:
    mounted = [mount.split(":") for definition in _NODES.values() for mount in definition.get("volumes", [])]
    assert {name for name, _ in mounted} == set(_FILE["volumes"])
    image = (REPOSITORY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    listed = re.search(r"for folder in (.*?);", image)
    assert listed is not None
    # A volume takes the owner of the folder in the image.
    assert {path.removeprefix("/footfall/") for _, path in mounted} <= set(listed[1].split())


def test_the_page_states_the_sum_of_all_limits() -> None:
    """Of the nodes that stay. A step ends before most of the others have started."""
    page = (REPOSITORY / "docs" / "operating" / "cluster.md").read_text("utf-8")
    for profile in ("core", "full"):
        staying = [
            node
            for node in _NODES.values()
            if node["restart"] == "unless-stopped" and {*node.get("profiles", [])} <= {profile, docker.DEMO}
        ]
        memory_mib = sum(int(node["mem_limit"][:-1]) << (10 if node["mem_limit"][-1] == "g" else 0) for node in staying)
        processors = sum(node["cpus"] for node in staying)
        assert f"| `{profile}` | {len(staying)} | {memory_mib / 1024:.1f} GiB | {processors} |" in page


def test_the_profile_core_is_the_live_path() -> None:
    core = {_service(node) for node, node_ in _NODES.items() if {*node_.get("profiles", [])} <= {docker.DEMO}}
    assert core == {_CLI, *(service.name for service in SERVICES if "realtime" in service.profiles)}


def test_without_the_demo_sites_exactly_their_nodes_are_left_out(settings: Settings) -> None:
    off = settings.model_copy(update={"demo": Demo(enabled=False), "host": "cli"})
    left_out = {_service(node) for node, node_ in _NODES.items() if node_.get("profiles") == [docker.DEMO]}
    assert left_out == {service.name for service in SERVICES if service.switched_off and service.switched_off(off)}
    assert docker.profiles(off, "core", ha=False) == ["core"]
    assert docker.profiles(settings, "full", ha=False) == ["full", docker.DEMO]
    assert docker.environment(off, "core", ha=False)["FOOTFALL_DEMO__ENABLED"] == "false"
    assert sorted(docker.published(off).values()) == ["airflow", "collector", "dashboard"]


def test_published_ports_follow_the_settings(settings: Settings) -> None:
    moved = settings.model_copy(update={"port_offset": 100})
    environment = docker.environment(moved, "core", ha=False)
    assert environment["FOOTFALL_SHOP_PORT"] == "5101"
    assert environment["FOOTFALL_CLUSTER_PROFILE"] == "realtime"
    assert docker.project(moved) != docker.project(settings)
    used = set(re.findall(r"\$\{(\w+):[-+]", _TEXT))
    assert used <= {*environment, "FOOTFALL_IMAGE_TAG", "FOOTFALL_KAFKA_CLUSTER_ID"}

"""What Docker says of a container, as the state of a node."""

from typing import Any

import pytest

from footfall.cluster.containers import docker, lifecycle
from footfall.cluster.containers.docker import Node
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


def _document(health: str | None = "healthy", said: str = "ok", **state: Any) -> dict[str, Any]:
    base = {"Status": "running", "Running": True, "Paused": False, "ExitCode": 0, "StartedAt": "2026-11-29T20:00:00Z"}
    checks = {} if health is None else {"Health": {"Status": health, "Log": [{"Output": f"{said}\n"}]}}
    return {
        "Id": "0123456789abcdef",
        "State": {**base, **checks, **state},
        "RestartCount": 2,
        "Config": {"Cmd": ["run", "kafka"], "Labels": {"com.docker.compose.service": "kafka-1"}},
        "NetworkSettings": {"Networks": {"footfall_data": {}}},
    }


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (_document(), "healthy"),
        (_document("starting"), "starting"),
        (_document("unhealthy", "no answer"), "unhealthy"),
        (_document(Paused=True), "paused"),
        (_document(Running=False, Status="exited", ExitCode=137), "stopped"),
        (_document(Running=False, Status="exited"), "stopped"),
        (_document(None, Running=False, Status="exited"), "done"),
        (_document(None, Running=False, Status="exited", ExitCode=1), "stopped"),
        (_document(None), "starting"),
        (_document(None, Running=False, Status="created"), "starting"),
        (_document(Running=False, Restarting=True, Status="restarting", ExitCode=1), "healthy"),
    ],
)
def test_the_state_of_a_node(document: dict[str, Any], state: str) -> None:
    assert docker._node(document).state == state


def test_a_node_without_a_network_is_cut_off() -> None:
    assert docker._node(_document() | {"NetworkSettings": {"Networks": {}}}).state == "partitioned"


def test_the_last_word_of_a_probe() -> None:
    node = docker._node(_document("unhealthy", "it does not answer"))
    assert (node.name, node.service, node.detail, node.restarts) == ("kafka-1", "kafka", "it does not answer", 2)
    assert docker._node(_document()).detail == ""


def test_a_missing_docker_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ClusterError, match=r"No Docker engine answers.*`docker` is missing"):
        docker.engine_version()


@pytest.mark.parametrize(
    ("version", "fits"), [("2.26.1-4", True), ("v2.20.0", True), ("2.9.9", False), ("1.29.2", False)]
)
def test_old_versions_of_compose_are_refused(monkeypatch: pytest.MonkeyPatch, version: str, fits: bool) -> None:
    monkeypatch.setattr(docker, "call", lambda *_: version)
    if fits:
        docker.check_compose()
        return
    with pytest.raises(ClusterError, match="docker-compose-plugin"):
        docker.check_compose()


def test_a_start_with_other_partitions_is_refused_before_any_node_is_replaced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = docker._node(_document(None, Running=False, Status="exited"))._replace(service="kafka-topics")
    other = settings.model_copy(update={"events_partitions": 3})
    assert lifecycle._misfits(other, [step]) == []
    [sentence] = lifecycle._misfits(other, [step._replace(events_partitions=8)])
    assert "has 8 partitions since the first `up`, and events_partitions is 3" in sentence
    # A step that was refused tells nothing about the topic.
    refused = step._replace(events_partitions=8, state="stopped")
    assert lifecycle._misfits(other, [refused]) == lifecycle._misfits(settings, [step]) == []


def test_the_number_of_partitions_that_a_node_was_started_with() -> None:
    document = _document()
    document["Config"]["Env"] = ["PATH=/bin", "FOOTFALL_EVENTS_PARTITIONS=3"]
    assert docker._node(document).events_partitions == 3
    assert docker._node(_document()).events_partitions == 0


def test_an_unknown_node_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "nodes", lambda _: [docker._node(_document())])
    with pytest.raises(ClusterError, match=r"no node 'kafka-9'; there are: kafka-1\."):
        docker.find(settings, "kafka-9")
    monkeypatch.setattr(docker, "nodes", lambda _: [])
    with pytest.raises(ClusterError, match="The cluster does not run"):
        docker.find(settings, "kafka-1")


def test_heal_undoes_each_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def node(name: str, state: docker.State, networks: tuple[str, ...] = ("n_data",)) -> Node:
        return Node(name, "kafka", f"id-{name}", state, "", 0, "", networks)

    found = [
        node("a", "paused"),
        node("b", "stopped"),
        node("c", "partitioned", ()),
        node("d", "healthy"),
        node("e", "done"),
    ]
    monkeypatch.setattr(docker, "nodes", lambda _: found)
    monkeypatch.setattr(docker, "call", lambda *words, **_: calls.append(words))
    monkeypatch.setattr(lifecycle, "_networks", lambda _: {name: ["n_data"] for name in "abcde"})
    assert lifecycle.heal(settings) == ["a", "b", "c"]
    assert calls == [
        ("unpause", "id-a"),
        ("start", "id-b"),
        ("network", "connect", "--alias", "c", "n_data", "id-c"),
    ]

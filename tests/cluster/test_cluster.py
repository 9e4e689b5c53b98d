"""The platform on many nodes: it counts, loses nothing when nodes die, and keeps its data."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from bench.cluster.kills import Fault, Sampler, disturb
from footfall.cluster.containers import docker, lifecycle
from tests.cluster.conftest import Cluster
from tests.support.long_tests import only_in_all

# The figures go on without it.
_REPLACED = (
    "zookeeper-2",
    "datanode-2",
    "hbase-master-1",
    "hbase-regionserver-1",
    "storm-supervisor-1",
    "storm-nimbus",
)
# One of its kind: what needs it waits.
_AWAITED = ("namenode", "hbase-thrift", "site-shop", "flume-shop")
# Longer than a session of ZooKeeper and the time after which Storm takes a supervisor for dead.
_DEAD_S = 75.0


@pytest.fixture(scope="module")
def sampler(cluster: Cluster) -> Iterator[Sampler]:
    """The age of the live figures, second by second."""
    found = Sampler(cluster.settings)
    yield found
    found.end()


def _records(cluster: Cluster) -> int:
    return int(cluster.assert_verified()["stores"]["kafka"]["records"])


def _inspect(cluster: Cluster) -> list[dict[str, object]]:
    nodes = [node.container for node in docker.nodes(cluster.settings)]
    return list(json.loads(docker.call("inspect", *nodes)))


def test_the_cluster_counts_and_every_store_agrees(cluster: Cluster) -> None:
    cluster.await_figures()
    assert _records(cluster) > 0


def test_every_node_runs_as_an_ordinary_user_with_nothing_to_gain(cluster: Cluster) -> None:
    for document in _inspect(cluster):
        host, config = document["HostConfig"], document["Config"]
        assert isinstance(host, dict)
        assert isinstance(config, dict)
        assert config["User"] == "footfall"
        assert (host["Privileged"], host["CapDrop"], host["ReadonlyRootfs"]) == (False, ["ALL"], True)
        assert host["Memory"] > 0
        published = [binding for bindings in (host["PortBindings"] or {}).values() for binding in bindings]
        assert {binding["HostIp"] for binding in published} <= {"127.0.0.1"}
    assert cluster.call("cluster", "exec", "kafka-1", "id", "-u").strip() == "10001"
    refused = cluster.tried("cluster", "exec", "kafka-1", "touch", "/opt/footfall/x")
    assert "Read-only file system" in refused.stderr


def test_the_networks_meet_only_where_they_must(cluster: Cluster) -> None:
    (site,) = (node for node in docker.nodes(cluster.settings) if node.name == "site-shop")
    networks = json.loads(docker.call("inspect", site.container))[0]["NetworkSettings"]["Networks"]
    (front,) = (found["IPAddress"] for name, found in networks.items() if name.endswith("_front"))
    attempt = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"

    def reaches(node: str, host: str, port: str) -> bool:
        python = (docker.PYTHON, "-c", attempt, host, port)
        return cluster.tried("cluster", "exec", node, *python).returncode == 0

    assert reaches("visitors-shop", front, "5001")
    assert not reaches("visitors-shop", "kafka-1", "9092")
    assert reaches("site-shop", "kafka-1", "9092")
    # An engine is reached by its neighbours, and gets nowhere else.
    assert reaches("kafka-2", "kafka-1", "9092")
    assert not reaches("kafka-1", front, "5001")


def test_no_secret_is_in_the_image(cluster: Cluster) -> None:
    listed = subprocess.run(
        ["docker", "run", "--rm", "--entrypoint", "find", docker.IMAGE, "/footfall", "-type", "f"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed == ""
    history = docker.call("history", "--no-trunc", docker.IMAGE)
    assert not {"password", "secret", "token"} & set(history.lower().split())


def test_a_broker_dies_and_nothing_is_lost(cluster: Cluster, sampler: Sampler) -> None:
    _survive(cluster, sampler, "kafka-1")
    cluster.assert_verified()


@only_in_all
@pytest.mark.parametrize("node", _REPLACED)
def test_a_node_dies_and_another_takes_over(cluster: Cluster, sampler: Sampler, node: str) -> None:
    _survive(cluster, sampler, node)


@only_in_all
@pytest.mark.parametrize("node", _AWAITED)
def test_a_node_dies_and_all_wait_for_it(cluster: Cluster, node: str) -> None:
    cluster.await_figures()
    cluster.call("cluster", "kill", node)
    time.sleep(20)
    cluster.call("cluster", "heal")
    cluster.await_healthy()
    cluster.await_figures()


@only_in_all
@pytest.mark.parametrize("fault", [lifecycle.pause, lifecycle.partition])
@pytest.mark.parametrize("node", ["kafka-2", "storm-supervisor-2", "hbase-regionserver-2"])
def test_a_node_is_frozen_or_cut_off_and_comes_back(
    cluster: Cluster, sampler: Sampler, fault: Fault, node: str
) -> None:
    """It wakes up while another node does its work. What it writes then is old and must not win."""
    print(json.dumps(disturb(cluster.settings, sampler, fault, node, _DEAD_S)))
    cluster.await_healthy()


@only_in_all
def test_every_store_agrees_after_all_faults(cluster: Cluster) -> None:
    cluster.assert_verified()


@only_in_all
def test_a_supervisor_more_takes_its_share_under_load(cluster: Cluster) -> None:
    """All nodes learn its name, so all start anew. Visits go on meanwhile, and nothing of them is lost."""
    before = _records(cluster)
    cluster.up("--no-build", "--scale", "storm-supervisor=3")
    cluster.await_figures()
    supervisors = [node.name for node in docker.nodes(cluster.settings) if node.service == "storm-supervisor"]
    assert len(supervisors) == 3
    for name in supervisors:
        # Fails if there is none.
        cluster.call("cluster", "exec", name, "pgrep", "--full", "org.apache.storm.daemon.worker.Worker")
    assert _records(cluster) > before


@only_in_all
def test_data_and_ids_outlive_the_containers(cluster: Cluster) -> None:
    before = _records(cluster)
    identity = ("cluster", "exec", "kafka-2", "cat", "/footfall/data/kafka/meta.properties")
    ids = cluster.call(*identity)
    cluster.call("cluster", "down")
    cluster.up("--no-build")
    cluster.await_figures()
    assert cluster.call(*identity) == ids
    assert _records(cluster) > before


def _survive(cluster: Cluster, sampler: Sampler, node: str) -> None:
    """Kills a node, and heals it. The figures must have been current again before that."""
    row = disturb(cluster.settings, sampler, lifecycle.kill, node, _DEAD_S)
    print(json.dumps(row))
    assert row["late_s"] is not None
    cluster.await_healthy()

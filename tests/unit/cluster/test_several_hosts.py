"""One node of several: copies, quorum, controllers, workers and the shares of YARN follow from the lists of hosts."""

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from footfall.cluster.engines import kafka, storm
from footfall.cluster.engines import yarn as yarn_engine
from footfall.cluster.engines.zookeeper import _prepare as prepare_zookeeper
from footfall.cluster.service import tmp_dir
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure, run, sweeps
from footfall.hosts import Hosts
from footfall.jobs import mapreduce
from footfall.logs import layout, positions
from footfall.realtime import topology
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings, Yarn
from footfall.site_addresses import address_of
from footfall.streaming import spark_session

_HOSTS = Hosts(
    sites=("site-shop", "site-news", "site-academy"),
    zookeeper=("z1", "z2", "z3"),
    kafka=("k1", "k2", "k3"),
    datanode=("d1", "d2", "d3", "d4"),
    hbase_master=("m1", "m2"),
    storm_supervisor=("s1", "s2"),
    yarn_nodemanager=("n1", "n2"),
)
_CLUSTER_ID = "Rm9vdGZhbGxDbHVzdGVyMA"

Node = Callable[..., Settings]


@pytest.fixture
def node(settings: Settings) -> Node:
    """The settings of the node with this name."""

    def of(host: str, **given: Any) -> Settings:
        changed = {"host": host, "hosts": _HOSTS, "kafka_cluster_id": _CLUSTER_ID, **given}
        return Settings(home=settings.home, install=settings.install, **changed)

    return of


def _file(settings: Settings, service: str, name: str) -> str:
    return configure.render(settings, BY_NAME[service])[name]


def _properties(text: str) -> dict[str, str]:
    found = ET.fromstring(text).iter("property")
    return {str(entry.findtext("name")): str(entry.findtext("value")) for entry in found}


def test_brokers_have_numbers_and_copies(node: Node) -> None:
    lines = _file(node("k3"), "kafka", "server.properties").splitlines()
    wanted = {
        "node.id=3",
        "default.replication.factor=3",
        "min.insync.replicas=2",
        "offsets.topic.replication.factor=3",
    }
    assert wanted <= set(lines)


def test_one_broker_has_one_copy(settings: Settings) -> None:
    lines = _file(settings, "kafka", "server.properties").splitlines()
    assert {"node.id=1", "default.replication.factor=1", "min.insync.replicas=1"} <= set(lines)


def test_two_brokers_go_on_when_one_dies(node: Node) -> None:
    lines = _file(node("k1", hosts=Hosts(kafka=("k1", "k2"))), "kafka", "server.properties").splitlines()
    assert {"default.replication.factor=2", "min.insync.replicas=1"} <= set(lines)


def test_every_broker_knows_the_same_controllers(node: Node) -> None:
    first, third = (kafka._controllers(node(host)) for host in ("k1", "k3"))
    assert first == third
    entries = first.split(",")
    assert [entry.rpartition(":")[0] for entry in entries] == ["1@k1:9093", "2@k2:9093", "3@k3:9093"]
    ids = {entry.rpartition(":")[2] for entry in entries}
    assert len(ids) == 3
    assert all(len(base64.urlsafe_b64decode(identity + "==")) == 16 for identity in ids)
    assert kafka._controllers(node("k1", kafka_cluster_id="A" * 22)) != first


def test_several_brokers_need_a_common_id(node: Node) -> None:
    with pytest.raises(ClusterError, match="set kafka_cluster_id"):
        kafka._controllers(node("k1", kafka_cluster_id=""))


def test_a_quorum_of_zookeeper(node: Node) -> None:
    settings = node("z2")
    lines = _file(settings, "zookeeper", "zoo.cfg").splitlines()
    assert {"server.1=z1:2888:3888", "server.2=z2:2888:3888", "server.3=z3:2888:3888", "initLimit=10"} <= set(lines)
    (settings.data_dir / "zookeeper").mkdir(parents=True)
    prepare_zookeeper(settings)
    assert (settings.data_dir / "zookeeper" / "myid").read_text() == "2\n"


def test_one_zookeeper_is_no_quorum(settings: Settings) -> None:
    assert "server." not in _file(settings, "zookeeper", "zoo.cfg")
    (settings.data_dir / "zookeeper").mkdir(parents=True)
    prepare_zookeeper(settings)
    assert not (settings.data_dir / "zookeeper" / "myid").exists()


@pytest.mark.parametrize(("service", "name"), [("datanode", "hdfs-site.xml"), ("hbase-master", "hbase-site.xml")])
def test_blocks_have_three_copies_and_a_lost_node_is_noticed(
    node: Node, settings: Settings, service: str, name: str
) -> None:
    several, alone = (_properties(_file(one, service, name)) for one in (node("d1"), settings))
    policy, timeout = "dfs.client.block.write.replace-datanode-on-failure.policy", "dfs.client.socket-timeout"
    assert (several["dfs.replication"], several[policy], several["dfs.client.socket-timeout"]) == (
        "3",
        "DEFAULT",
        "10000",
    )
    assert (alone["dfs.replication"], alone[policy]) == ("1", "NEVER")
    assert timeout not in alone


def test_workers_of_storm_reach_each_other_only_in_a_cluster(node: Node, settings: Settings) -> None:
    several, alone = (topology.definition(one)["config"] for one in (node("s1"), settings))
    assert (several["topology.workers"], alone["topology.workers"]) == (2, 1)
    assert "storm.messaging.transport" not in several
    assert alone["storm.messaging.transport"] == "footfall.live.SoleWorkerTransport"
    # A message between workers may be lost, and is sent again only then.
    assert several["topology.message.timeout.secs"] < alone["topology.message.timeout.secs"]
    apart, local = (yaml.safe_load(_file(one, "storm-supervisor", "storm.yaml")) for one in (node("s1"), settings))
    assert "nimbus.thrift.transport" not in apart
    assert local["nimbus.thrift.transport"]
    # The workers of a supervisor that started anew will never report again.
    assert apart["supervisor.worker.heartbeats.max.timeout.secs"] == 30
    # More than the 30 s after which Nimbus gives a worker up that does report, for a slow start.
    assert 30 < apart["nimbus.task.launch.secs"] < 120


def test_the_topology_does_not_depend_on_who_submits_it(node: Node) -> None:
    assert topology.definition(node("cli")) == topology.definition(node("topology"))


def test_nodes_of_yarn_share_its_resources(node: Node) -> None:
    found = yarn_engine.node(node("n2", yarn=Yarn(memory_mb=8704, streaming_mb=3072, queries_mb=2560, vcores=8)))
    assert (found.memory_mb, found.vcores, found.several) == (4352, 4, True)
    assert {queue.name: (queue.memory_mb, queue.largest_mb) for queue in found.queues} == {
        "streaming": (3072, 3072),
        "queries": (2560, 2560),
        "batch": (3072, 3072),
    }
    assert sum(queue.percent for queue in found.queues) == 100.0
    large = yarn_engine.node(node("n2", yarn=Yarn(memory_mb=16_384, streaming_mb=3072)))
    assert {queue.name: queue.largest_mb for queue in large.queues} == {
        "streaming": 3072,
        "queries": 2560,
        "batch": 8192,
    }
    assert "mapreduce_shuffle" in _file(node("n1"), "yarn-nodemanager", "yarn-site.xml")


def test_queries_run_on_yarn_if_there_are_several_nodes(node: Node, settings: Settings, java: Path) -> None:
    own = node("hs")
    site = _properties(_file(own, "hive-server2", "hive-site.xml"))
    assert site["tez.local.mode"] == "false"
    assert "tez.local.mode.without.network" not in site
    assert site["tez.cluster.additional.classpath.prefix"].split(":") == [
        str(own.conf_dir / "yarn-nodemanager"),
        f"{own.install}/jars/hive/lib/*",
    ]
    # One master at a time. If one of two nodes is away, half of the queue still holds it and a task.
    assert site["hive.server2.tez.sessions.per.default.queue"] == "1"
    [queue] = [one for one in yarn_engine.node(own).queues if one.name == site["hive.server2.tez.default.queues"]]
    master_mb, task_mb = int(site["tez.am.resource.memory.mb"]), int(site["hive.tez.container.size"])
    assert queue.memory_mb // 2 >= master_mb + task_mb
    assert {master_mb % yarn_engine.STEP_MB, task_mb % yarn_engine.STEP_MB} == {0}
    for options, container_mb in (("tez.am.launch.cmd-opts", master_mb), ("hive.tez.java.opts", task_mb)):
        [heap] = [word for word in site[options].split() if word.startswith("-Xmx")]
        assert int(heap[4:-1]) + 256 <= container_mb
    for of, reads in ((own, True), (settings, False)):
        command = BY_NAME["hive-server2"].command
        assert command is not None
        class_path = next(word for word in command(of) if "/jars/hive/lib/*" in word).split(":")
        assert (str(of.conf_dir / "yarn-nodemanager") in class_path) is reads


def test_state_of_yarn_on_a_node(node: Node) -> None:
    """The containers of a NodeManager end with it, but those of other nodes outlive the ResourceManager."""
    for name, kept in (("yarn-nodemanager", False), ("yarn-resourcemanager", True)):
        settings = node(name)
        leftover = settings.data_dir / name / "state" / "leftover"
        leftover.parent.mkdir(parents=True)
        leftover.touch()
        prepare = BY_NAME[name].prepare
        assert prepare is not None
        prepare(settings)
        assert leftover.exists() is kept


def test_containers_listen_on_their_own_node(node: Node, settings: Settings) -> None:
    several, alone = (spark_session.on_yarn(one, "batch", "tag") for one in (node("airflow"), settings))
    assert several["spark.driver.host"] == several["spark.driver.bindAddress"] == "airflow"
    assert not any("SPARK_LOCAL_IP" in name for name in several)
    assert alone["spark.driver.host"] == alone["spark.executorEnv.SPARK_LOCAL_IP"] == "127.0.0.1"
    assert mapreduce.agent_options(node("airflow")) == []
    assert len(mapreduce.agent_options(settings)) == 1


def test_each_site_has_its_own_host(node: Node) -> None:
    settings = node("visitors-news")
    assert settings.url("news") == "http://site-news:5002"
    assert str(address_of(settings, "academy")) == "site-academy:5003"
    assert settings.hosts.of("sites") == ("site-shop", "site-news", "site-academy")
    one = node("here", hosts=Hosts(sites=("web",)))
    assert one.url("news") == "http://web:5002"


def test_a_flume_beside_a_site_reads_its_lines_alone(node: Node, settings: Settings) -> None:
    assert layout.followed(node("flume-news")) == ["news"]
    everything = ["shop", "news", "academy", layout.ADDED]
    assert layout.followed(node("cli")) == layout.followed(settings) == everything
    text = _file(node("flume-news"), "flume", "flume.conf")
    assert "sites/news/" in text
    assert "sites/shop/" not in text


def test_positions_of_all_flumes_are_found(settings: Settings) -> None:
    folder = settings.data_dir / "flume"
    for name, path in (("shop", "/a"), ("news", "/b")):
        (folder / name).mkdir(parents=True)
        (folder / name / "positions.json").write_text(json.dumps([{"file": path, "pos": 7}]))
    assert positions.read_positions(settings) == {"/a": 7, "/b": 7}


def test_the_writer_of_a_file_of_lines() -> None:
    assert layout.writer("/logs/access/dt=2026-11-24/_flume-shop.1795983216.log.tmp") == "flume-shop"
    assert layout.writer("/logs/access/dt=2026-11-24/flume-shop.1795983216.log") == "flume-shop"


def test_a_node_has_its_settings_from_its_environment_alone(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = node("k1")
    for name, value in {**settings.as_environment(), "FOOTFALL_PACE": "3"}.items():
        monkeypatch.setenv(name, value)
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "settings.json").write_text(json.dumps({"FOOTFALL_PACE": "7"}))
    assert run.recall().pace == 3
    monkeypatch.delenv("FOOTFALL_HOST")
    assert run.recall().pace == 7


def test_temporary_folders_of_nodes_differ(node: Node, settings: Settings) -> None:
    assert tmp_dir(node("flume-shop"), "flume") != tmp_dir(node("flume-news"), "flume")
    assert tmp_dir(settings, "flume").name == "flume"


def test_supervisors_sweep_their_own_logs(node: Node, settings: Settings) -> None:
    on_nodes = {sweep.name for sweep in sweeps.SWEEPS} - {sweep.name for sweep in sweeps.of_watchdog(node("watchdog"))}
    assert on_nodes == {"storm logs"} == {sweep.name for sweep in BY_NAME["storm-supervisor"].sweeps}
    assert list(sweeps.SWEEPS) == sweeps.of_watchdog(settings)


def test_storm_keeps_its_folders_apart(node: Node, tmp_path: Path) -> None:
    assert storm.storm_home(node("s1"), "storm-supervisor").is_relative_to(tmp_path)

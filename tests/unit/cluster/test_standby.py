"""Several NameNodes: what hosts they need, their configuration, their storage, and their probes."""

import json
import shutil
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic import ValidationError

from footfall.cluster.engines import _namenode_storage, hdfs
from footfall.cluster.health import probes
from footfall.cluster.services import BY_NAME, SERVICES
from footfall.cluster.supervision import configure
from footfall.hosts import Hosts
from footfall.runtime.errors import ClusterError
from footfall.settings import Ports, Settings
from tests.support.fresh_home import FakeJava

_HA: dict[str, tuple[str, ...]] = {
    "namenode": ("nn1", "nn2"),
    "journalnode": ("j1", "j2", "j3"),
    "zkfc": ("f1", "f2"),
    "zookeeper": ("z1", "z2", "z3"),
}
# Addresses of this machine, on which one port can have several servers.
_NEAR: dict[str, tuple[str, ...]] = {
    "namenode": ("127.0.0.2", "127.0.0.3"),
    "journalnode": ("127.0.0.4", "127.0.0.5", "127.0.0.6"),
    "zkfc": ("127.0.0.2", "127.0.0.3"),
}
_STATUS = "Hadoop:service=NameNode,name=NameNodeStatus"
_INFO = "Hadoop:service=NameNode,name=NameNodeInfo"
_JOURNAL = "Hadoop:service=JournalNode,name=JournalNodeInfo"

Node = Callable[..., Settings]
Beans = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture
def node(settings: Settings) -> Node:
    """The settings of the node with this name."""

    def of(host: str, **given: Any) -> Settings:
        return Settings(home=settings.home, install=settings.install, host=host, **{"hosts": Hosts(**_HA), **given})

    return of


@pytest.fixture
def beans() -> Iterator[tuple[int, Beans]]:
    """The port of the status pages of all hosts of `_NEAR`, and their beans by host and name. Others do not answer."""
    found: Beans = {}
    servers: list[HTTPServer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = str(self.connection.getsockname()[0])
            name = unquote(self.path).partition("qry=")[2]
            bean = found.get(host, {}).get(name)
            body = json.dumps({"beans": [] if bean is None else [bean]}).encode()
            self.send_response(200 if host in found else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    port = 0
    for host in sorted({host for hosts in _NEAR.values() for host in hosts}):
        servers.append(HTTPServer((host, port), Handler))
        port = int(servers[0].server_address[1])
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
    yield port, found
    for server in servers:
        server.shutdown()
        server.server_close()


def _properties(settings: Settings, service: str, name: str = "hdfs-site.xml") -> dict[str, str]:
    text = configure.render(settings, BY_NAME[service])[name]
    return {entry.findtext("name", ""): entry.findtext("value", "") for entry in ET.fromstring(text).iter("property")}


@pytest.mark.parametrize(
    ("hosts", "fault"),
    [
        ({"namenode": ("a", "b")}, "need 3 hosts in journalnode"),
        ({"namenode": ("a", "b"), "journalnode": ("j1", "j2", "j3", "j4")}, "need 3 hosts in journalnode"),
        ({"namenode": ("a", "b"), "journalnode": ("j1", "j2", "j3"), "zkfc": ("f",)}, "as many hosts as namenode"),
        ({"journalnode": ("j1", "j2", "j3")}, "it has one"),
        ({"zkfc": ("f",)}, "it has one"),
    ],
)
def test_several_namenodes_need_a_journal_and_a_controller_each(hosts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Hosts(**hosts)


def test_a_client_knows_both_namenodes_by_one_name(node: Node) -> None:
    for service, name in (("flume", "hdfs-site.xml"), ("hbase-master", "hbase-site.xml")):
        found = _properties(node("x"), service, name)
        assert found["dfs.nameservices"] == "footfall"
        assert found["dfs.ha.namenodes.footfall"] == "nn1,nn2"
        assert found["dfs.namenode.rpc-address.footfall.nn1"] == "nn1:8020"
        assert found["dfs.namenode.rpc-address.footfall.nn2"] == "nn2:8020"
        assert "ConfiguredFailoverProxyProvider" in found["dfs.client.failover.proxy.provider.footfall"]
    assert _properties(node("x"), "hbase-master", "hbase-site.xml")["hbase.rootdir"] == "hdfs://footfall/hbase"
    assert _properties(node("x"), "yarn-nodemanager", "core-site.xml")["fs.defaultFS"] == "hdfs://footfall"
    assert "hdfs://footfall/logs/" in configure.render(node("x"), BY_NAME["flume"])["flume.conf"]


def test_no_file_names_one_of_several_namenodes_alone(node: Node) -> None:
    for service in SERVICES:
        text = "".join(configure.render(node("x"), service).values())
        assert "hdfs://nn" not in text, service.name
        assert "<name>dfs.namenode.rpc-address</name>" not in text, service.name


def test_a_namenode_and_its_controller_know_which_one_they_are(node: Node) -> None:
    own = {host: _properties(node(host), "namenode")["dfs.ha.namenode.id"] for host in _HA["namenode"]}
    assert own == {"nn1": "nn1", "nn2": "nn2"}
    controllers = [_properties(node(host), "zkfc") for host in _HA["zkfc"]]
    assert [found["dfs.ha.namenode.id"] for found in controllers] == ["nn1", "nn2"]
    assert [found["dfs.namenode.rpc-bind-host"] for found in controllers] == ["f1", "f2"]
    assert "dfs.ha.namenode.id" not in _properties(node("x"), "datanode")


def test_changes_are_in_the_journal_and_the_controllers_vote_in_zookeeper(node: Node) -> None:
    found = _properties(node("j2"), "journalnode")
    assert found["dfs.namenode.shared.edits.dir"] == "qjournal://j1:8485;j2:8485;j3:8485/footfall"
    assert found["dfs.journalnode.rpc-address"] == "j2:8485"
    assert found["dfs.journalnode.http-address"] == "j2:8480"
    assert found["dfs.ha.automatic-failover.enabled"] == "true"
    assert found["ha.zookeeper.quorum"] == "z1:2181,z2:2181,z3:2181"
    # No node can log in to another one.
    assert found["dfs.ha.fencing.methods"] == "shell(/bin/true)"


def test_one_namenode_has_none_of_it(settings: Settings) -> None:
    found = _properties(settings, "namenode")
    assert not [name for name in found if "journal" in name or ".ha." in name or "nameservice" in name]
    assert found["dfs.namenode.rpc-address"] == "127.0.0.1:8020"
    assert settings.hdfs_uri == "hdfs://127.0.0.1:8020"


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        ({"127.0.0.2": "active", "127.0.0.3": "standby"}, ""),
        ({"127.0.0.2": "standby", "127.0.0.3": "active"}, ""),
        ({"127.0.0.3": "active"}, "its status page answered 503"),
        ({"127.0.0.2": "initializing"}, "it is initializing"),
    ],
)
def test_a_namenode_that_stands_by_is_healthy(
    node: Node, beans: tuple[int, Beans], states: dict[str, str], fault: str
) -> None:
    port, found = beans
    found |= {host: {_STATUS: {"State": state}} for host, state in states.items()}
    first = node("127.0.0.2", hosts=Hosts(**_NEAR), ports=Ports(namenode_http=port))
    assert probes.fault(first, "namenode") == fault


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        (("standby", "active"), ""),
        (("active", "standby"), "the NameNode does not hear from it"),
        (("standby", "standby"), "no NameNode is active: 127.0.0.2 is standby, 127.0.0.3 is standby"),
    ],
)
def test_a_datanode_is_known_to_the_active_namenode(
    node: Node, beans: tuple[int, Beans], states: tuple[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, found = beans
    live = (json.dumps({}), json.dumps({"d1:9866": {}}))
    for host, state, nodes in zip(_NEAR["namenode"], states, live, strict=True):
        found[host] = {_STATUS: {"State": state}, _INFO: {"LiveNodes": nodes}}
    ports = Ports(namenode_http=port)
    settings = node("d1", hosts=Hosts(**_NEAR, datanode=("d1", "d2")), ports=ports)
    ask = hdfs.jmx.bean
    # The DataNode's own page.
    monkeypatch.setattr(hdfs.jmx, "bean", lambda url, name: {} if "d1:" in url else ask(url, name))
    assert probes.fault(settings, "datanode") == fault


def test_a_journalnode_names_its_journals(node: Node, beans: tuple[int, Beans]) -> None:
    port, found = beans
    settings = node("127.0.0.5", hosts=Hosts(**_NEAR), ports=Ports(journalnode_http=port))
    found["127.0.0.5"] = {}
    assert probes.fault(settings, "journalnode") == "it is not ready"
    found["127.0.0.5"] = {_JOURNAL: {"JournalsStatus": "{}"}}
    assert probes.fault(settings, "journalnode") == ""


def test_a_controller_accepts_connections(node: Node, beans: tuple[int, Beans]) -> None:
    port, _ = beans
    assert probes.fault(node("127.0.0.2", hosts=Hosts(**_NEAR), ports=Ports(zkfc=port)), "zkfc") == ""
    assert "refused" in probes.fault(node("127.0.0.7", hosts=Hosts(**{**_NEAR, "zkfc": ("127.0.0.7", "b")})), "zkfc")


class _Store:
    """The storage of a NameNode at an address, with a Java that records what it is asked and makes the files."""

    def __init__(self, settings: Settings, fake_java: FakeJava) -> None:
        self.settings = settings
        self.data = settings.data_dir / "namenode"
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        fake_java(
            f'for last; do :; done; echo "$*" >> {settings.home}/called\n'
            f"mkdir -p {self.data}/current; touch {self.data}/current/VERSION {self.data}/current/fsimage_0"
        )

    def prepare(self) -> list[str]:
        """Prepares it. Returns the arguments of the NameNode's calls."""
        called = self.settings.home / "called"
        called.unlink(missing_ok=True)
        configure.write(self.settings, BY_NAME["namenode"])
        lines = called.read_text().splitlines() if called.exists() else []
        return [" ".join(word for word in line.partition("NameNode ")[2].split() if word[:2] != "-D") for line in lines]


@pytest.fixture
def store(node: Node, beans: tuple[int, Beans], fake_java: FakeJava) -> Callable[[str], _Store]:
    """The storage of one of the NameNodes of `_NEAR`."""
    # One server has the pages of both kinds; as settings, equal ports would be refused.
    ports = Ports(namenode_http=beans[0], journalnode_http=beans[0])

    def of(host: str) -> _Store:
        return _Store(node(host, hosts=Hosts(**_NEAR)).model_copy(update={"ports": ports}), fake_java)

    return of


def _journals(found: Beans, formatted: dict[str, str]) -> None:
    for host, value in formatted.items():
        found.setdefault(host, {})[_JOURNAL] = {"JournalsStatus": json.dumps({"footfall": {"Formatted": value}})}


def test_the_first_namenode_formats_only_while_every_journal_is_empty(
    store: Callable[[str], _Store], beans: tuple[int, Beans], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_namenode_storage, "_PATIENCE_S", 0)
    found, first = beans[1], store("127.0.0.2")
    _journals(found, {"127.0.0.4": "false", "127.0.0.5": "false"})
    with pytest.raises(ClusterError, match=r"once all JournalNodes answer; 127\.0\.0\.6 does not yet"):
        first.prepare()
    _journals(found, {"127.0.0.6": "false"})
    # It refuses by itself if there is data after all, and takes anything in its folder for data.
    (first.data / "in_use.lock").touch()
    assert first.prepare() == ["-format -nonInteractive"]
    assert not (first.data / "in_use.lock").exists()
    assert first.prepare() == []


def test_a_namenode_that_was_ended_just_after_the_format_goes_on(
    store: Callable[[str], _Store], beans: tuple[int, Beans]
) -> None:
    first = store("127.0.0.2")
    (first.data / "current").mkdir(parents=True)
    for name in ("VERSION", "fsimage_0"):
        (first.data / "current" / name).touch()
    _journals(beans[1], {"127.0.0.4": "true"})
    assert first.prepare() == []
    beans[1].clear()
    assert first.prepare() == []


def test_a_first_namenode_that_lost_its_files_copies_them(
    store: Callable[[str], _Store], beans: tuple[int, Beans], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_namenode_storage, "_PATIENCE_S", 0)
    found, first = beans[1], store("127.0.0.2")
    # One JournalNode with data is enough, whatever the others say.
    _journals(found, {"127.0.0.5": "true"})
    with pytest.raises(ClusterError, match=r"no other NameNode answers from which it could copy them: 127\.0\.0\.3"):
        first.prepare()
    assert not first.data.joinpath("current").exists()
    found["127.0.0.3"] = {_STATUS: {"State": "active"}}
    assert first.prepare() == ["-bootstrapStandby -nonInteractive"]


def test_the_second_namenode_copies_the_files_and_repeats_an_interrupted_copy(
    store: Callable[[str], _Store], beans: tuple[int, Beans]
) -> None:
    found, second = beans[1], store("127.0.0.3")
    found["127.0.0.2"] = {_STATUS: {"State": "standby"}}
    (second.data / "current").mkdir(parents=True)
    (second.data / "current" / "VERSION").touch()
    assert second.prepare() == ["-bootstrapStandby -nonInteractive"]
    assert second.prepare() == []


def test_files_of_one_namenode_and_of_several_are_not_mixed(
    store: Callable[[str], _Store], settings: Settings, beans: tuple[int, Beans], fake_java: FakeJava
) -> None:
    found, second = beans[1], store("127.0.0.3")
    found["127.0.0.2"] = {_STATUS: {"State": "active"}}
    second.prepare()
    alone = _Store(settings, fake_java)
    with pytest.raises(ClusterError, match="made with several NameNodes"):
        alone.prepare()
    shutil.rmtree(alone.data)
    assert alone.prepare() == ["-format -nonInteractive -force"]
    assert alone.prepare() == []
    _journals(found, dict.fromkeys(_NEAR["journalnode"], "false"))
    with pytest.raises(ClusterError, match="made with one NameNode"):
        second.prepare()


@pytest.mark.parametrize(("status", "fine"), [(0, True), (2, True), (1, False)])
def test_the_node_in_zookeeper_may_be_there(node: Node, fake_java: FakeJava, status: int, fine: bool) -> None:
    settings = node("f1")
    settings.run_dir.mkdir(parents=True)
    fake_java(f"exit {status}")
    if fine:
        configure.write(settings, BY_NAME["zkfc"])
        return
    with pytest.raises(ClusterError, match="HDFS's node in ZooKeeper could not be formatted"):
        configure.write(settings, BY_NAME["zkfc"])

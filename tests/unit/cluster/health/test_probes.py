"""The probes, against real sockets and files, and the description of each fault."""

import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from footfall.cluster.engines import hdfs
from footfall.cluster.health import probes
from footfall.runtime.errors import Unhealthy
from footfall.settings import Ports, Settings

Answers = dict[str, tuple[int, object]]


@pytest.fixture
def web() -> Iterator[tuple[int, Answers]]:
    """The port of a web server and its answers by path: status and JSON document."""
    answers: Answers = {}
    with _serving(answers) as port:
        yield port, answers


@contextmanager
def _serving(answers: Answers) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = answers.get(self.path, (404, None))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def zookeeper() -> Iterator[Callable[[bytes], int]]:
    """Starts a server that answers a four-letter command with the given text; returns its port."""
    servers: list[socketserver.TCPServer] = []

    def start(answer: bytes) -> int:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                assert self.request.recv(4) == b"srvr"
                # In two parts, because an answer may arrive in parts.
                self.request.sendall(answer[:9])
                self.request.sendall(answer[9:])

        server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _at(settings: Settings, **ports: int) -> Settings:
    return Settings(home=settings.home, ports=Ports(**ports))


def _finding(settings: Settings, name: str) -> str:
    """'' if healthy."""
    try:
        probes.probe(settings, name)
    except Unhealthy as fault:
        return str(fault)
    return ""


def test_zookeeper_is_healthy_when_it_reports_its_mode(settings: Settings, zookeeper: Callable[[bytes], int]) -> None:
    port = zookeeper(b"Zookeeper version: 3.9.3\nLatency min/avg/max: 0/0.0/0\nMode: standalone\n")
    assert _finding(_at(settings, zookeeper=port), "zookeeper") == ""


def test_zookeeper_is_unhealthy_without_a_mode(settings: Settings, zookeeper: Callable[[bytes], int]) -> None:
    port = zookeeper(b"This ZooKeeper instance is not currently serving requests\n")
    assert _finding(_at(settings, zookeeper=port), "zookeeper") == "it does not serve requests yet"


def test_a_refused_connection_is_a_fault_and_no_exception(settings: Settings) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        for name, field in (("zookeeper", "zookeeper"), ("namenode", "namenode_http"), ("site-shop", "shop")):
            assert "refused" in _finding(_at(settings, **{field: port}), name)


@pytest.mark.parametrize(
    ("name", "port", "bean", "attributes", "finding"),
    [
        ("namenode", "namenode_http", "Hadoop:service=NameNode,name=NameNodeStatus", {"State": "active"}, ""),
        (
            "namenode",
            "namenode_http",
            "Hadoop:service=NameNode,name=NameNodeStatus",
            {"State": "standby"},
            "it is standby",
        ),
        (
            "hbase-master",
            "hbase_master_http",
            "Hadoop:service=HBase,name=Master,sub=Server",
            {"tag.isActiveMaster": "true", "numRegionServers": 1},
            "",
        ),
        (
            "hbase-master",
            "hbase_master_http",
            "Hadoop:service=HBase,name=Master,sub=Server",
            {"tag.isActiveMaster": "false", "numRegionServers": 1},
            "it is not the active master yet",
        ),
        (
            "hbase-master",
            "hbase_master_http",
            "Hadoop:service=HBase,name=Master,sub=Server",
            {"tag.isActiveMaster": "true", "numRegionServers": 0},
            "no region server has reported yet",
        ),
        (
            "hbase-regionserver",
            "hbase_regionserver_http",
            "Hadoop:service=HBase,name=RegionServer,sub=Server",
            {"regionCount": 0},
            "",
        ),
    ],
)
def test_figures_of_hdfs_and_hbase(
    settings: Settings,
    web: tuple[int, Answers],
    name: str,
    port: str,
    bean: str,
    attributes: dict[str, object],
    finding: str,
) -> None:
    number, answers = web
    answers[f"/jmx?qry={bean}"] = (200, {"beans": [{"name": bean, **attributes}]})
    assert _finding(_at(settings, **{port: number}), name) == finding


@pytest.mark.parametrize(
    ("nodes", "left", "finding"),
    [
        (1, 128 * 2**20 - 1, "HDFS has no room for another block: 127 MiB are free apart from the reserved space "),
        # Enough room, or no DataNode: then there is another reason.
        (1, 128 * 2**20, "HDFS did not accept a file: "),
        (0, 0, "HDFS did not accept a file: "),
    ],
)
def test_a_full_datanode_is_reported_with_its_remedy(
    settings: Settings, web: tuple[int, Answers], nodes: int, left: int, finding: str
) -> None:
    number, answers = web
    state = {"NumLiveDataNodes": nodes, "CapacityRemaining": left}
    answers["/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"] = (200, {"beans": [state]})
    at = _at(settings, namenode_http=number)
    told = _finding(at, "datanode")
    assert told.startswith(finding)
    assert (f"Free some space on the disk of {settings.data_dir}" in told) == (nodes == 1 and left < 128 * 2**20)


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ((200, {"beans": []}), "it is not ready"),
        ((503, {}), "its status page answered 503"),
        ((200, {"figures": []}), "its answer could not be understood (KeyError: 'beans')"),
        ((200, "beans"), "its answer could not be understood (TypeError: string indices"),
    ],
)
def test_a_bean_that_is_not_there_yet(
    settings: Settings, web: tuple[int, Answers], answer: tuple[int, object], finding: str
) -> None:
    number, answers = web
    answers["/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus"] = answer
    assert _finding(_at(settings, namenode_http=number), "namenode").startswith(finding)


@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        ((200, {"app": "shop"}), True),
        ((200, {"app": "news"}), False),
        ((200, ["shop"]), False),
        ((503, {"app": "shop"}), False),
    ],
)
def test_a_site_reports_its_own_name(
    settings: Settings, web: tuple[int, Answers], answer: tuple[int, object], healthy: bool
) -> None:
    number, answers = web
    answers["/healthz"] = answer
    assert (_finding(_at(settings, shop=number), "site-shop") == "") == healthy


_COUNTED = {"/ws/v1/cluster/metrics": {"clusterMetrics": {"activeNodes": 1}}}
_READY = {"/ws/v1/node/info": {"nodeInfo": {"nodeHealthy": True, "healthReport": ""}}}


@pytest.mark.parametrize(
    ("name", "documents", "finding"),
    [
        ("yarn-resourcemanager", {"/ws/v1/cluster/info": {"clusterInfo": {"state": "STARTED"}}}, ""),
        ("yarn-resourcemanager", {"/ws/v1/cluster/info": {"clusterInfo": {"state": "INITED"}}}, "it is INITED"),
        ("yarn-resourcemanager", {}, "YARN refused (404): null"),
        ("yarn-nodemanager", {**_COUNTED, **_READY}, ""),
        (
            "yarn-nodemanager",
            {**_READY, "/ws/v1/cluster/metrics": {"clusterMetrics": {"activeNodes": 0}}},
            "it is not registered with the ResourceManager yet",
        ),
        (
            "yarn-nodemanager",
            {**_COUNTED, "/ws/v1/node/info": {"nodeInfo": {"nodeHealthy": False, "healthReport": "1/1 disks full"}}},
            "it cannot run containers: 1/1 disks full",
        ),
        ("yarn-jobhistory", {"/ws/v1/history/info": {"historyInfo": {"startedOn": 1_795_627_750_942}}}, ""),
        (
            "yarn-jobhistory",
            {"/ws/v1/history/info": {}},
            "its answer could not be understood (KeyError: 'historyInfo')",
        ),
    ],
)
def test_yarn_is_asked_over_http(
    settings: Settings,
    web: tuple[int, Answers],
    name: str,
    documents: dict[str, object],
    finding: str,
) -> None:
    number, answers = web
    answers.update({path: (200, document) for path, document in documents.items()})
    with _serving(answers) as second, _serving(answers) as third:
        ports = {"yarn_http": number, "yarn_nodemanager_http": second, "yarn_jobhistory_http": third}
        assert _finding(_at(settings, **ports), name) == finding


def test_visitors_are_healthy_while_their_ledger_grows(settings: Settings) -> None:
    assert _finding(settings, "visitors-shop") == "no visitor has done anything for two minutes"
    page = settings.ledger_dir / "shop" / "20261124T08.jsonl"
    page.parent.mkdir(parents=True)
    page.touch()
    assert _finding(settings, "visitors-shop") == ""
    os.utime(page, (time.time() - 130,) * 2)
    assert _finding(settings, "visitors-shop") != ""


def test_visitors_may_pause_when_the_disk_is_low_or_none_are_configured(settings: Settings) -> None:
    assert _finding(Settings(home=settings.home, visitors_per_site=0), "visitors-shop") == ""
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "disk-low").touch()
    assert _finding(settings, "visitors-shop") == ""


def test_the_watchdog_is_healthy_while_it_reports(settings: Settings) -> None:
    assert _finding(settings, "watchdog") == "it has not reported for a minute"
    settings.run_dir.mkdir(parents=True)
    now_s, own, gone = time.time(), os.getpid(), 2**22 + 1
    for document, finding in (
        ({"watchdog": {"at": now_s, "pid": own}}, ""),
        ({"watchdog": {"at": now_s - 61, "pid": own}}, "it has not reported for a minute"),
        # The report of a process that ended, or of a release that called it otherwise, says nothing of this one.
        ({"watchdog": {"at": now_s, "pid": gone}}, "it has not reported for a minute"),
        ({"warden": {"at": now_s, "pid": own}}, "it has not reported for a minute"),
    ):
        (settings.run_dir / "health.json").write_text(json.dumps(document))
        assert _finding(settings, "watchdog") == finding


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"RemoteException": {"message": "Name node is in safe mode.\\nIt was turned on."}}',
            "Name node is in safe mode.",
        ),
        (b"<html>", "<html>"),
        (b'{"other": 1}', '{"other": 1}'),
        (b'{"RemoteException": {"message": ""}}', '{"RemoteException": {"message": ""}}'),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_reason_of_a_refusal_by_hdfs(body: bytes, reason: str) -> None:
    assert hdfs._remote_error(body) == reason

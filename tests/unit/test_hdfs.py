"""Which files HDFS's report says are open, what its refusals mean, and which of several NameNodes is asked."""

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from footfall import hdfs
from footfall.hdfs import Hdfs, HdfsUnavailable, open_files_in_report
from footfall.hosts import Hosts
from footfall.settings import Ports, Settings

# As NameNode 3.4.1 writes it: all on one line.
_REPORT = (
    "FSCK started by me (auth:SIMPLE) from /127.0.0.1 for path /logs at Tue Nov 24 21:45:58 UTC 2026\n\n"
    "/logs/access/dt=2026-11-24/_vm.17.log.tmp 4418 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE: "
    "/logs/access/dt=2026-11-24/vm.16.log 2749 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE: \n"
    "Status: HEALTHY\n Number of data-nodes:\t1\n"
    "FSCK ended at Tue Nov 24 21:45:58 UTC 2026 in 1 milliseconds\n\n\nThe filesystem under path '/logs' is HEALTHY\n"
)


def test_open_files_are_those_that_the_report_names() -> None:
    day = "/logs/access/dt=2026-11-24"
    assert open_files_in_report(_REPORT) == {f"{day}/_vm.17.log.tmp", f"{day}/vm.16.log"}


def test_a_closed_file_with_damage_is_not_open() -> None:
    damaged = "/logs/a.log 5 bytes, replicated: replication=1, 1 block(s): MISSING 1 blocks of total size 5 B\n"
    assert open_files_in_report(damaged + _REPORT) == open_files_in_report(_REPORT)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "Failed to find datanode, suggest to check cluster health. excludeDatanodes=null",
            "HDFS has no room for another block, or no DataNode.",
        ),
        (
            "File /a could only be written to 0 of the 1 minReplication nodes. There are 1 datanode(s) running",
            "HDFS has no room for another block, or no DataNode.",
        ),
        ("Name node is in safe mode.\nThe reported blocks", "HDFS refused (403): Name node is in safe mode."),
    ],
)
def test_a_refusal_is_a_sentence(message: str, sentence: str) -> None:
    body = json.dumps({"RemoteException": {"exception": "IOException", "message": message}}).encode()
    assert hdfs._error_sentence(403, body) == sentence


# As NameNode 3.4.1 writes it.
_STANDBY = {
    "exception": "StandbyException",
    "message": "Operation category READ is not supported in state standby. Visit https://s.apache.org/sbnn-error",
}
_FIRST, _SECOND = "127.0.0.2", "127.0.0.3"


class _NameNodes:
    """Two NameNodes. Each has a role, and `asked` lists who was asked for what."""

    def __init__(self, folder: Path) -> None:
        self.role = {_FIRST: "active", _SECOND: "standby"}
        self.asked: list[tuple[str, str]] = []
        nodes = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                host = str(self.connection.getsockname()[0])
                nodes.asked.append((host, self.path.partition("op=")[2].partition("&")[0]))
                role = nodes.role[host]
                if role == "dies":
                    self.close_connection = True
                    return
                status, body = (200, nodes.body(self.path)) if role == "active" else (403, nodes.refusal(self.path))
                self.send_response(200 if "/fsck" in self.path else status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._servers = [Server((_FIRST, 0), Handler)]
        self.port = int(self._servers[0].server_address[1])
        self._servers.append(Server((_SECOND, self.port), Handler))
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        hosts = Hosts(namenode=(_FIRST, _SECOND), journalnode=("j1", "j2", "j3"), zkfc=("f1", "f2"))
        self.settings = Settings(home=folder, hosts=hosts, ports=Ports(namenode_http=self.port))

    def body(self, path: str) -> bytes:
        """What the active one answers."""
        if "/fsck" in path:
            return _REPORT.encode()
        if "op=LISTSTATUS" in path:
            return json.dumps({"FileStatuses": {"FileStatus": []}}).encode()
        return json.dumps({"boolean": True}).encode()

    def refusal(self, path: str) -> bytes:
        """What the other one answers."""
        if "/fsck" in path:
            return f"FSCK started\n{_STANDBY['message']}\nFSCK ended at\nFsck on path '/logs' FAILED".encode()
        return json.dumps({"RemoteException": _STANDBY}).encode()

    def end(self) -> None:
        """Ends both servers."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def kill(self, place: int) -> None:
        """Ends one of the servers for good."""
        self._servers[place].shutdown()
        self._servers.pop(place).server_close()


@pytest.fixture
def namenodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_NameNodes]:
    monkeypatch.setattr(hdfs, "_ASK_AGAIN_S", 0.02)
    found = _NameNodes(tmp_path)
    yield found
    found.end()


def test_the_one_that_stands_by_is_passed_over_and_not_asked_again(namenodes: _NameNodes) -> None:
    client = Hdfs(namenodes.settings)
    namenodes.role = {_FIRST: "standby", _SECOND: "active"}
    assert client.list("/a") == []
    assert client.rename("/a", "/b")
    assert namenodes.asked == [(_FIRST, "LISTSTATUS"), (_SECOND, "LISTSTATUS"), (_SECOND, "RENAME")]
    assert pickle.loads(pickle.dumps(client)).list("/a") == []


def test_a_report_of_one_that_stands_by_is_no_report(namenodes: _NameNodes) -> None:
    namenodes.role = {_FIRST: "standby", _SECOND: "active"}
    assert Hdfs(namenodes.settings).open_for_writing("/logs") == open_files_in_report(_REPORT)


def test_a_dead_one_is_passed_over_whatever_is_asked(namenodes: _NameNodes) -> None:
    namenodes.role[_SECOND] = "active"
    namenodes.kill(0)
    assert Hdfs(namenodes.settings).delete("/a")
    assert namenodes.asked == [(_SECOND, "DELETE")]


def test_the_client_waits_for_a_new_active_one(namenodes: _NameNodes) -> None:
    namenodes.role[_FIRST] = "standby"
    change = threading.Timer(0.3, lambda: namenodes.role.update({_SECOND: "active"}))
    change.start()
    assert Hdfs(namenodes.settings).rename("/a", "/b")
    assert len(namenodes.asked) > 4


def test_the_wait_has_an_end(namenodes: _NameNodes) -> None:
    namenodes.role[_FIRST] = "standby"
    with pytest.raises(HdfsUnavailable, match=r"No NameNode of HDFS is active\."):
        Hdfs(namenodes.settings, timeout_s=0.3).list("/a")
    assert len(namenodes.asked) > 4


@pytest.mark.parametrize(
    ("call", "repeated"),
    [
        (lambda client: client.list("/a"), True),
        (lambda client: client.make_folder("/a"), True),
        (lambda client: client.open_for_writing("/logs"), True),
        # It may have been done, and doing it again would say that it was not.
        (lambda client: client.rename("/a", "/b"), False),
        (lambda client: client.delete("/a"), False),
    ],
)
def test_only_what_may_be_done_twice_is_asked_again_when_an_answer_is_missing(
    namenodes: _NameNodes, call: Callable[[Hdfs], object], repeated: bool
) -> None:
    namenodes.role = {_FIRST: "dies", _SECOND: "active"}
    client = Hdfs(namenodes.settings)
    if repeated:
        call(client)
    else:
        with pytest.raises(HdfsUnavailable, match="HDFS does not answer"):
            call(client)
    assert [host for host, _ in namenodes.asked] == [_FIRST, *([_SECOND] if repeated else [])]


def test_one_namenode_is_asked_once(namenodes: _NameNodes, tmp_path: Path) -> None:
    namenodes.role[_FIRST] = "standby"
    alone = Settings(home=tmp_path, hosts=Hosts(namenode=(_FIRST,)), ports=Ports(namenode_http=namenodes.port))
    with pytest.raises(HdfsUnavailable, match="not supported in state standby"):
        Hdfs(alone).list("/a")
    assert namenodes.asked == [(_FIRST, "LISTSTATUS")]

"""HDFS: the NameNode and its DataNodes. Of several NameNodes, one is active, and the others stand by."""

import getpass
import json
import socket
from typing import Any, Final

import urllib3

from footfall.cluster.engines import _namenode_storage
from footfall.cluster.engines._hadoop import HDFS_TEMPLATES, daemon, hadoop
from footfall.cluster.engines._jvm import QUICK, format_storage
from footfall.cluster.health import jmx
from footfall.cluster.service import Service
from footfall.names import CSRF_HEADER
from footfall.runtime.built_jars import HOST_FILTER
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

# HDFS's default block size. HDFS starts no file, however small, unless a whole block fits on the disk.
_BLOCK_BYTES: Final = 128 * 2**20
_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0), headers={CSRF_HEADER: "footfall"})


def _namenode(settings: Settings, *arguments: str) -> list[str]:
    main = "org.apache.hadoop.hdfs.server.namenode.NameNode"
    # The NameNode keeps all file names in memory, and there are few files.
    return daemon(settings, "namenode", settings.heaps_mb.namenode, main, arguments, QUICK)


def _datanode(settings: Settings) -> list[str]:
    # The DataNode streams blocks and keeps none in memory.
    return daemon(settings, "datanode", settings.heaps_mb.datanode, "org.apache.hadoop.hdfs.server.datanode.DataNode")


def _journalnode(settings: Settings) -> list[str]:
    # The JournalNode writes what it gets to its disk.
    main = "org.apache.hadoop.hdfs.qjournal.server.JournalNode"
    return daemon(settings, "journalnode", settings.heaps_mb.journalnode, main, (), QUICK)


def _zkfc(settings: Settings, *arguments: str) -> list[str]:
    main = "org.apache.hadoop.hdfs.tools.DFSZKFailoverController"
    return hadoop(settings, "zkfc", settings.heaps_mb.zkfc, main, arguments, QUICK)


def _prepare_namenode(settings: Settings) -> None:
    _namenode_storage.prepare(settings, _namenode)


def _prepare_zkfc(settings: Settings) -> None:
    """Creates the nameservice's node in ZooKeeper unless it is there."""
    there = 2
    format_storage(settings, _zkfc(settings, "-formatZK", "-nonInteractive"), "HDFS's node in ZooKeeper", (0, there))


def _namenode_values(settings: Settings) -> dict[str, Any]:
    return {"namenode_id": f"nn{settings.node_number('namenode')}"} if settings.has_standby else {}


def _zkfc_values(settings: Settings) -> dict[str, Any]:
    if not settings.has_standby:
        return {}
    return {"namenode_id": f"nn{settings.node_number('zkfc')}", "zkfc_host": settings.bind_host("zkfc")}


def _state(url: str) -> str:
    status = jmx.bean(url, "Hadoop:service=NameNode,name=NameNodeStatus")
    return str(status.get("State", "not ready"))


def _active(settings: Settings) -> str:
    """The URL of the NameNode that is active. Raises Unhealthy if there is none, and errors of urllib3."""
    if not settings.has_standby:
        return settings.url("namenode_http")
    said = {}
    for address in settings.addresses("namenode_http"):
        try:
            said[address.host] = _state(f"http://{address}")
        except (Unhealthy, OSError, ValueError, LookupError, urllib3.exceptions.HTTPError):
            said[address.host] = "silent"
        if said[address.host] == "active":
            return f"http://{address}"
    raise Unhealthy(f"no NameNode is active: {', '.join(f'{host} is {state}' for host, state in said.items())}")


def _probe_namenode(settings: Settings) -> None:
    state = _state(settings.url("namenode_http"))
    if state != "active" and not (settings.has_standby and state == "standby"):
        raise Unhealthy(f"it is {state}")


def _probe_journalnode(settings: Settings) -> None:
    if not jmx.bean(settings.url("journalnode_http"), "Hadoop:service=JournalNode,name=JournalNodeInfo"):
        raise Unhealthy("it is not ready")


def _probe_zkfc(settings: Settings) -> None:
    """Connects to it. It ends by itself when it can do its work no more."""
    socket.create_connection(settings.address("zkfc"), timeout=5).close()


def _probe_datanode(settings: Settings) -> None:
    """Writes a small file through WebHDFS and reads it back. In safe mode this fails, as it should.

    Of several DataNodes, HDFS would choose any. Then the NameNode is asked whether it hears from this one.
    """
    if len(settings.hosts.datanode) > 1:
        _check_registered(settings)
        return
    base = f"{settings.url('namenode_http')}/webhdfs/v1/tmp/health"
    user = "user.name=" + getpass.getuser()
    place = _HTTP.request("PUT", f"{base}?op=CREATE&overwrite=true&replication=1&{user}", redirect=False)
    if place.status != 307:
        raise Unhealthy(no_room(settings) or f"HDFS did not accept a file: {_remote_error(place.data)}")
    wrote = _HTTP.request("PUT", place.headers["Location"], body=b"well")
    if wrote.status != 201:
        raise Unhealthy(no_room(settings) or f"HDFS did not accept a file: {_remote_error(wrote.data)}")
    # The one retry is for the redirect to the DataNode, which urllib3 counts as a retry.
    read = _HTTP.request("GET", f"{base}?op=OPEN&{user}", retries=1)
    if read.data != b"well":
        raise Unhealthy("HDFS did not return what was written")


def _check_registered(settings: Settings) -> None:
    jmx.bean(settings.url("datanode_http"), "Hadoop:service=DataNode,name=DataNodeInfo")
    known = jmx.bean(_active(settings), "Hadoop:service=NameNode,name=NameNodeInfo")
    live = json.loads(known.get("LiveNodes", "{}"))
    own = settings.address("datanode")
    if not any(name in (str(own), own.host) for name in live):
        raise Unhealthy("the NameNode does not hear from it")


def no_room(settings: Settings) -> str:
    """Returns a sentence with the remedy if HDFS has no room for another block, else ''.

    Also returns '' if HDFS does not answer or has no DataNode.
    """
    try:
        state = jmx.bean(_active(settings), "Hadoop:service=NameNode,name=FSNamesystemState")
        nodes, left = int(state.get("NumLiveDataNodes", 0)), int(state.get("CapacityRemaining", 0))
    except (Unhealthy, OSError, ValueError, TypeError, LookupError, AttributeError, urllib3.exceptions.HTTPError):
        return ""
    if nodes == 0 or left >= _BLOCK_BYTES:
        return ""
    return (
        f"HDFS has no room for another block: {left // 2**20} MiB are free apart from the reserved space "
        f"(dfs.datanode.du.reserved). Free some space on the disk of {settings.data_dir}; waiting "
        "writers then continue by themselves."
    )


def _remote_error(body: bytes) -> str:
    try:
        return str(json.loads(body)["RemoteException"]["message"]).splitlines()[0][:200]
    except (ValueError, KeyError, IndexError):
        return body[:200].decode("utf-8", "replace")


SERVICES = (
    Service(
        name="journalnode",
        engine="hadoop",
        optional=True,
        ports=("journalnode", "journalnode_http"),
        command=_journalnode,
        templates=HDFS_TEMPLATES,
        jars=(HOST_FILTER,),
        probe=_probe_journalnode,
    ),
    Service(
        name="namenode",
        engine="hadoop",
        profiles=("realtime", "batch"),
        needs=("journalnode",),
        ports=("namenode", "namenode_http"),
        command=_namenode,
        templates=HDFS_TEMPLATES,
        values=_namenode_values,
        prepare=_prepare_namenode,
        jars=(HOST_FILTER,),
        probe=_probe_namenode,
    ),
    # It chooses the active NameNode in ZooKeeper.
    Service(
        name="zkfc",
        engine="hadoop",
        optional=True,
        needs=("zookeeper", "namenode"),
        ports=("zkfc",),
        command=_zkfc,
        templates=HDFS_TEMPLATES,
        values=_zkfc_values,
        prepare=_prepare_zkfc,
        probe=_probe_zkfc,
    ),
    Service(
        name="datanode",
        engine="hadoop",
        profiles=("realtime", "batch"),
        needs=("namenode",),
        ports=("datanode", "datanode_http", "datanode_ipc"),
        command=_datanode,
        templates=HDFS_TEMPLATES,
        jars=(HOST_FILTER,),
        probe=_probe_datanode,
        # The probe reports it too, but `doctor` does not show the faults of a service that is still starting.
        advice=no_room,
    ),
)

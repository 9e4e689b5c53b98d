"""HDFS: the NameNode and its DataNodes."""

import getpass
import json
import shutil
from typing import Final

import urllib3

from footfall.cluster.engines import _web_hosts
from footfall.cluster.engines._hadoop import HDFS_TEMPLATES, hadoop
from footfall.cluster.engines._jvm import QUICK, format_storage
from footfall.cluster.health import jmx
from footfall.cluster.service import Service
from footfall.names import CSRF_HEADER
from footfall.runtime.built_jars import HOST_FILTER
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

# HDFS's default block size. HDFS starts no file, however small, unless a whole block fits on the disk.
_BLOCK_BYTES: Final = 128 * 2**20
_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0), headers={CSRF_HEADER: "footfall"})


def _namenode(settings: Settings, *arguments: str) -> list[str]:
    main = "org.apache.hadoop.hdfs.server.namenode.NameNode"
    # The NameNode keeps all file names in memory, and there are few files.
    return hadoop(settings, "namenode", settings.heaps_mb.namenode, main, arguments, QUICK)


def _datanode(settings: Settings) -> list[str]:
    # The DataNode streams blocks and keeps none in memory.
    return hadoop(settings, "datanode", settings.heaps_mb.datanode, "org.apache.hadoop.hdfs.server.datanode.DataNode")


def _format(settings: Settings) -> None:
    """Creates an empty file system unless there is one. A folder without VERSION is an interrupted format."""
    data = settings.data_dir / "namenode"
    if (data / "current" / "VERSION").exists() and any((data / "current").glob("fsimage_*")):
        return
    if any((settings.data_dir / "datanode").glob("current/BP-*")):
        raise ClusterError(
            f"HDFS's DataNode has data, but the NameNode's folder {data} is empty or damaged. Restore that folder, or "
            "delete all data with `./footfall down --purge`."
        )
    # The folder itself stays, because in a container it is a volume.
    shutil.rmtree(data / "current", ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    format_storage(settings, _namenode(settings, "-format", "-nonInteractive", "-force"), "HDFS's NameNode")


def _probe_namenode(settings: Settings) -> None:
    status = jmx.bean(settings.url("namenode_http"), "Hadoop:service=NameNode,name=NameNodeStatus")
    if status.get("State") != "active":
        raise Unhealthy(f"it is {status.get('State', 'not ready')}")


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
    known = jmx.bean(settings.url("namenode_http"), "Hadoop:service=NameNode,name=NameNodeInfo")
    live = json.loads(known.get("LiveNodes", "{}"))
    own = settings.address("datanode")
    if not any(name in (str(own), own.host) for name in live):
        raise Unhealthy("the NameNode does not hear from it")


def no_room(settings: Settings) -> str:
    """Returns a sentence with the remedy if HDFS has no room for another block, else ''.

    Also returns '' if HDFS does not answer or has no DataNode.
    """
    try:
        state = jmx.bean(settings.url("namenode_http"), "Hadoop:service=NameNode,name=FSNamesystemState")
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
        name="namenode",
        engine="hadoop",
        profiles=("realtime", "batch"),
        ports=("namenode", "namenode_http"),
        command=_namenode,
        templates=HDFS_TEMPLATES,
        prepare=_format,
        parts=(_web_hosts.PART,),
        fingerprint_files=HOST_FILTER.fingerprint_files,
        probe=_probe_namenode,
    ),
    Service(
        name="datanode",
        engine="hadoop",
        profiles=("realtime", "batch"),
        needs=("namenode",),
        ports=("datanode", "datanode_http", "datanode_ipc"),
        command=_datanode,
        templates=HDFS_TEMPLATES,
        parts=(_web_hosts.PART,),
        fingerprint_files=HOST_FILTER.fingerprint_files,
        probe=_probe_datanode,
        # The probe reports it too, but `doctor` does not show the faults of a service that is still starting.
        advice=no_room,
    ),
)

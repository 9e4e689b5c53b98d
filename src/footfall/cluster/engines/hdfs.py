"""HDFS: one NameNode, one DataNode."""

import getpass
import json
import shutil
from typing import Final

import urllib3

from footfall.cluster.engines._hadoop import HDFS_TEMPLATES, hadoop
from footfall.cluster.engines._jvm import format_storage
from footfall.cluster.health import jmx
from footfall.cluster.service import Service
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

# HDFS's own: no file is begun where a whole one does not fit, however small the file.
_BLOCK_BYTES: Final = 128 * 2**20
_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


def _namenode(settings: Settings, *arguments: str) -> list[str]:
    main = "org.apache.hadoop.hdfs.server.namenode.NameNode"
    # It keeps all names in memory, and HBase's files are few.
    return hadoop(settings, "namenode", settings.heaps_mb.namenode, main, arguments)


def _datanode(settings: Settings) -> list[str]:
    # It moves blocks and keeps none in memory.
    return hadoop(settings, "datanode", settings.heaps_mb.datanode, "org.apache.hadoop.hdfs.server.datanode.DataNode")


def _format(settings: Settings) -> None:
    """Makes an empty file system. A folder without its VERSION file is a format that was interrupted."""
    data = settings.data_dir / "namenode"
    if (data / "current" / "VERSION").exists() and any((data / "current").glob("fsimage_*")):
        return
    if any((settings.data_dir / "datanode").glob("current/BP-*")):
        raise ClusterError(
            f"HDFS's DataNode has data but its NameNode's folder {data} is empty or damaged; restore that folder, or "
            "delete everything with `./footfall down --purge`."
        )
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    format_storage(settings, _namenode(settings, "-format", "-nonInteractive", "-force"), "HDFS's NameNode")


def _probe_namenode(settings: Settings) -> None:
    status = jmx.bean(settings.url("namenode_http"), "Hadoop:service=NameNode,name=NameNodeStatus")
    if status.get("State") != "active":
        raise Unhealthy(f"it is {status.get('State', 'not ready')}")


def _probe_datanode(settings: Settings) -> None:
    """Writes a small file through WebHDFS and reads it back; in safe mode this fails, as it should."""
    base = f"{settings.url('namenode_http')}/webhdfs/v1/tmp/health"
    user = "user.name=" + getpass.getuser()
    place = _HTTP.request("PUT", f"{base}?op=CREATE&overwrite=true&replication=1&{user}", redirect=False)
    if place.status != 307:
        raise Unhealthy(no_room(settings) or f"HDFS took no file: {_remote(place.data)}")
    wrote = _HTTP.request("PUT", place.headers["Location"], body=b"well")
    if wrote.status != 201:
        raise Unhealthy(no_room(settings) or f"HDFS took no file: {_remote(wrote.data)}")
    # The one retry is the redirect to the DataNode; without any, urllib3 does not follow it.
    read = _HTTP.request("GET", f"{base}?op=OPEN&{user}", retries=1)
    if read.data != b"well":
        raise Unhealthy("HDFS did not return what was written")


def no_room(settings: Settings) -> str:
    """A sentence with the remedy if no block fits any more; '' if one does, or if HDFS does not answer.

    A DataNode that is away is another matter: then '' too.
    """
    try:
        state = jmx.bean(settings.url("namenode_http"), "Hadoop:service=NameNode,name=FSNamesystemState")
        nodes, left = int(state.get("NumLiveDataNodes", 0)), int(state.get("CapacityRemaining", 0))
    except (Unhealthy, OSError, ValueError, TypeError, LookupError, AttributeError, urllib3.exceptions.HTTPError):
        return ""
    if nodes == 0 or left >= _BLOCK_BYTES:
        return ""
    return (
        f"HDFS has no room for another block: {left // 2**20} MiB are free beside what it leaves to others "
        f"(dfs.datanode.du.reserved). Make room on the disk of {settings.data_dir}; all that waits for it then goes on "
        "by itself."
    )


def _remote(body: bytes) -> str:
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
        probe=_probe_datanode,
        # Its probe says so too, but `doctor` does not report what a service that still starts has not done.
        advice=no_room,
    ),
)

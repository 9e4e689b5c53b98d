"""Whether HDFS has room for another block, as its NameNode knows it. For the DataNode's probe and for `doctor`."""

from typing import Final

import urllib3

from footfall.cluster.health import jmx
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

# HDFS's own: no file is begun where a whole one does not fit, however small the file.
_BLOCK_BYTES: Final = 128 * 2**20


def lack(settings: Settings) -> str:
    """A sentence with the remedy if no block fits any more; '' if one does, or if HDFS does not tell.

    A DataNode that is away is another matter: then '' too.
    """
    try:
        state = jmx.bean(settings.port("namenode_http"), "Hadoop:service=NameNode,name=FSNamesystemState")
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

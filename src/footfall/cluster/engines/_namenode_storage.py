"""The storage of a NameNode: formatted once, or copied from another NameNode.

Several NameNodes share their changes through JournalNodes. Only the first of them ever formats, and only while the
JournalNodes are empty; any other one without files copies them.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import urllib3

from footfall.cluster.engines._jvm import format_storage
from footfall.cluster.health import jmx
from footfall.hosts import Address
from footfall.names import NAMESERVICE
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

# In the folder of a NameNode whose changes are in the JournalNodes, not in this folder.
_SHARED: Final = "shared-edits"
# How long a NameNode waits for others. Then its node starts again.
_PATIENCE_S: Final = 60.0
_POLL_S: Final = 1.0
_NO_ANSWER: Final = (Unhealthy, OSError, ValueError, TypeError, LookupError, urllib3.exceptions.HTTPError)

Command = Callable[..., list[str]]


def prepare(settings: Settings, namenode: Command) -> None:
    """Formats or copies the storage unless it is complete. Raises ClusterError.

    namenode: returns the command line of the NameNode for these settings and arguments.
    """
    data = settings.data_dir / "namenode"
    if (data / "current" / "VERSION").exists() and any((data / "current").glob("fsimage_*")):
        _check_kind(settings, data)
        return
    if any((settings.data_dir / "datanode").glob("current/BP-*")):
        raise ClusterError(
            f"HDFS's DataNode has data, but the NameNode's folder {data} is empty or damaged. Restore that folder, or "
            "delete all data with `./footfall down --purge`."
        )
    copies = settings.has_standby and (settings.node_number("namenode") > 1 or _is_journal_formatted(settings))
    if copies:
        _await_another(settings)
    _empty(data)
    if copies:
        format_storage(settings, namenode(settings, "-bootstrapStandby", "-nonInteractive"), "HDFS's second NameNode")
    elif settings.has_standby:
        # Without -force, it refuses if a JournalNode has data after all.
        format_storage(settings, namenode(settings, "-format", "-nonInteractive"), "HDFS's first NameNode")
    else:
        format_storage(settings, namenode(settings, "-format", "-nonInteractive", "-force"), "HDFS's NameNode")
    if settings.has_standby:
        (data / _SHARED).touch()


def _empty(data: Path) -> None:
    """Deletes what an interrupted attempt left. The folder itself stays, because in a container it is a volume."""
    data.mkdir(parents=True, exist_ok=True)
    for left in data.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _check_kind(settings: Settings, data: Path) -> None:
    """Refuses files of the other kind: a NameNode alone would miss changes that only JournalNodes have."""
    if (data / _SHARED).exists() and not settings.has_standby:
        raise ClusterError(
            f"HDFS's files in {data} were made with several NameNodes, and one alone would miss the changes in the "
            "JournalNodes. Set hosts.namenode, hosts.journalnode and hosts.zkfc as before, or delete all data."
        )
    if settings.has_standby and not (data / _SHARED).exists():
        if _is_journal_formatted(settings):
            # Its node was ended between the format and the mark.
            (data / _SHARED).touch()
            return
        raise ClusterError(
            f"HDFS's files in {data} were made with one NameNode, and Hive's tables name its host. Set only this host "
            "in hosts.namenode, or delete all data."
        )


def _is_journal_formatted(settings: Settings) -> bool:
    """Whether a JournalNode has data. Raises ClusterError if none has but one does not answer."""
    silent = []
    for address in settings.addresses("journalnode_http"):
        try:
            info = jmx.bean(f"http://{address}", "Hadoop:service=JournalNode,name=JournalNodeInfo")
            journals = json.loads(info["JournalsStatus"])
        except _NO_ANSWER:
            silent.append(address.host)
            continue
        if str(journals.get(NAMESERVICE, {}).get("Formatted")).lower() == "true":
            return True
    if silent:
        raise ClusterError(f"HDFS is formatted once all JournalNodes answer; {', '.join(silent)} does not yet.")
    return False


def _await_another(settings: Settings) -> None:
    own = settings.address("namenode_http")
    others = [address for address in settings.addresses("namenode_http") if address != own]
    until = time.monotonic() + _PATIENCE_S
    while not any(map(_serves, others)):
        if time.monotonic() > until:
            raise ClusterError(
                "HDFS's NameNode has no files, and no other NameNode answers from which it could copy them: "
                f"{', '.join(address.host for address in others)}."
            )
        time.sleep(_POLL_S)


def _serves(address: Address) -> bool:
    try:
        return "State" in jmx.bean(f"http://{address}", "Hadoop:service=NameNode,name=NameNodeStatus")
    except _NO_ANSWER:
        return False

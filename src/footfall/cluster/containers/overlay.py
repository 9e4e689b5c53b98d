"""The overlay `ha` of compose.yaml: a second NameNode, JournalNodes and failover controllers.

HDFS is made with it or without it, and cannot change afterwards. So the volumes say whether a cluster has it.
"""

from typing import Final

from footfall.cluster.containers import docker
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

_WITHOUT: Final = "namenode"
_WITH: Final = "journalnode-1"


def wanted(settings: Settings, ha: bool | None) -> bool:
    """Whether the cluster has the overlay. Raises ClusterError if its data were made the other way.

    ha: whether the user wants it; None: as the data were made, without it if there are none.
    """
    stored = _volumes(settings)
    if _WITHOUT not in stored:
        return bool(ha)
    has = _WITH in stored
    if ha is None or ha == has:
        return has
    made, option = ("with", "--ha") if has else ("without", "--no-ha")
    raise ClusterError(
        f"This cluster's data were made {made} a second NameNode, and HDFS cannot change that. Start it with {option}, "
        "or delete all data with `./footfall cluster down --purge`."
    )


def _volumes(settings: Settings) -> set[str]:
    """The volumes of the cluster, by their names in compose.yaml."""
    label = '{{.Label "com.docker.compose.volume"}}'
    return set(docker.call("volume", "ls", "--format", label, *docker.ours(settings)).split())

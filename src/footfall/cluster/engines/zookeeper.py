"""ZooKeeper, alone or as one server of a quorum, for HBase, Storm and the lock of the streaming driver."""

import socket

from footfall.cluster.engines import _jvm
from footfall.cluster.service import Service
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings


def _command(settings: Settings) -> list[str]:
    conf = settings.conf_dir / "zookeeper"
    alone = len(settings.hosts.zookeeper) == 1
    main = f"org.apache.zookeeper.server.{'ZooKeeperServerMain' if alone else 'quorum.QuorumPeerMain'}"
    # The heap holds a few hundred small znodes of HBase and Storm.
    heap_mb = settings.heaps_mb.zookeeper
    arguments = [str(conf / "zoo.cfg")]
    return _jvm.java(
        settings, "zookeeper", "zookeeper", heap_mb, main, arguments, options=[*_jvm.QUICK, _jvm.log4j(conf)]
    )


def _prepare(settings: Settings) -> None:
    """Writes the number of this server in the quorum."""
    if len(settings.hosts.zookeeper) > 1:
        (settings.data_dir / "zookeeper" / "myid").write_text(f"{settings.node_number('zookeeper')}\n", "ascii")


def _probe(settings: Settings) -> None:
    with socket.create_connection(settings.address("zookeeper"), timeout=5) as connection:
        connection.sendall(b"srvr")
        answer = b""
        while block := connection.recv(4096):
            answer += block
    if b"Mode:" not in answer:
        raise Unhealthy("it does not serve requests yet")


SERVICES = (
    Service(
        name="zookeeper",
        engine="zookeeper",
        profiles=("realtime",),
        ports=("zookeeper",),
        command=_command,
        templates=("zookeeper/zoo.cfg", "zookeeper/log4j.properties"),
        prepare=_prepare,
        probe=_probe,
    ),
)

"""Where the engines run: a settings group with the hosts of each, and what an address is."""

import re
from ipaddress import ip_address
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# Numeric: `localhost` may resolve to ::1, where nothing listens.
LOOPBACK: Final = "127.0.0.1"
# Ports that do not begin with the name of the daemon that listens there.
_DAEMONS: Final = {
    "storm_worker": "storm_supervisor",
    "yarn_scheduler": "yarn_resourcemanager",
    "yarn_tracker": "yarn_resourcemanager",
    "yarn_admin": "yarn_resourcemanager",
    "yarn_http": "yarn_resourcemanager",
    "yarn_localizer": "yarn_nodemanager",
}
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class Address(NamedTuple):
    """A host and the port on it. As text it stands as in a URL: `k1:9092`, `[2001:db8::1]:9092`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine as only it knows itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def well_formed(host: str) -> str:
    """The host, if it is an address or could be a name. Raises ValueError."""
    try:
        return str(ip_address(host))
    except ValueError:
        # What ends in a number could only be an address: 10.0.0.300.
        labels = host.split(".")
        if len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit():
            return host
    raise ValueError(f"{host!r} is neither the name of a host nor an address")


def _no_repeats(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(hosts)) < len(hosts):
        raise ValueError("a host is named twice")
    return hosts


_Host = Annotated[str, AfterValidator(well_formed)]
_Hosts = Annotated[tuple[_Host, ...], Field(min_length=1), AfterValidator(_no_repeats)]


class Hosts(BaseModel):
    """The hosts of each daemon, under which the others reach it; several where an engine has several nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sites: _Hosts = Field((LOOPBACK,), description="the web sites")
    dashboard: _Hosts = Field((LOOPBACK,), description="the dashboard")
    zookeeper: _Hosts = Field((LOOPBACK,), description="ZooKeeper's quorum")
    kafka: _Hosts = Field((LOOPBACK,), description="Kafka's brokers")
    namenode: _Hosts = Field((LOOPBACK,), description="HDFS's NameNode")
    datanode: _Hosts = Field((LOOPBACK,), description="HDFS's DataNodes")
    hbase_master: _Hosts = Field((LOOPBACK,), description="HBase's masters")
    hbase_regionserver: _Hosts = Field((LOOPBACK,), description="HBase's region servers")
    hbase_thrift: _Hosts = Field((LOOPBACK,), description="HBase's Thrift gateways")
    storm_nimbus: _Hosts = Field((LOOPBACK,), description="Storm's Nimbus")
    storm_supervisor: _Hosts = Field((LOOPBACK,), description="Storm's supervisors")
    yarn_resourcemanager: _Hosts = Field((LOOPBACK,), description="YARN's ResourceManager")
    yarn_nodemanager: _Hosts = Field((LOOPBACK,), description="YARN's NodeManagers")
    yarn_jobhistory: _Hosts = Field((LOOPBACK,), description="the history of MapReduce jobs")
    spark_streaming: _Hosts = Field((LOOPBACK,), description="the driver of Spark's stream, for its executors")

    def of(self, name: str) -> tuple[str, ...]:
        """The hosts of a daemon, by its own name here or by that of one of its ports."""
        return tuple(getattr(self, daemon_of(name)))


def daemon_of(name: str) -> str:
    """The field of `Hosts` that a name stands for: one of those fields, or a port's in the settings.

    A port belongs to the daemon whose name it begins with; the ports of the sites have the sites' own names.
    """
    name = _DAEMONS.get(name, name)
    return next((field for field in Hosts.model_fields if name == field or name.startswith(f"{field}_")), "sites")

"""The hosts of each daemon (a group of settings), and addresses of the form HOST:PORT."""

import re
from ipaddress import ip_address
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

# Numeric, because `localhost` may resolve to ::1, where nothing listens.
LOOPBACK: Final = "127.0.0.1"
# The daemon of each port whose name does not begin with the name of its daemon.
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
    """A host and a port. The text form is that of a URL: `k1:9092`, `[2001:db8::1]:9092`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """True if the host means this machine only, by name or by a loopback address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def well_formed(host: str) -> str:
    """Returns the host if it is an IP address or a valid host name. Raises ValueError otherwise."""
    try:
        return str(ip_address(host))
    except ValueError:
        # A name whose last label is a number would be an invalid address such as 10.0.0.300.
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
_HostsOrNone = Annotated[tuple[_Host, ...], AfterValidator(_no_repeats)]
# Of three JournalNodes, two can outvote a third one that is away.
_LEAST_JOURNALNODES: Final = 3


class Hosts(BaseModel):
    """The hosts at which each daemon is reached; several if an engine has several nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sites: _Hosts = Field(
        (LOOPBACK,),
        description="the web sites; of several hosts, a site has the one whose name ends with the name of the site",
    )
    collector: _Hosts = Field((LOOPBACK,), description="the collector")
    dashboard: _Hosts = Field((LOOPBACK,), description="the dashboard")
    airflow: _Hosts = Field((LOOPBACK,), description="Airflow")
    zookeeper: _Hosts = Field((LOOPBACK,), description="ZooKeeper's quorum")
    kafka: _Hosts = Field((LOOPBACK,), description="Kafka's brokers")
    postgres: _Hosts = Field((LOOPBACK,), description="PostgreSQL")
    namenode: _Hosts = Field(
        (LOOPBACK,),
        description="HDFS's NameNode; of several, which need `journalnode` and `zkfc`, one is active",
    )
    journalnode: _HostsOrNone = Field(
        (),
        description="HDFS's JournalNodes, through which several NameNodes share their changes: 3, 5, …",
    )
    zkfc: _HostsOrNone = Field(
        (), description="HDFS's failover controllers, one for each host of `namenode`, in the same order"
    )
    datanode: _Hosts = Field((LOOPBACK,), description="HDFS's DataNodes")
    hbase_master: _Hosts = Field((LOOPBACK,), description="HBase's masters")
    hbase_regionserver: _Hosts = Field((LOOPBACK,), description="HBase's region servers")
    hbase_thrift: _Hosts = Field((LOOPBACK,), description="HBase's Thrift gateways")
    storm_nimbus: _Hosts = Field((LOOPBACK,), description="Storm's Nimbus")
    storm_supervisor: _Hosts = Field((LOOPBACK,), description="Storm's supervisors")
    yarn_resourcemanager: _Hosts = Field((LOOPBACK,), description="YARN's ResourceManager")
    yarn_nodemanager: _Hosts = Field((LOOPBACK,), description="YARN's NodeManagers")
    yarn_jobhistory: _Hosts = Field((LOOPBACK,), description="MapReduce's JobHistoryServer")
    hive_metastore: _Hosts = Field((LOOPBACK,), description="Hive's metastore")
    hive_server2: _Hosts = Field((LOOPBACK,), description="HiveServer2")

    @model_validator(mode="after")
    def _several_namenodes(self) -> "Hosts":
        if len(self.namenode) == 1:
            if self.journalnode or self.zkfc:
                raise ValueError("journalnode and zkfc are for several hosts in namenode, and it has one")
            return self
        if len(self.journalnode) < _LEAST_JOURNALNODES or len(self.journalnode) % 2 == 0:
            raise ValueError(f"several hosts in namenode need {_LEAST_JOURNALNODES} hosts in journalnode, or 5, 7, …")
        if len(self.zkfc) != len(self.namenode):
            raise ValueError("zkfc needs as many hosts as namenode")
        return self

    def of(self, name: str) -> tuple[str, ...]:
        """The hosts of a daemon. name: of the daemon, or of one of its ports, or of a site."""
        hosts = tuple(getattr(self, daemon_of(name)))
        # Each site may have its own host. The other daemons of several hosts are alike on each of them.
        own = tuple(host for host in hosts if host.split(".")[0].endswith(name))
        return own if daemon_of(name) == "sites" and own else hosts


def daemon_of(name: str) -> str:
    """The field of `Hosts` for the name of a daemon or of a port.

    The name of a port begins with the name of its daemon. The ports of the sites have the names of the sites.
    """
    name = _DAEMONS.get(name, name)
    return next((field for field in Hosts.model_fields if name == field or name.startswith(f"{field}_")), "sites")

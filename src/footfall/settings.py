"""The settings: one frozen, validated object, read from `HOME/settings.toml` and the `FOOTFALL_…` variables.

A variable such as `FOOTFALL_PACE=5` or `FOOTFALL_PORTS__KAFKA=9192` overrides the file. `settings_page.py` generates
`docs/settings.md` from the descriptions here.
"""

import json
import os
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from footfall.errors import FootfallError
from footfall.hosts import LOOPBACK, Address, Hosts, daemon_of, is_loopback, well_formed
from footfall.names import NAMESERVICE

REPOSITORY = Path(__file__).resolve().parents[2]


class SettingsError(FootfallError):
    """A setting is invalid. The message is a sentence for the user."""


# Memory of the largest batch application, Spark's job `events`: its master and one executor
# (`warehouse/spark/memory.py`).
LEAST_BATCH_MB = 2304
# Two copies survive one failure while the third is away.
_MOST_REPLICAS = 3
# Some 30 MiB each (`realtime/row_store.py`).
_MOST_PARTITIONS_OF_A_BOLT = 8

_Port = Annotated[int, Field(ge=1, le=65535)]


class Ports(BaseModel):
    """TCP ports before `port_offset` is added. The defaults are below 32768, where Linux's ephemeral ports begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: _Port = Field(5001, description="the shop")
    news: _Port = Field(5002, description="the news site")
    academy: _Port = Field(5003, description="the academy")
    dashboard: _Port = Field(8501, description="the dashboard")
    airflow: _Port = Field(8080, description="Airflow: web pages and REST API")
    zookeeper: _Port = Field(2181, description="ZooKeeper, for clients")
    zookeeper_peer: _Port = Field(2888, description="ZooKeeper, for the other servers of a quorum")
    zookeeper_election: _Port = Field(3888, description="ZooKeeper, for elections in a quorum")
    kafka: _Port = Field(9092, description="Kafka, for clients")
    kafka_controller: _Port = Field(9093, description="Kafka: controller")
    postgres: _Port = Field(5432, description="PostgreSQL")
    namenode: _Port = Field(8020, description="HDFS's NameNode, for clients")
    namenode_http: _Port = Field(9870, description="HDFS's NameNode: WebHDFS and metrics")
    journalnode: _Port = Field(8485, description="HDFS's JournalNode, for NameNodes")
    journalnode_http: _Port = Field(8480, description="HDFS's JournalNode: metrics, and changes for NameNodes")
    zkfc: _Port = Field(8019, description="HDFS's failover controller")
    datanode: _Port = Field(9866, description="HDFS's DataNode: block transfer")
    datanode_http: _Port = Field(9864, description="HDFS's DataNode: WebHDFS and metrics")
    datanode_ipc: _Port = Field(9867, description="HDFS's DataNode: IPC")
    hbase_master: _Port = Field(16000, description="HBase's master")
    hbase_master_http: _Port = Field(16010, description="HBase's master: metrics")
    hbase_regionserver: _Port = Field(16020, description="HBase's region server")
    hbase_regionserver_http: _Port = Field(16030, description="HBase's region server: metrics")
    hbase_thrift: _Port = Field(9090, description="HBase's Thrift gateway, through which Python reads and writes")
    storm_nimbus: _Port = Field(6627, description="Storm's Nimbus")
    storm_supervisor: _Port = Field(6628, description="Storm's supervisor")
    storm_worker: _Port = Field(6700, description="slot of Storm's worker; nothing listens on it")
    yarn_resourcemanager: _Port = Field(8032, description="YARN's ResourceManager, for clients")
    yarn_scheduler: _Port = Field(8030, description="YARN's ResourceManager, for applications")
    yarn_tracker: _Port = Field(8031, description="YARN's ResourceManager, for nodes")
    yarn_admin: _Port = Field(8033, description="YARN's ResourceManager: administration")
    yarn_http: _Port = Field(8088, description="YARN's ResourceManager: web pages and REST API")
    yarn_nodemanager: _Port = Field(8041, description="YARN's NodeManager")
    yarn_localizer: _Port = Field(8040, description="YARN's NodeManager: localizer, which downloads application files")
    yarn_nodemanager_http: _Port = Field(8042, description="YARN's NodeManager: web pages and REST API")
    yarn_jobhistory: _Port = Field(10020, description="MapReduce's JobHistoryServer, for clients")
    yarn_jobhistory_admin: _Port = Field(10033, description="MapReduce's JobHistoryServer: administration")
    yarn_jobhistory_http: _Port = Field(19888, description="MapReduce's JobHistoryServer: web pages and REST API")
    hive_metastore: _Port = Field(9083, description="Hive's metastore")
    hive_server2: _Port = Field(10000, description="HiveServer2, for SQL clients")


class HeapsMb(BaseModel):
    """Maximum Java heap of each service in MiB. docs/operating/services-and-memory.md gives the reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zookeeper: int = Field(96, ge=32, description="heap of ZooKeeper, MiB")
    kafka: int = Field(256, ge=128, description="heap of Kafka, MiB")
    namenode: int = Field(160, ge=96, description="heap of HDFS's NameNode, MiB")
    journalnode: int = Field(96, ge=64, description="heap of HDFS's JournalNode, MiB")
    zkfc: int = Field(64, ge=48, description="heap of HDFS's failover controller, MiB")
    datanode: int = Field(128, ge=96, description="heap of HDFS's DataNode, MiB")
    hbase_master: int = Field(192, ge=128, description="heap of HBase's master, MiB")
    hbase_regionserver: int = Field(384, ge=192, description="heap of HBase's region server, MiB")
    hbase_thrift: int = Field(128, ge=96, description="heap of HBase's Thrift gateway, MiB")
    flume: int = Field(128, ge=96, description="heap of Flume's agent, MiB")
    storm_nimbus: int = Field(128, ge=96, description="heap of Storm's Nimbus, MiB")
    storm_supervisor: int = Field(96, ge=64, description="heap of Storm's supervisor, MiB")
    storm_worker: int = Field(
        192, ge=128, description="heap of Storm's worker, MiB; it also limits the number of events in flight"
    )
    spark_streaming: int = Field(512, ge=480, description="heap of Spark's streaming driver, MiB")
    spark_executor: int = Field(1024, ge=640, description="heap of Spark's streaming executor, MiB")
    yarn_resourcemanager: int = Field(128, ge=96, description="heap of YARN's ResourceManager, MiB")
    yarn_nodemanager: int = Field(96, ge=64, description="heap of YARN's NodeManager, MiB")
    yarn_jobhistory: int = Field(96, ge=64, description="heap of MapReduce's JobHistoryServer, MiB")
    hive_metastore: int = Field(128, ge=96, description="heap of Hive's metastore, MiB")
    hive_server2: int = Field(512, ge=384, description="heap of HiveServer2, in which Tez runs the queries, MiB")


class Retention(BaseModel):
    """How long and how much data is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka_days: int = Field(7, ge=1, description="days that Kafka keeps events")
    kafka_gib: float = Field(4.0, gt=0, description="GiB of events that Kafka keeps in all partitions together")
    live_days: int = Field(
        8, ge=1, description="days that live tables keep figures, by received_at; must exceed kafka_days"
    )
    spool_gib: float = Field(1.0, gt=0, description="GiB of events that each site may spool while Kafka is unavailable")
    site_logs_gib: float = Field(1.0, gt=0, description="GiB of site logs that are kept after Flume has read them")
    hdfs_events_days: int = Field(
        90, ge=8, description="days that HDFS keeps events, rejects and windows, by event_time"
    )
    hdfs_logs_days: int = Field(30, ge=1, description="days that HDFS keeps site logs, by the time in each line")
    ledger_days: int = Field(
        7, ge=1, description="days that single ledger entries are kept; hourly totals are kept for ever"
    )
    free_disk_gib: float = Field(
        5.0, ge=0, description="GiB of free disk space below which visitors pause and collectors answer 503"
    )

    @model_validator(mode="after")
    def _live_outlives_kafka(self) -> "Retention":
        if self.live_days <= self.kafka_days:
            raise ValueError(
                "live_days must exceed kafka_days, so that every repeated event in Kafka is recognised as a repeat"
            )
        return self


class Yarn(BaseModel):
    """Resources for all YARN containers together. docs/operating/services-and-memory.md gives the reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(
        0, ge=0, description="memory of all containers, MiB; 0: a third of the machine's memory, at most 8192"
    )
    streaming_mb: int = Field(3072, ge=2816, description="part of memory_mb reserved for the queue `streaming`, MiB")
    queries_mb: int = Field(
        2560,
        ge=1280,
        description="part of memory_mb reserved for the queue `queries` if there are several NodeManagers: Tez runs "
        "HiveServer2's queries there; with one NodeManager it runs in HiveServer2's heap, MiB",
    )
    vcores: int = Field(0, ge=0, description="virtual cores of all containers; 0: twice the number of processors")
    nice: int = Field(
        10,
        ge=0,
        le=19,
        description="`nice` value of containers and of all work on past days; a higher value means a lower priority",
    )

    @model_validator(mode="after")
    def _room_for_batches(self) -> "Yarn":
        if 0 < self.memory_mb < self.streaming_mb + LEAST_BATCH_MB:
            raise ValueError(f"memory_mb must exceed streaming_mb by {LEAST_BATCH_MB}, or no batch could run")
        return self


class Alerts(BaseModel):
    """Where alerts are sent, in addition to the live page and Kafka's topic `alerts`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook_url: str = Field("", description="URL to which each alert is posted with a signature; empty: no webhook")
    webhook_anywhere: bool = Field(False, description="whether webhook_url may point to another machine")
    mail_to: str = Field("", description="recipient of the mails that are written to `HOME/mail`; empty: no mails")

    @field_validator("mail_to")
    @classmethod
    def _address(cls, address: str) -> str:
        if address and (not address.isprintable() or address.count("@") != 1 or " " in address):
            raise ValueError("mail_to must be one address such as oncall@example.org")
        return address

    @model_validator(mode="after")
    def _webhook_on_this_machine(self) -> "Alerts":
        if not self.webhook_url:
            return self
        url = urlsplit(self.webhook_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("webhook_url must be a URL such as http://127.0.0.1:9000/alerts")
        if not self.webhook_anywhere and not is_loopback(url.hostname):
            raise ValueError(
                f"webhook_url points to another machine, {url.hostname}; webhook_anywhere=true allows that"
            )
        return self


class Learning(BaseModel):
    """What Mahout learns from, and how often its models are made anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_days: int = Field(28, ge=1, le=90, description="days that a run learns from, as far as they are published")
    models_every_days: int = Field(
        7, ge=1, description="days after which the number of segments and the kind of recommender are chosen anew"
    )


class Settings(BaseSettings):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(
        env_prefix="FOOTFALL_",
        env_nested_delimiter="__",
        env_ignore_empty=True,  # the launcher also treats an empty variable as unset
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    home: Path = Field(
        REPOSITORY / ".footfall", description="folder of all state: data, logs, secrets and run-time files"
    )
    install: Path = Field(
        default_factory=lambda data: data["home"] / "install",
        description="folder for all that `up` installs: Python environment, jars, city database; homes may share it",
    )
    bind: Literal["127.0.0.1", "0.0.0.0"] = Field(  # noqa: S104 - the user's choice
        "127.0.0.1",
        description="address on which the sites listen; 0.0.0.0 makes them reachable from other machines; engines "
        "listen only on their host in `hosts`",
    )
    dashboard_bind: Literal["127.0.0.1", "0.0.0.0"] = Field(  # noqa: S104 - the user's choice
        "127.0.0.1",
        description="address on which the dashboard listens; with 0.0.0.0 it asks for a password",
    )
    dashboard_password: bool = Field(
        True,
        description="whether the dashboard asks for a password unless it listens on loopback; false only if something "
        "before it keeps strangers away",
    )
    host_names: tuple[str, ...] = Field(
        (),
        description="further names under which browsers reach sites and dashboard; requests to other names are refused",
    )
    port_offset: int = Field(
        0, ge=0, le=15000, description="number added to every port, so that a second instance can run"
    )
    host: str = Field(
        "",
        description="the name of this machine in `hosts`, if it is a node of a cluster; empty: the first host of each "
        "daemon is this machine",
    )
    profile: Literal["full", "realtime", "batch"] = Field(
        "full", description="set of services of a cluster, for its node `cli`; on one machine it is an argument of `up`"
    )
    kafka_cluster_id: str = Field(
        "",
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9_-]{21})?$",
        description="22 letters, digits, - and _ with which each of several brokers formats its storage; a single "
        "broker makes its own",
    )
    hosts: Hosts = Field(
        default_factory=Hosts, description="hosts on which each daemon runs, as other machines reach them"
    )
    ports: Ports = Field(default_factory=Ports, description="ports before `port_offset` is added")
    heaps_mb: HeapsMb = Field(default_factory=HeapsMb, description="maximum heap of each Java service, MiB")
    retention: Retention = Field(default_factory=Retention, description="how long and how much data is kept")
    yarn: Yarn = Field(default_factory=Yarn, description="resources of YARN's containers")
    alerts: Alerts = Field(default_factory=Alerts, description="where alerts are sent")
    learning: Learning = Field(default_factory=Learning, description="what is learned from past days")
    visitors_per_site: int = Field(10, ge=0, le=1000, description="concurrent simulated visitors of each site")
    population: int = Field(40_000, ge=100, description="number of people in the simulated population of each site")
    pace: float = Field(1.0, ge=0.1, le=20.0, description="speed of the simulated visitors; 1 is real time")
    seed: int = Field(20_251_107, description="seed of the simulation")
    taste_strength: float = Field(
        1.0, ge=0, le=3, description="how strongly simulated visitors follow their tastes; 0: not at all"
    )
    planted_groups: bool = Field(
        False, description="whether simulated people belong to groups that have habits and tastes in common"
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="networks of proxies whose X-Forwarded-For header is trusted"
    )
    client_events_per_minute: int = Field(
        12_000, ge=100, description="events that one address may send to a site in a minute; more are answered with 429"
    )
    site_events_per_minute: int = Field(
        300_000, ge=100, description="events that a site takes in a minute from everybody; more are answered with 429"
    )
    events_partitions: int = Field(
        8,
        ge=1,
        le=64,
        description="partitions of Kafka's topic `events`, chosen at the first `up`; a later start with another number "
        "is refused",
    )
    live_tasks: int = Field(
        2, ge=1, le=64, description="Python bolt processes that share the partitions, at most one for each"
    )
    automatic_batches: bool = Field(
        True,
        description="whether Airflow runs days by itself: each night, dirty days each hour, missing days after `up`; "
        "and learns from a new day",
    )
    up_timeout_s: int = Field(300, ge=30, description="seconds that `up` waits for one service to become healthy")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(os.environ.get("FOOTFALL_HOME") or REPOSITORY / ".footfall")
        try:
            file = TomlConfigSettingsSource(settings_cls, home / "settings.toml")
        except (OSError, ValueError) as error:
            raise SettingsError(f"{home / 'settings.toml'} cannot be read: {error}.") from None
        if misplaced := {"home", "install"} & file.toml_data.keys():
            # The launcher creates the Python environment in these folders, and it cannot read TOML.
            variables = " and ".join(f"FOOTFALL_{name.upper()}" for name in sorted(misplaced))
            raise SettingsError(
                f"{home / 'settings.toml'} is inside home, so it cannot set that. Set {variables} instead."
            )
        return init_settings, env_settings, file

    @field_validator("host")
    @classmethod
    def _own_name(cls, host: str) -> str:
        return well_formed(host) if host else host

    @field_validator("host_names")
    @classmethod
    def _host_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(well_formed, names))

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network, strict=False)
        return networks

    @model_validator(mode="after")
    def _absolute(self) -> "Settings":
        if not self.home.is_absolute() or not self.install.is_absolute():
            raise ValueError("home and install must be absolute paths")
        return self

    @model_validator(mode="after")
    def _room_for_queries(self) -> "Settings":
        least_mb = self.yarn.streaming_mb + self.yarn.queries_mb + LEAST_BATCH_MB
        if len(self.hosts.yarn_nodemanager) > 1 and 0 < self.yarn.memory_mb < least_mb:
            raise ValueError(
                "with several NodeManagers, yarn.memory_mb must exceed streaming_mb and queries_mb by "
                f"{LEAST_BATCH_MB}, or no batch could run"
            )
        return self

    @model_validator(mode="after")
    def _bolts_hold_their_partitions(self) -> "Settings":
        if self.events_partitions > _MOST_PARTITIONS_OF_A_BOLT * self.live_tasks:
            raise ValueError(
                f"events_partitions is {self.events_partitions}, and a bolt process holds the rows of at most "
                f"{_MOST_PARTITIONS_OF_A_BOLT} partitions in memory; set live_tasks to "
                f"{-(-self.events_partitions // _MOST_PARTITIONS_OF_A_BOLT)} or more"
            )
        return self

    @model_validator(mode="after")
    def _one_port_each(self) -> "Settings":
        named: dict[int, str] = {}
        for name, port in self.ports:
            if port + self.port_offset > 65535:
                raise ValueError(f"port {name} is {port + self.port_offset} with port_offset; the largest is 65535")
            if port in named:
                raise ValueError(f"ports {named[port]} and {name} are both {port}")
            named[port] = name
        return self

    def port(self, name: str) -> int:
        """The port with this name in `Ports`, with the offset added."""
        return self.with_offset(int(getattr(self.ports, name)))

    def named_ports(self) -> dict[int, str]:
        """All ports: port with the offset added → its name in `Ports`."""
        return {self.port(name): name for name in Ports.model_fields}

    def with_offset(self, port: int) -> int:
        """Adds the offset to a port."""
        return port + self.port_offset

    def addresses(self, name: str) -> tuple[Address, ...]:
        """The addresses at which clients reach the port `name` of `Ports`: one for each host of its daemon."""
        return tuple(Address(host, self.port(name)) for host in self.hosts.of(name))

    def address(self, name: str) -> Address:
        """One of `addresses(name)`: the one on this machine if there is one, else the first."""
        return Address(self.advertised_host(name), self.port(name))

    def url(self, name: str) -> str:
        """The HTTP URL of `address(name)`, without a path."""
        return f"http://{self.address(name)}"

    def advertised_host(self, name: str) -> str:
        """The host at which clients reach the daemon on this machine. name: of the daemon or one of its ports."""
        hosts = self.hosts.of(name)
        return self.host if self.host in hosts else hosts[0]

    @property
    def is_node(self) -> bool:
        """Whether this machine is one node of several."""
        return bool(self.host)

    @property
    def client_host(self) -> str:
        """The host on which a client on this machine listens for the answers of an engine."""
        return self.host or LOOPBACK

    def node_number(self, daemon: str) -> int:
        """The number of this machine among the hosts of a daemon, from 1."""
        return self.hosts.of(daemon).index(self.advertised_host(daemon)) + 1

    def replicas(self, daemon: str) -> int:
        """How many copies an engine keeps of its data: one on each of the daemon's hosts, at most three."""
        return min(_MOST_REPLICAS, len(self.hosts.of(daemon)))

    @property
    def has_standby(self) -> bool:
        """Whether HDFS has several NameNodes, of which one is active and the others stand by."""
        return len(self.hosts.of("namenode")) > 1

    @property
    def hdfs_uri(self) -> str:
        """The beginning of a URI of HDFS, before the path."""
        return f"hdfs://{NAMESERVICE if self.has_standby else self.address('namenode')}"

    def bind_host(self, name: str) -> str:
        """The host on which a daemon on this machine listens: a setting for sites and dashboard, else its own host."""
        daemon = daemon_of(name)
        if daemon in ("sites", "dashboard"):
            return self.bind if daemon == "sites" else self.dashboard_bind
        host = self.advertised_host(name)
        return LOOPBACK if is_loopback(host) else host

    @cached_property
    def conf_dir(self) -> Path:
        """Rendered configuration, one folder per service, written at each start."""
        return self.home / "conf"

    @cached_property
    def data_dir(self) -> Path:
        """Data of the engines, one folder per service."""
        return self.home / "data"

    @cached_property
    def logs_dir(self) -> Path:
        """Standard output of each service (`SERVICE.log`). The logs of the sites are in `sites/APP/`."""
        return self.home / "logs"

    @cached_property
    def run_dir(self) -> Path:
        """Locks, sockets, process ids and other state of the running platform."""
        return self.home / "run"

    @cached_property
    def secrets_dir(self) -> Path:
        """Generated passwords, mode 0600."""
        return self.home / "secrets"

    @cached_property
    def mail_dir(self) -> Path:
        """Mails about alerts, one `.eml` file each, if `alerts.mail_to` is set."""
        return self.home / "mail"

    @cached_property
    def spool_dir(self) -> Path:
        """Events that were accepted while Kafka was unavailable, one folder per app."""
        return self.home / "spool"

    @cached_property
    def ledger_dir(self) -> Path:
        """The requests of simulated visitors and their answers, one folder per app."""
        return self.home / "ledger"

    @cached_property
    def kafka_bootstrap(self) -> str:
        """Addresses of Kafka's brokers in the form of `bootstrap.servers`."""
        return ",".join(map(str, self.addresses("kafka")))

    def as_environment(self) -> dict[str, str]:
        """Returns environment variables that give a child process exactly these settings."""
        flat: dict[str, str] = {}

        def walk(prefix: str, value: Any) -> None:
            if isinstance(value, dict):
                for key, inner in value.items():
                    walk(f"{prefix}__{key.upper()}", inner)
            elif isinstance(value, list):
                flat[prefix] = json.dumps(value)
            else:
                flat[prefix] = str(value)

        for name, value in self.model_dump(mode="json").items():
            walk(f"FOOTFALL_{name.upper()}", value)
        return flat


def load_settings() -> Settings:
    """Reads the settings of this process. Raises SettingsError, which names each invalid setting."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"The settings are invalid: {faults}. See docs/settings.md.") from None
    except ValueError as error:  # a variable that should be JSON
        raise SettingsError(f"The settings are invalid: {error}. See docs/settings.md.") from None

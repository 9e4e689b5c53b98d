"""The settings: one frozen, validated object, read from `HOME/settings.toml` and the `FOOTFALL_…` variables.

A variable such as `FOOTFALL_PACE=5` or `FOOTFALL_PORTS__KAFKA=9192` overrides the file. `settings_page.py` generates
`docs/settings.md` from the descriptions here.
"""

import json
import os
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from footfall.errors import FootfallError
from footfall.hosts import LOOPBACK, Address, Hosts, daemon_of, is_loopback, well_formed
from footfall.names import NAMESERVICE
from footfall.setting_groups import LEAST_BATCH_MB, Alerts, Demo, HeapsMb, Learning, Ports, Retention, Yarn

REPOSITORY = Path(__file__).resolve().parents[2]


class SettingsError(FootfallError):
    """A setting is invalid. The message is a sentence for the user."""


# Two copies survive one failure while the third is away.
_MOST_REPLICAS = 3
# Some 30 MiB each (`realtime/row_store.py`).
_MOST_PARTITIONS_OF_A_BOLT = 8


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
        description="address on which the sites and the collector listen; 0.0.0.0 makes them reachable from other "
        "machines; engines listen only on their host in `hosts`",
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
        description="further names under which browsers reach sites, collector and dashboard; requests to other names "
        "are refused",
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
    demo: Demo = Field(default_factory=Demo, description="the demo sites and their simulated visitors")
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
        except (OSError, ValueError, RecursionError) as error:
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
        if self.has_several_nodemanagers and 0 < self.yarn.memory_mb < least_mb:
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
    def has_several_nodemanagers(self) -> bool:
        """Whether YARN's containers run on several nodes. MapReduce's shuffle service and Tez run there only then."""
        return len(self.hosts.yarn_nodemanager) > 1

    @property
    def hdfs_uri(self) -> str:
        """The beginning of a URI of HDFS, before the path."""
        return f"hdfs://{NAMESERVICE if self.has_standby else self.address('namenode')}"

    def bind_host(self, name: str) -> str:
        """The host on which a daemon on this machine listens: a setting for what browsers reach, else its own host."""
        daemon = daemon_of(name)
        if daemon in ("sites", "collector", "dashboard"):
            return self.dashboard_bind if daemon == "dashboard" else self.bind
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

"""The services as data: what each runs, needs and listens on, and how it is configured. One table for everything."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from footfall.cluster import commands, yarn
from footfall.names import APP_IDS
from footfall.settings import Settings

Kind = Literal["process", "step"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of the table."""

    name: str
    engine: str
    kind: Kind = "process"  # a step is work that `up` does once (topics, tables, topology), not a process
    needs: tuple[str, ...] = ()  # services that must be healthy before
    restarts: tuple[str, ...] = ()  # of a step: services to start anew, too, when what it made stays unhealthy
    ports: tuple[str, ...] = ()  # names in settings.Ports
    command: Callable[[Settings], list[str]] | None = None
    environment: Callable[[Settings], dict[str, str]] | None = None  # beside that of every process
    templates: tuple[str, ...] = ()  # below engines/, without .j2; rendered to conf_dir/SERVICE/
    speaks_to: tuple[str, ...] = ()  # ports of others that a process of this package was told at its start
    relevant: tuple[str, ...] = ()  # settings other than ports and heap whose change means a new start
    sources: tuple[str, ...] = ()  # parts of the package whose change means a new start
    stop_s: int = 20  # patience between SIGTERM and SIGKILL


def _site(app: str) -> Service:
    return Service(
        name=f"site-{app}",
        engine="flask",
        needs=("kafka-topics",),
        ports=(app,),
        command=commands.python_module("footfall.sites.server", app),
        speaks_to=("kafka",),
        relevant=("bind", "pace", "trusted_proxies", "client_events_per_minute", "retention"),
        sources=("events", "sites", "names.py", "secret_files.py", "settings.py"),
        stop_s=30,
    )


def _visitors(app: str) -> Service:
    return Service(
        name=f"visitors-{app}",
        engine="visitors",
        needs=(f"site-{app}",),
        command=commands.python_module("footfall.sites.visitors.run", app),
        speaks_to=(app,),
        relevant=("pace", "seed", "visitors_per_site", "population"),
        sources=("events", "sites/visitors", "sites/incidents.py", "names.py", "settings.py"),
        stop_s=30,
    )


_HDFS = ("hadoop/core-site.xml", "hadoop/hdfs-site.xml", "hadoop/log4j.properties")
_YARN = (*_HDFS, "hadoop/yarn-site.xml")

SERVICES: tuple[Service, ...] = (
    Service(
        name="zookeeper",
        engine="zookeeper",
        ports=("zookeeper",),
        command=commands.zookeeper,
        templates=("zookeeper/zoo.cfg", "zookeeper/log4j.properties"),
    ),
    Service(
        name="kafka",
        engine="kafka",
        ports=("kafka", "kafka_controller"),
        command=commands.kafka,
        templates=("kafka/server.properties", "kafka/log4j2.yaml"),
        stop_s=60,
    ),
    Service(name="kafka-topics", engine="kafka", kind="step", needs=("kafka",)),
    Service(
        name="namenode",
        engine="hadoop",
        ports=("namenode", "namenode_http"),
        command=commands.namenode,
        templates=_HDFS,
    ),
    Service(
        name="datanode",
        engine="hadoop",
        needs=("namenode",),
        ports=("datanode", "datanode_http", "datanode_ipc"),
        command=commands.datanode,
        templates=_HDFS,
    ),
    Service(
        name="flume",
        engine="flume",
        needs=("namenode", "datanode"),
        command=commands.flume,
        templates=("flume/flume.conf", "flume/log4j.properties", "hadoop/core-site.xml", "hadoop/hdfs-site.xml"),
        # It closes its files in HDFS.
        stop_s=60,
    ),
    Service(
        name="hbase-master",
        engine="hbase",
        needs=("zookeeper", "datanode"),
        ports=("hbase_master", "hbase_master_http"),
        command=commands.hbase_master,
        templates=("hbase/hbase-site.xml", "hbase/log4j.properties"),
        stop_s=40,
    ),
    Service(
        name="hbase-regionserver",
        engine="hbase",
        # Not the master: both look for each other in ZooKeeper, and starting together saves ten seconds.
        needs=("zookeeper", "datanode"),
        ports=("hbase_regionserver", "hbase_regionserver_http"),
        command=commands.hbase_regionserver,
        templates=("hbase/hbase-site.xml", "hbase/log4j.properties"),
        stop_s=60,
    ),
    Service(
        name="hbase-thrift",
        engine="hbase",
        needs=("hbase-master", "hbase-regionserver"),
        ports=("hbase_thrift",),
        command=commands.hbase_thrift,
        templates=("hbase/hbase-site.xml", "hbase/log4j.properties"),
    ),
    Service(name="hbase-tables", engine="hbase", kind="step", needs=("hbase-thrift",)),
    Service(
        name="storm-nimbus",
        engine="storm",
        needs=("zookeeper",),
        ports=("storm_nimbus",),
        command=commands.storm_nimbus,
        templates=("storm/storm.yaml", "storm/cluster.xml", "storm/worker.xml"),
        # Nimbus has no orderly end of its own; its state is in ZooKeeper.
        stop_s=5,
    ),
    Service(
        name="storm-supervisor",
        engine="storm",
        needs=("storm-nimbus",),
        ports=("storm_supervisor",),
        command=commands.storm_supervisor,
        templates=("storm/storm.yaml", "storm/cluster.xml", "storm/worker.xml"),
        stop_s=15,
    ),
    Service(
        name="topology",
        engine="storm",
        kind="step",
        needs=("storm-supervisor", "kafka-topics", "hbase-tables"),
        # Deploying again mends nothing while the supervisor waits for the end of an old worker.
        restarts=("storm-supervisor",),
    ),
    # YARN's ResourceManager and NodeManager need nothing to start, and their containers wait for HDFS by themselves.
    Service(
        name="yarn-resourcemanager",
        engine="hadoop",
        ports=("yarn_resourcemanager", "yarn_scheduler", "yarn_tracker", "yarn_admin", "yarn_http"),
        command=commands.yarn_resourcemanager,
        templates=(*_YARN, "hadoop/capacity-scheduler.xml"),
    ),
    Service(
        name="yarn-nodemanager",
        engine="hadoop",
        ports=("yarn_nodemanager", "yarn_localizer", "yarn_nodemanager_http"),
        command=commands.yarn_nodemanager,
        environment=yarn.environment,
        # Its folder is what containers are given as Hadoop's configuration.
        templates=(*_YARN, "hadoop/mapred-site.xml"),
    ),
    Service(
        name="yarn-jobhistory",
        engine="hadoop",
        needs=("datanode",),
        ports=("yarn_jobhistory", "yarn_jobhistory_admin", "yarn_jobhistory_http"),
        command=commands.yarn_jobhistory,
        templates=(*_YARN, "hadoop/mapred-site.xml"),
    ),
    Service(
        name="spark-streaming",
        engine="spark",
        needs=("zookeeper", "kafka-topics", "datanode", "yarn-resourcemanager", "yarn-nodemanager"),
        command=commands.python_module("footfall.streaming.driver"),
        # Its folder is where Spark looks for Hadoop's configuration.
        templates=(*_YARN, "spark/spark-defaults.conf", "spark/log4j2.properties"),
        speaks_to=("zookeeper", "kafka", "namenode", "namenode_http", "yarn_http"),
        sources=(
            "streaming",
            "lake",
            "metrics",
            "events",
            "kafka",
            "runtime",
            "hdfs.py",
            "names.py",
            "settings.py",
            "yarn.py",
        ),
        # It gives its containers back.
        stop_s=45,
    ),
    *(_site(app) for app in APP_IDS),
    *(_visitors(app) for app in APP_IDS),
    Service(
        name="dashboard",
        engine="streamlit",
        needs=("hbase-tables",),
        ports=("dashboard",),
        speaks_to=("kafka", "hbase_thrift", "namenode_http"),
        command=commands.dashboard,
        relevant=("bind",),
        sources=(
            "dashboard",
            "realtime",
            "lake",
            "logs",
            "metrics",
            "events",
            "kafka",
            "runtime",
            "streaming",
            "hdfs.py",
            "lags.py",
            "notify",
            "questions.py",
            "names.py",
            "settings.py",
        ),
    ),
    Service(
        name="watchdog",
        engine="footfall",
        command=commands.python_module("footfall.cluster.supervision.watchdog"),
        # It asks everything, and does the steps again: topics, topology.
        relevant=(
            "alerts",
            "ports",
            "port_offset",
            "heaps_mb",
            "yarn",
            "retention",
            "visitors_per_site",
            "live_tasks",
            "up_timeout_s",
        ),
        sources=(
            "cluster",
            "events",
            "kafka",
            "lake",
            "logs",
            "metrics",
            "notify",
            "realtime",
            "runtime",
            "streaming",
            "hdfs.py",
            "secret_files.py",
            "sites/visitors/ledger.py",
            "names.py",
            "settings.py",
            "yarn.py",
        ),
    ),
)

BY_NAME = {service.name: service for service in SERVICES}

_YARN_NAMES = ("yarn-resourcemanager", "yarn-nodemanager", "yarn-jobhistory")
_ALL = tuple(service.name for service in SERVICES)
PROFILES: dict[str, tuple[str, ...]] = {
    "full": _ALL,
    "realtime": tuple(name for name in _ALL if name not in (*_YARN_NAMES, "spark-streaming")),
    "batch": ("namenode", "datanode", *_YARN_NAMES, "watchdog"),
}


def profile_of(names: Iterable[str]) -> str:
    """The smallest profile that holds these services; `full` if there are none, as `up` takes it."""
    asked = set(names)
    holding = [profile for profile, held in PROFILES.items() if asked <= set(held)] if asked else ["full"]
    return min(holding, key=lambda profile: len(PROFILES[profile]))


def with_needs(names: tuple[str, ...]) -> list[Service]:
    """The named services and all they need, in the order of the table (needs come first)."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for need in BY_NAME[name].needs:
                add(need)

    for name in names:
        add(name)
    return [service for service in SERVICES if service.name in wanted]

"""The groups of settings: ports, heaps, retention, and what YARN, alerts and learning need.

`settings.py` has them as fields, and single settings beside them.
"""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from footfall.hosts import is_loopback

# Memory of the largest batch application, Spark's job `events`: its master and one executor
# (`warehouse/spark/memory.py`).
LEAST_BATCH_MB = 2304

_Port = Annotated[int, Field(ge=1, le=65535)]


class Ports(BaseModel):
    """TCP ports before `port_offset` is added. The defaults are below 32768, where Linux's ephemeral ports begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: _Port = Field(5001, description="the shop")
    news: _Port = Field(5002, description="the news site")
    academy: _Port = Field(5003, description="the academy")
    collector: _Port = Field(5010, description="the collector, which takes the events of all other sites")
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
    one_container_mb: int = Field(
        1024,
        ge=0,
        description="input up to which a MapReduce job runs in one container if there are several NodeManagers, MiB; "
        "with one NodeManager every job does",
    )
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


class Demo(BaseModel):
    """The demo sites and their simulated visitors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        True,
        description="whether this machine runs the demo sites and their visitors, and makes up people for the CRM; "
        "false leaves only sites that were added with `site add`",
    )


class Learning(BaseModel):
    """What Mahout learns from, and how often its models are made anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_days: int = Field(28, ge=1, le=90, description="days that a run learns from, as far as they are published")
    models_every_days: int = Field(
        7, ge=1, description="days after which the number of segments and the kind of recommender are chosen anew"
    )

"""Health proved by use: each probe makes a service do its work once, cheaply, and says what it did not do.

A probe returns nothing when all is well and raises Unhealthy otherwise. None starts a process.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3

from footfall.cluster.health import hdfs_capacity, jmx, yarn_health
from footfall.names import APP_IDS
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

Probe = Callable[[Settings], None]

HEALTH_TOPIC = "footfall.health"
HEALTH_TABLE = "footfall_health"
_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))
_VISITS_STALE_S = 120.0
# Thrift and Kafka clients are kept open between probes, one each a process.
_kept: dict[str, Any] = {}
_lock = threading.Lock()


def probe(settings: Settings, name: str) -> None:
    """Probes the named service. Raises Unhealthy with what was wrong."""
    try:
        PROBES[name](settings)
    except Unhealthy:
        raise
    except ClusterError as error:
        # What a probe had to make first could not be made yet.
        raise Unhealthy(str(error)) from None
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise Unhealthy(f"{type(error).__name__}: {error}"[:300]) from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Unhealthy(f"it answered in an unknown form ({type(error).__name__}: {error})"[:300]) from None


def _zookeeper(settings: Settings) -> None:
    with socket.create_connection(("127.0.0.1", settings.port("zookeeper")), timeout=5) as connection:
        connection.sendall(b"srvr")
        answer = b""
        while block := connection.recv(4096):
            answer += block
    if b"Mode:" not in answer:
        raise Unhealthy("it does not serve requests yet")


def _kafka(settings: Settings) -> None:
    """Produces a record and waits for its delivery report."""
    from confluent_kafka import KafkaException, Producer

    from footfall.cluster.setup import ensure_topic

    try:
        with _lock:
            producer = _kept.get("kafka")
            if producer is None:
                ensure_topic(settings, HEALTH_TOPIC, 1, {"retention.ms": "3600000"})
                producer = Producer(
                    {"bootstrap.servers": settings.kafka_bootstrap, "message.timeout.ms": 5000, "log_level": 0}
                )
                _kept["kafka"] = producer
        faults: list[str] = []
        producer.produce(
            HEALTH_TOPIC, b"health", on_delivery=lambda error, _: faults.append(str(error)) if error else None
        )
        if producer.flush(8) > 0 or faults:
            raise Unhealthy(f"it did not take a record: {faults[0] if faults else 'no answer in 8 s'}")
    except KafkaException as error:
        raise Unhealthy(f"it did not answer: {error.args[0].str()}") from None


def _namenode(settings: Settings) -> None:
    status = jmx.bean(settings.port("namenode_http"), "Hadoop:service=NameNode,name=NameNodeStatus")
    if status.get("State") != "active":
        raise Unhealthy(f"it is {status.get('State', 'not ready')}")


def _datanode(settings: Settings) -> None:
    """Writes a small file through WebHDFS and reads it back; in safe mode this fails, as it should."""
    base = f"http://127.0.0.1:{settings.port('namenode_http')}/webhdfs/v1/tmp/health"
    user = "user.name=" + _hdfs_user()
    place = _HTTP.request("PUT", f"{base}?op=CREATE&overwrite=true&replication=1&{user}", redirect=False)
    if place.status != 307:
        raise Unhealthy(hdfs_capacity.lack(settings) or f"HDFS took no file: {_remote(place.data)}")
    wrote = _HTTP.request("PUT", place.headers["Location"], body=b"well")
    if wrote.status != 201:
        raise Unhealthy(hdfs_capacity.lack(settings) or f"HDFS took no file: {_remote(wrote.data)}")
    # The one retry is the redirect to the DataNode; without any, urllib3 does not follow it.
    read = _HTTP.request("GET", f"{base}?op=OPEN&{user}", retries=1)
    if read.data != b"well":
        raise Unhealthy("HDFS did not return what was written")


def _flume(settings: Settings) -> None:
    """Asks the sites' files, Flume's positions and HDFS: is every line read soon, and does what is read arrive?"""
    from footfall.hdfs import HdfsUnavailable
    from footfall.logs.health import Health

    with _lock:
        health: Health = _kept.setdefault("flume", Health())
    try:
        if told := health.fault(settings, time.time()):
            raise Unhealthy(told)
    except HdfsUnavailable as error:
        raise Unhealthy(str(error)) from None


def _spark_streaming(settings: Settings) -> None:
    """Asks the driver's report, Kafka and HDFS: is what waits archived soon?"""
    from footfall.streaming.lag import Health

    with _lock:
        health: Health = _kept.setdefault("spark-streaming", Health())
    if told := health.fault(settings, time.time()):
        raise Unhealthy(told)


def _hbase_master(settings: Settings) -> None:
    server = jmx.bean(settings.port("hbase_master_http"), "Hadoop:service=HBase,name=Master,sub=Server")
    if str(server.get("tag.isActiveMaster")).lower() != "true":
        raise Unhealthy("it is not the active master yet")
    if int(server.get("numRegionServers", 0)) < 1:
        raise Unhealthy("no region server has reported yet")


def _hbase_regionserver(settings: Settings) -> None:
    server = jmx.bean(settings.port("hbase_regionserver_http"), "Hadoop:service=HBase,name=RegionServer,sub=Server")
    if "regionCount" not in server:
        raise Unhealthy("it does not serve regions yet")


def _hbase_thrift(settings: Settings) -> None:
    """Puts a cell and gets it back: gateway, region server, HDFS and ZooKeeper all had to work for it."""
    import happybase

    with _lock:
        connection = _kept.pop("hbase", None)
        try:
            if connection is None:
                connection = happybase.Connection("127.0.0.1", settings.port("hbase_thrift"), timeout=12_000)
            table = connection.table(HEALTH_TABLE)
            now = str(time.time()).encode()
            try:
                table.put(b"probe", {b"f:at": now})
            except Exception:  # the table is made on the first probe only; everything else comes up again below
                if HEALTH_TABLE.encode() in connection.tables():
                    raise
                connection.create_table(HEALTH_TABLE, {"f": {"max_versions": 1}})
                table.put(b"probe", {b"f:at": now})
            if table.row(b"probe").get(b"f:at") != now:
                raise Unhealthy("HBase did not return what was put")
            _kept["hbase"] = connection
        except Unhealthy:
            raise
        except Exception as error:  # thriftpy2 raises many kinds; all mean that it did not work
            if connection is not None:
                connection.close()
            raise Unhealthy(f"HBase took no cell: {type(error).__name__} {str(error)[:200]}") from None


def _storm_nimbus(settings: Settings) -> None:
    from footfall.cluster.health.storm_thrift import ask_nimbus

    ask_nimbus(settings.port("storm_nimbus"))


def _storm_supervisor(settings: Settings) -> None:
    from footfall.cluster.health.storm_thrift import ask_supervisor

    ask_supervisor(settings.port("storm_supervisor"))


def _topology(settings: Settings) -> None:
    """The spout says at least once a second where it has caught up to; the store holds what was counted since."""
    from footfall.realtime.lag import LagUnknown, lag

    try:
        seconds = lag(settings).age_s
    except LagUnknown as error:
        raise Unhealthy(str(error)) from None
    if seconds is None:
        raise Unhealthy("it has not caught up with Kafka yet")
    if seconds > 30:
        raise Unhealthy(f"its newest figures are {seconds:.0f} s old")


def _site(app: str) -> Probe:
    def check(settings: Settings) -> None:
        answer = _HTTP.request("GET", f"http://127.0.0.1:{settings.port(app)}/healthz")
        if answer.status != 200 or json.loads(answer.data).get("app") != app:
            raise Unhealthy(f"/healthz answered {answer.status}")

    return check


def _visitors(app: str) -> Probe:
    def check(settings: Settings) -> None:
        if settings.visitors_per_site == 0 or (settings.run_dir / "disk-low").exists():
            return
        newest = max((_changed(p) for p in (settings.ledger_dir / app).glob("*.jsonl")), default=0.0)
        age = time.time() - newest
        if age > _VISITS_STALE_S:
            raise Unhealthy("no visitor has done anything for two minutes")

    return check


def _dashboard(settings: Settings) -> None:
    answer = _HTTP.request("GET", f"http://127.0.0.1:{settings.port('dashboard')}/_stcore/health")
    if answer.status != 200:
        raise Unhealthy(f"its health page answered {answer.status}")


def _watchdog(settings: Settings) -> None:
    age = time.time() - _changed(settings.run_dir / "health.json")
    if age > 60:
        raise Unhealthy("it has not reported for a minute")


PROBES: dict[str, Probe] = {
    "zookeeper": _zookeeper,
    "kafka": _kafka,
    "namenode": _namenode,
    "datanode": _datanode,
    "flume": _flume,
    "hbase-master": _hbase_master,
    "hbase-regionserver": _hbase_regionserver,
    "hbase-thrift": _hbase_thrift,
    "storm-nimbus": _storm_nimbus,
    "storm-supervisor": _storm_supervisor,
    "topology": _topology,
    "yarn-resourcemanager": yarn_health.resourcemanager,
    "yarn-nodemanager": yarn_health.nodemanager,
    "yarn-jobhistory": yarn_health.jobhistory,
    "spark-streaming": _spark_streaming,
    **{f"site-{app}": _site(app) for app in APP_IDS},
    **{f"visitors-{app}": _visitors(app) for app in APP_IDS},
    "dashboard": _dashboard,
    "watchdog": _watchdog,
}


def _remote(body: bytes) -> str:
    try:
        return str(json.loads(body)["RemoteException"]["message"]).splitlines()[0][:200]
    except (ValueError, KeyError, IndexError):
        return body[:200].decode("utf-8", "replace")


def _hdfs_user() -> str:
    import getpass

    return getpass.getuser()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

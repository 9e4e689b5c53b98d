"""HBase: masters, region servers, Thrift gateway, and the live tables."""

import threading
import time
from typing import Any, Final

from footfall import retention
from footfall.cluster.engines import _jvm, _web_hosts
from footfall.cluster.health import jmx
from footfall.cluster.service import Service, Sweep
from footfall.runtime.built_jars import HOST_FILTER
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

_HEALTH_TABLE: Final = "footfall_health"
_TEMPLATES: Final = ("hbase/hbase-site.xml", "hbase/log4j.properties")
_OPTIONS: Final = (
    *_jvm.OPEN,
    "--add-modules=jdk.unsupported",
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.dns=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true",
)
# Kept open between probes; one per process.
_connection: Any = None
_lock = threading.Lock()


def _master(settings: Settings) -> list[str]:
    # The master only assigns a few regions.
    heap_mb = settings.heaps_mb.hbase_master
    return _hbase(settings, "hbase-master", heap_mb, "org.apache.hadoop.hbase.master.HMaster", more=_jvm.QUICK)


def _regionserver(settings: Settings) -> list[str]:
    # 30 % memstore and 30 % block cache; all live figures pass through it.
    heap_mb = settings.heaps_mb.hbase_regionserver
    return _hbase(settings, "hbase-regionserver", heap_mb, "org.apache.hadoop.hbase.regionserver.HRegionServer")


def _thrift(settings: Settings) -> list[str]:
    # The gateway only forwards requests.
    heap_mb = settings.heaps_mb.hbase_thrift
    return _hbase(settings, "hbase-thrift", heap_mb, "org.apache.hadoop.hbase.thrift.ThriftServer")


def _hbase(settings: Settings, name: str, heap_mb: int, main: str, more: tuple[str, ...] = ()) -> list[str]:
    conf = settings.conf_dir / name
    options = [*_OPTIONS, *more, _jvm.log4j(conf)]
    arguments = [*_web_hosts.hbase(settings, name), "start"]
    jar = HOST_FILTER.path(settings)
    return _jvm.java(settings, "hbase", name, heap_mb, main, arguments, options=options, before=[conf], after=[jar])


def _probe_master(settings: Settings) -> None:
    server = jmx.bean(settings.url("hbase_master_http"), "Hadoop:service=HBase,name=Master,sub=Server")
    if str(server.get("tag.isActiveMaster")).lower() != "true":
        if server and len(settings.hosts.hbase_master) > 1:
            return  # it stands by
        raise Unhealthy("it is not the active master yet")
    if int(server.get("numRegionServers", 0)) < 1:
        raise Unhealthy("no region server has reported yet")


def _probe_regionserver(settings: Settings) -> None:
    server = jmx.bean(settings.url("hbase_regionserver_http"), "Hadoop:service=HBase,name=RegionServer,sub=Server")
    if "regionCount" not in server:
        raise Unhealthy("it does not serve regions yet")


def _probe_thrift(settings: Settings) -> None:
    """Writes a cell and reads it back, which needs the gateway, the region server, HDFS and ZooKeeper."""
    import happybase

    global _connection
    with _lock:
        connection, _connection = _connection, None
        try:
            if connection is None:
                connection = happybase.Connection(*settings.address("hbase_thrift"), timeout=12_000)
            table = connection.table(_HEALTH_TABLE)
            now = str(time.time()).encode()
            try:
                table.put(b"probe", {b"f:at": now})
            except Exception:  # the table may be missing at the first probe; other errors recur below
                if _HEALTH_TABLE.encode() in connection.tables():
                    raise
                connection.create_table(_HEALTH_TABLE, {"f": {"max_versions": 1}})
                table.put(b"probe", {b"f:at": now})
            if table.row(b"probe").get(b"f:at") != now:
                raise Unhealthy("HBase did not return the cell that was written")
            _connection = connection
        except Unhealthy:
            raise
        except Exception as error:  # thriftpy2 raises many kinds of errors; all mean a failed probe
            if connection is not None:
                connection.close()
            raise Unhealthy(f"HBase did not accept a cell: {type(error).__name__} {str(error)[:200]}") from None


def _ensure_tables(settings: Settings) -> None:
    """Creates the tables that are missing."""
    import happybase
    from thriftpy2.thrift import TException

    from footfall.realtime.tables import create_missing

    try:
        connection = happybase.Connection(*settings.address("hbase_thrift"), timeout=60_000)
        try:
            create_missing(connection)
        finally:
            connection.close()
    except (TException, OSError) as error:
        raise ClusterError(
            f"The tables in HBase could not be created: {type(error).__name__} {str(error)[:200]}."
        ) from None


def _sweep_live_tables(settings: Settings) -> object:
    from footfall.realtime.sweeper import sweep

    return sweep(settings)


SERVICES = (
    Service(
        name="hbase-master",
        engine="hbase",
        profiles=("realtime",),
        needs=("zookeeper", "datanode"),
        ports=("hbase_master", "hbase_master_http"),
        command=_master,
        templates=_TEMPLATES,
        jars=(HOST_FILTER,),
        probe=_probe_master,
        stop_s=40,
    ),
    Service(
        name="hbase-regionserver",
        engine="hbase",
        profiles=("realtime",),
        # It does not need the master: they find each other in ZooKeeper, and a parallel start saves ten seconds.
        needs=("zookeeper", "datanode"),
        ports=("hbase_regionserver", "hbase_regionserver_http"),
        command=_regionserver,
        templates=_TEMPLATES,
        jars=(HOST_FILTER,),
        probe=_probe_regionserver,
        stop_s=60,
    ),
    # Python reads and writes through this gateway.
    Service(
        name="hbase-thrift",
        engine="hbase",
        profiles=("realtime",),
        needs=("hbase-master", "hbase-regionserver"),
        ports=("hbase_thrift",),
        command=_thrift,
        templates=_TEMPLATES,
        probe=_probe_thrift,
    ),
    Service(
        name="hbase-tables",
        engine="hbase",
        profiles=("realtime",),
        needs=("hbase-thrift",),
        step=_ensure_tables,
        sweeps=(Sweep("live tables", retention.EVERY_S, _sweep_live_tables),),
    ),
)

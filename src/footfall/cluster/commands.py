"""The command line of each service, and what must be prepared before it can start. Used by the service table alone."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from footfall.runtime.jars import lib_dir
from footfall.runtime.java import java_home
from footfall.settings import Settings

# Small machines and small heaps: one collector thread costs least, and pauses of such heaps are short. A service that
# runs out of memory ends, and the process manager starts it anew.
_COMMON = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
)
_TOOL_HEAP_MB = 64
# For daemons that do little and must start soon: the second compiler's work would never pay.
_QUICK = ("-XX:TieredStopAtLevel=1",)
# What Hadoop's and HBase's reflection needs since Java 16.
_OPEN = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.io",
        "java.lang",
        "java.lang.reflect",
        "java.net",
        "java.nio",
        "java.util",
        "java.util.concurrent",
        "jdk.internal.ref",
        "sun.nio.ch",
    )
)
_HBASE = (
    *_OPEN,
    "--add-modules=jdk.unsupported",
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.dns=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true",
)


def python_module(module: str, *arguments: str) -> Callable[[Settings], list[str]]:
    """The command that runs a module of this package."""
    return lambda settings: [sys.executable, "-m", module, *arguments]


def dashboard(settings: Settings) -> list[str]:
    """Streamlit, with the dashboard's own options."""
    from footfall.dashboard import command

    return command(settings)


def zookeeper(settings: Settings) -> list[str]:
    """ZooKeeper, standing alone."""
    conf = settings.conf_dir / "zookeeper"
    return _java(
        settings,
        "zookeeper",
        "zookeeper",
        settings.heaps_mb.zookeeper,
        "org.apache.zookeeper.server.ZooKeeperServerMain",
        [str(conf / "zoo.cfg")],
        options=[f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"],
    )


def kafka(settings: Settings) -> list[str]:
    """Kafka's broker and controller in one process (KRaft)."""
    return kafka_tool(settings, "kafka.Kafka", [str(settings.conf_dir / "kafka" / "server.properties")])


def kafka_tool(settings: Settings, main: str, arguments: Sequence[str]) -> list[str]:
    """Any of Kafka's programs."""
    conf = settings.conf_dir / "kafka"
    options = [f"-Dlog4j2.configurationFile={conf / 'log4j2.yaml'}"]
    return _java(settings, "kafka", "kafka", settings.heaps_mb.kafka, main, arguments, options=options)


def namenode(settings: Settings, *arguments: str) -> list[str]:
    """HDFS's NameNode."""
    main = "org.apache.hadoop.hdfs.server.namenode.NameNode"
    return _hadoop(settings, "namenode", settings.heaps_mb.namenode, main, arguments)


def datanode(settings: Settings) -> list[str]:
    """HDFS's DataNode."""
    main = "org.apache.hadoop.hdfs.server.datanode.DataNode"
    return _hadoop(settings, "datanode", settings.heaps_mb.datanode, main, ())


def yarn_resourcemanager(settings: Settings) -> list[str]:
    """YARN's ResourceManager."""
    main = "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"
    return _hadoop(settings, "yarn-resourcemanager", settings.heaps_mb.yarn_resourcemanager, main, (), _QUICK)


def yarn_nodemanager(settings: Settings) -> list[str]:
    """YARN's NodeManager, which starts the containers."""
    main = "org.apache.hadoop.yarn.server.nodemanager.NodeManager"
    return _hadoop(settings, "yarn-nodemanager", settings.heaps_mb.yarn_nodemanager, main, (), _QUICK)


def yarn_jobhistory(settings: Settings) -> list[str]:
    """The history of MapReduce jobs, which each of their clients asks at its job's end."""
    main = "org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer"
    return _hadoop(settings, "yarn-jobhistory", settings.heaps_mb.yarn_jobhistory, main, (), _QUICK)


def flume(settings: Settings) -> list[str]:
    """Flume's agent."""
    conf = settings.conf_dir / "flume"
    options = [*_OPEN, f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"]
    arguments = ["-n", "a", "-f", str(conf / "flume.conf"), "--no-reload-conf"]
    main = "org.apache.flume.node.Application"
    return _java(settings, "flume", "flume", settings.heaps_mb.flume, main, arguments, options=options, before=[conf])


def recover_lease(settings: Settings, path: str) -> list[str]:
    """Makes HDFS take a file from its writer; configured as Flume is."""
    main, arguments = "org.apache.hadoop.hdfs.tools.DebugAdmin", ["recoverLease", "-path", path, "-retries", "1"]
    return _hadoop(settings, "flume", _TOOL_HEAP_MB, main, arguments)


def hbase_master(settings: Settings) -> list[str]:
    """HBase's master."""
    main = "org.apache.hadoop.hbase.master.HMaster"
    return _hbase(settings, "hbase-master", settings.heaps_mb.hbase_master, main)


def hbase_regionserver(settings: Settings) -> list[str]:
    """HBase's region server."""
    main = "org.apache.hadoop.hbase.regionserver.HRegionServer"
    return _hbase(settings, "hbase-regionserver", settings.heaps_mb.hbase_regionserver, main)


def hbase_thrift(settings: Settings) -> list[str]:
    """HBase's Thrift gateway, through which Python reads and writes."""
    main = "org.apache.hadoop.hbase.thrift.ThriftServer"
    return _hbase(settings, "hbase-thrift", settings.heaps_mb.hbase_thrift, main)


def storm_nimbus(settings: Settings) -> list[str]:
    """Storm's master."""
    main = "org.apache.storm.daemon.nimbus.Nimbus"
    return _storm(settings, "storm-nimbus", settings.heaps_mb.storm_nimbus, main)


def storm_supervisor(settings: Settings) -> list[str]:
    """Storm's supervisor, which starts the worker."""
    main = "org.apache.storm.daemon.supervisor.Supervisor"
    return _storm(settings, "storm-supervisor", settings.heaps_mb.storm_supervisor, main)


def storm_home(settings: Settings, name: str) -> Path:
    """A daemon's `storm.home`: links to the jars, and its configuration."""
    return settings.conf_dir / name / "home"


def tmp_dir(settings: Settings, name: str) -> Path:
    """A service's own temporary folder; emptied before each start, since a killed JVM leaves its libraries there."""
    return settings.run_dir / "tmp" / name


def _hadoop(
    settings: Settings, name: str, heap_mb: int, main: str, arguments: Sequence[str], more: Sequence[str] = ()
) -> list[str]:
    conf = settings.conf_dir / name
    options = [*more, *_OPEN, f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"]
    classes = lib_dir(settings, "hadoop").parent / "classes"
    return _java(settings, "hadoop", name, heap_mb, main, arguments, options=options, before=[conf, classes])


def _hbase(settings: Settings, name: str, heap_mb: int, main: str) -> list[str]:
    conf = settings.conf_dir / name
    options = [*_HBASE, f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"]
    return _java(settings, "hbase", name, heap_mb, main, ["start"], options=options, before=[conf])


def _storm(settings: Settings, name: str, heap_mb: int, main: str) -> list[str]:
    home = storm_home(settings, name)
    options = [
        f"-Ddaemon.name={name.removeprefix('storm-')}",
        "-Dstorm.options=",
        "-Dstorm.conf.file=",
        f"-Dstorm.home={home}",
        f"-Dstorm.log.dir={settings.logs_dir / 'storm'}",
        f"-Dlog4j.configurationFile={home / 'log4j2' / 'cluster.xml'}",
    ]
    # The topology's jar carries the transport that keeps the daemons on loopback.
    jar = settings.install / "topology" / "footfall-topology.jar"
    return _java(settings, "storm", name, heap_mb, main, (), options=options, before=[home / "conf"], after=[jar])


def _java(
    settings: Settings,
    engine: str,
    name: str,
    heap_mb: int,
    main: str,
    arguments: Sequence[str],
    *,
    options: Sequence[str] = (),
    before: Sequence[Path] = (),
    after: Sequence[Path] = (),
) -> list[str]:
    class_path = ":".join([*map(str, before), f"{lib_dir(settings, engine)}/*", *map(str, after)])
    return [
        str(java_home(settings) / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        *_COMMON,
        f"-Djava.io.tmpdir={tmp_dir(settings, name)}",
        *options,
        "-cp",
        class_path,
        main,
        *arguments,
    ]

"""MapReduce jobs on this platform's YARN: the client's command line, and the options of a job.

A small job is an uber job: the application master runs all maps and the only reducer in its own process, and reads the
maps' output from its disk. One container is the fastest way to do little work. On one machine every job is an uber job,
because YARN runs no shuffle service there. With several NodeManagers, a large job's tasks run in containers on all.
"""

from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Any, Final

from footfall.runtime import jvm
from footfall.runtime.built_jars import HOST_FILTER, LOOPBACK_AGENT
from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import lib_dir
from footfall.runtime.java import java_home
from footfall.settings import Settings

QUEUE: Final = "batch"
# A JVM needs memory besides its heap: classes, threads, compiled code, buffers.
_BESIDE_HEAP_MB: Final = 256
# Far above what a week of logs has; beyond it Hadoop would start containers, whose reducers need the shuffle service.
_MOST_MAPS: Final = 100_000
_MOST_BYTES: Final = 2**62


def configuration(settings: Settings) -> Path:
    """The folder with Hadoop's configuration for clients and containers. Raises ClusterError if `up` never ran."""
    folder = settings.conf_dir / "yarn-nodemanager"
    if not (folder / "mapred-site.xml").exists():
        raise ClusterError("YARN is not configured on this machine. `./footfall up batch` configures and starts it.")
    return folder


def options(
    settings: Settings,
    tag: str,
    memory_mb: int,
    sort_mb: int = 64,
    engines: Sequence[str] = (),
    jars: Sequence[Path] = (),
) -> list[str]:
    """Hadoop's `-D` options of a job with at most one reducer.

    tag: `jobs.model.tag(…)`. memory_mb: the size of each container, a multiple of 256 MiB. sort_mb: the part of a heap
    in which a map sorts its output. engines: engines besides Hadoop whose jars are on its class path, before Hadoop's.
    jars: further jars on this machine for its class path.
    """
    heap_mb = memory_mb - _BESIDE_HEAP_MB
    class_path = [
        configuration(settings),
        *jars,
        *(lib_dir(settings, engine) / "*" for engine in engines),
        lib_dir(settings, "hadoop") / "*",
        # `mapred-site.xml` names it, for the master's web port.
        HOST_FILTER.path(settings),
    ]
    java_options = " ".join([f"-Xmx{heap_mb}m", *jvm.COMMON, *jvm.QUICK, *jvm.OPEN, *agent_options(settings)])
    properties = {
        "mapreduce.job.queuename": QUEUE,
        "mapreduce.job.tags": tag,
        "mapreduce.job.ubertask.enable": "true",
        "mapreduce.job.ubertask.maxmaps": str(_MOST_MAPS),
        "mapreduce.job.ubertask.maxbytes": str(_most_bytes(settings)),
        "mapreduce.application.classpath": ",".join(map(str, class_path)),
        "yarn.app.mapreduce.am.resource.mb": str(memory_mb),
        "yarn.app.mapreduce.am.command-opts": java_options,
        # An uber job's tasks must fit into the master. A job that cannot be one, by its number of reducers, fails.
        "mapreduce.map.memory.mb": str(memory_mb),
        "mapreduce.reduce.memory.mb": str(memory_mb),
        "mapreduce.map.java.opts": java_options,
        "mapreduce.reduce.java.opts": java_options,
        "mapreduce.task.io.sort.mb": str(sort_mb),
        # Whoever started the job decides whether to repeat it. A second attempt would hide the first error.
        "mapreduce.am.max-attempts": "1",
        "mapreduce.map.maxattempts": "1",
        "mapreduce.reduce.maxattempts": "1",
        "mapreduce.map.speculative": "false",
        "mapreduce.reduce.speculative": "false",
        # By default a client notices the end of its job after up to five seconds.
        "mapreduce.client.completion.pollinterval": "200",
        "mapreduce.client.progressmonitor.pollinterval": "500",
        # When the master has ended, a client must ask YARN instead. By default it knocks for several seconds more.
        "yarn.app.mapreduce.client-am.ipc.max-retries": "0",
        "yarn.app.mapreduce.client.max-retries": "20",
    }
    return [f"-D{name}={value}" for name, value in properties.items()]


def _most_bytes(settings: Settings) -> int:
    """The input in bytes up to which a job is an uber job."""
    if settings.has_several_nodemanagers:
        return settings.yarn.one_container_mb * 2**20
    return _MOST_BYTES


def agent_options(settings: Settings) -> list[str]:
    """The JVM option with which a process that would listen on all addresses listens on YARN's own address only.

    MapReduce's application master listens on two ports of all addresses, and has no setting for it. In a cluster the
    network decides who reaches a node.
    """
    if settings.is_node:
        return []
    return [f"-javaagent:{LOOPBACK_AGENT.path(settings)}={settings.bind_host('yarn_nodemanager')}"]


def client(
    settings: Settings,
    heap_mb: int,
    main: str,
    arguments: Sequence[str],
    *,
    temporary: Path,
    engines: Sequence[str] = (),
    jars: Sequence[Path] = (),
    java_options: Sequence[str] = (),
) -> list[str]:
    """The command of a client: a Java program that submits jobs.

    heap_mb: its heap in MiB. temporary: a folder for its temporary files, which the caller creates and deletes.
    engines, jars: as in `options`. java_options: further options of its JVM.
    """
    conf = configuration(settings)
    class_path = [conf, *jars, *(lib_dir(settings, engine) / "*" for engine in (*engines, "hadoop"))]
    return [
        str(java_home(settings) / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        *jvm.COMMON,
        *jvm.QUICK,
        *jvm.OPEN,
        f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}",
        f"-Djava.io.tmpdir={temporary}",
        *java_options,
        "-cp",
        ":".join(map(str, class_path)),
        main,
        *arguments,
    ]


def stop(client: Popen[Any]) -> None:
    """Ends a process that runs the command of `client`, at the latest after ten seconds. Its jobs on YARN may go on."""
    client.terminate()
    try:
        client.wait(timeout=10)
    except TimeoutExpired:
        client.kill()

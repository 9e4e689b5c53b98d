"""The options of a MapReduce job."""

from pathlib import Path

import pytest

from footfall.jobs import mapreduce
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings
from tests.support.fresh_home import environment, fake_java, java, settings

__all__ = ["environment", "fake_java", "java", "settings"]


@pytest.fixture
def conf(settings: Settings) -> Path:
    """Hadoop's configuration, as `up` renders it."""
    folder = settings.conf_dir / "yarn-nodemanager"
    folder.mkdir(parents=True)
    (folder / "mapred-site.xml").write_text("<configuration/>")
    return folder


def _properties(options: list[str]) -> dict[str, str]:
    assert all(option.startswith("-D") for option in options)
    pairs = (option.removeprefix("-D").partition("=") for option in options)
    return {name: value for name, _, value in pairs}


def test_on_one_machine_a_job_runs_in_one_container_whatever_its_input(settings: Settings, conf: Path) -> None:
    properties = _properties(mapreduce.options(settings, "footfall-logs-1", memory_mb=1024))
    assert properties["mapreduce.job.ubertask.enable"] == "true"
    assert int(properties["mapreduce.job.ubertask.maxbytes"]) > 2**40
    # A task that asks for more than the master has is no part of an uber job.
    assert properties["yarn.app.mapreduce.am.resource.mb"] == "1024"
    assert properties["mapreduce.map.memory.mb"] == properties["mapreduce.reduce.memory.mb"] == "1024"


def test_with_several_nodemanagers_a_large_job_runs_in_more_containers(settings: Settings, conf: Path) -> None:
    hosts = settings.hosts.model_copy(update={"yarn_nodemanager": ("a", "b")})
    yarn = settings.yarn.model_copy(update={"one_container_mb": 3})
    cluster = settings.model_copy(update={"hosts": hosts, "yarn": yarn})
    properties = _properties(mapreduce.options(cluster, "t", memory_mb=1024))
    assert int(properties["mapreduce.job.ubertask.maxbytes"]) == 3 * 2**20


def test_a_job_is_found_by_its_tag_in_the_queue_of_batches(settings: Settings, conf: Path) -> None:
    properties = _properties(mapreduce.options(settings, "footfall-logs-1", memory_mb=1024))
    assert properties["mapreduce.job.tags"] == "footfall-logs-1"
    assert properties["mapreduce.job.queuename"] == "batch"


def test_the_heap_leaves_memory_for_the_rest_of_the_jvm(settings: Settings, conf: Path) -> None:
    properties = _properties(mapreduce.options(settings, "t", memory_mb=1024))
    for name in ("yarn.app.mapreduce.am.command-opts", "mapreduce.map.java.opts", "mapreduce.reduce.java.opts"):
        assert "-Xmx768m" in properties[name].split()


def test_every_jvm_of_a_job_binds_to_loopback(settings: Settings, conf: Path) -> None:
    properties = _properties(mapreduce.options(settings, "t", memory_mb=1024))
    agent = f"-javaagent:{settings.install}/loopback-agent/footfall-loopback-agent.jar=127.0.0.1"
    for name in ("yarn.app.mapreduce.am.command-opts", "mapreduce.map.java.opts", "mapreduce.reduce.java.opts"):
        assert agent in properties[name].split()


def test_containers_and_client_see_the_configuration_first_and_hadoop_last(
    settings: Settings, java: Path, conf: Path
) -> None:
    ours, lib = Path("/x/ours.jar"), settings.install / "jars"
    expected = [str(conf), "/x/ours.jar", f"{lib}/pig/lib/*", f"{lib}/hadoop/lib/*"]
    host_filter = f"{settings.install}/host-filter/footfall-host-filter.jar"
    properties = _properties(mapreduce.options(settings, "t", memory_mb=1024, engines=["pig"], jars=[ours]))
    assert properties["mapreduce.application.classpath"].split(",") == [*expected, host_filter]
    command = mapreduce.client(
        settings, 256, "a.Main", ["-x", "mapreduce"], temporary=Path("/t"), engines=["pig"], jars=[ours]
    )
    assert command[command.index("-cp") + 1].split(":") == expected
    assert command[-3:] == ["a.Main", "-x", "mapreduce"]
    assert "-Djava.io.tmpdir=/t" in command


def test_a_machine_without_yarns_configuration_gets_the_remedy(settings: Settings) -> None:
    with pytest.raises(ClusterError, match="footfall up batch"):
        mapreduce.options(settings, "t", memory_mb=1024)

"""YARN's shares on any machine, the environment of its containers, and the state that survives a restart."""

import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.cluster.engines import yarn
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.runtime.environment import child_environment
from footfall.settings import Settings, Yarn
from tests.support.fresh_home import FakeJava

_GIB = 2**30
# The master of a stream (512 MiB plus Spark's overhead of 384) and its executor, rounded up by YARN.
_STREAM_MB = 1024 + 1792
_STREAMING = 3072


def _rendered(settings: Settings, service: str, name: str) -> dict[str, str]:
    text = configure.render(settings, BY_NAME[service])[name]
    return {node.findtext("name", ""): node.findtext("value", "") for node in ET.fromstring(text).iter("property")}


@pytest.mark.parametrize(("machine_gib", "memory_mb"), [(4, 5376), (8, 5376), (18, 6144), (24, 8192), (64, 8192)])
def test_containers_get_a_third_of_the_machine_within_bounds(machine_gib: float, memory_mb: int) -> None:
    assert yarn.default_memory_mb(int(machine_gib * _GIB), _STREAMING) == memory_mb


@pytest.mark.parametrize("memory_mb", [5376, 5777, 7777, 8192, 40_000])
def test_the_queues_share_all_of_it_and_the_stream_always_fits(settings: Settings, memory_mb: int) -> None:
    node = yarn.node(Settings(home=settings.home, yarn=Yarn(memory_mb=memory_mb)))
    streaming, batch = node.queues
    assert (streaming.name, batch.name) == ("streaming", "batch")
    assert streaming.memory_mb + batch.memory_mb == node.memory_mb
    assert memory_mb - yarn.STEP_MB < node.memory_mb <= memory_mb
    assert node.memory_mb % yarn.STEP_MB == 0
    # The scheduler refuses queues that do not add up to 100.
    assert streaming.percent + batch.percent == 100.0
    assert streaming.percent * node.memory_mb / 100 >= _STREAMING >= _STREAM_MB
    assert batch.percent * node.memory_mb / 100 > batch.memory_mb - yarn.STEP_MB


def test_no_queue_can_use_the_share_of_another(settings: Settings) -> None:
    rendered = _rendered(Settings(home=settings.home, yarn=Yarn(memory_mb=8192)), "yarn-resourcemanager", _SCHEDULER)
    queue = "yarn.scheduler.capacity.root"
    assert rendered[f"{queue}.queues"] == "streaming,batch"
    for name, percent, largest_mb in (("streaming", 37.5, 3072), ("batch", 62.5, 5120)):
        assert float(rendered[f"{queue}.{name}.capacity"]) == percent
        assert float(rendered[f"{queue}.{name}.maximum-capacity"]) == percent
        assert int(rendered[f"{queue}.{name}.maximum-allocation-mb"]) == largest_mb
        # The master of a stream fits into what masters may take.
        assert float(rendered[f"{queue}.{name}.maximum-am-resource-percent"]) * largest_mb >= 1024


_SCHEDULER = "capacity-scheduler.xml"


def test_the_filter_of_a_masters_web_port_is_final(settings: Settings) -> None:
    """The client of a job names another filter alone, and what the client names would count."""
    text = configure.render(settings, BY_NAME["yarn-nodemanager"])["mapred-site.xml"]
    (found,) = (
        node
        for node in ET.fromstring(text).iter("property")
        if node.findtext("name") == "hadoop.http.filter.initializers"
    )
    assert found.findtext("final") == "true"
    assert found.findtext("value", "").split(",")[0] == "footfall.http.HadoopHosts"
    assert _rendered(settings, "yarn-nodemanager", "mapred-site.xml")["footfall.http.names"] == "127.0.0.1"


def test_containers_get_the_mark_and_a_low_priority(settings: Settings) -> None:
    rendered = _rendered(Settings(home=settings.home, yarn=Yarn(nice=7)), "yarn-nodemanager", "yarn-site.xml")
    assert rendered["yarn.nodemanager.container-executor.os.sched.priority.adjustment"] == "7"
    inherited = rendered["yarn.nodemanager.env-whitelist"].split(",")
    assert {"FOOTFALL_MARK", "JAVA_HOME", "HADOOP_CONF_DIR", "TZ", "LC_ALL", "MALLOC_ARENA_MAX"} <= set(inherited)


def test_the_nodemanager_has_every_variable_that_containers_inherit(settings: Settings, java: Path) -> None:
    known = {**child_environment(settings), **yarn.environment(settings)}
    # JAVA_TOOL_OPTIONS is there only where this machine's name does not resolve.
    assert set(yarn.ENVIRONMENT) - set(known) <= {"JAVA_TOOL_OPTIONS"}
    assert known["JAVA_HOME"] == str(java)
    assert Path(known["HADOOP_CONF_DIR"]) == settings.conf_dir / "yarn-nodemanager"


def test_without_a_store_for_this_processor_nothing_is_recovered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enabled = "yarn.nodemanager.recovery.enabled"
    for machine, recovers in (("x86_64", True), ("aarch64", False)):
        monkeypatch.setattr(yarn.platform, "machine", lambda machine=machine: machine)
        assert (_rendered(settings, "yarn-nodemanager", "yarn-site.xml").get(enabled) == "true") == recovers


@pytest.fixture
def under(settings: Settings) -> Callable[[str], None]:
    """Simulates a process manager with this id; an empty id means none."""

    def write(pid: str) -> None:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        path = settings.run_dir / "supervisord.pid"
        path.unlink(missing_ok=True)
        if pid:
            path.write_text(f"{pid}\n")

    return write


@pytest.mark.parametrize("service", ["yarn-resourcemanager", "yarn-nodemanager"])
def test_state_survives_a_restart_but_not_a_new_manager(
    settings: Settings, under: Callable[[str], None], service: str
) -> None:
    for manager, starts in (("71", 3), ("72", 2), ("", 2)):
        under(manager)
        state = settings.data_dir / service / "state" / "application"
        for start in range(starts):
            configure.write(settings, BY_NAME[service])
            assert state.exists() == (start > 0), (manager, start)
            state.touch()


def test_a_new_manager_with_the_same_process_id_is_detected(settings: Settings, under: Callable[[str], None]) -> None:
    state = settings.data_dir / "yarn-nodemanager" / "state" / "containers"
    under("71")
    configure.write(settings, BY_NAME["yarn-nodemanager"])
    state.touch()
    # For example after a reboot.
    os.utime(settings.run_dir / "supervisord.pid", (1, 1))
    configure.write(settings, BY_NAME["yarn-nodemanager"])
    assert not state.exists()


def test_the_nodemanager_starts_with_what_containers_inherit(settings: Settings, fake_java: FakeJava) -> None:
    home = fake_java("exit 0")
    service = BY_NAME["yarn-nodemanager"]
    before = configure.fingerprint(settings, service)
    elsewhere = fake_java("exit 0").rename(home.with_name("other-java"))
    os.environ["JAVA_HOME"] = str(elsewhere)
    assert configure.fingerprint(settings, service) != before

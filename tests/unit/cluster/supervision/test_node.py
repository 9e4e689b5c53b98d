"""The first process of a container: it waits, starts, reaps, probes and ends."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.cluster.services import BY_NAME, PROFILES
from footfall.cluster.supervision import node
from footfall.hosts import Hosts
from footfall.runtime import requested
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import REPOSITORY, Settings

# Runs a node with a service of its own instead of the table's, in a process of its own, because a node reaps all its
# children and sets signal handlers.
_HARNESS = """
import sys
from dataclasses import replace
from pathlib import Path
from footfall.cluster.health import probes
from footfall.cluster.service import Service
from footfall.cluster.supervision import node, sweeps
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import load_settings

HOME = Path(sys.argv[1])

def needed(settings):
    if not (HOME / "needed").exists():
        raise Unhealthy("not yet")

def probe(settings):
    if (HOME / "sick").exists():
        raise Unhealthy("sick")

def step(settings):
    if not (HOME / "can-step").exists():
        raise ClusterError("not yet")
    (HOME / "stepped").touch()

TABLE = (
    Service(name="store", engine="x", command=lambda s: ["/bin/true"], probe=needed),
    Service(name="work", engine="x", needs=("store",), step=step),
    Service(
        name="shop", engine="x", needs=("work",), probe=probe, stop_s=2,
        command=lambda s: [sys.executable, "-c", (HOME / "program.py").read_text()],
    ),
)
node.SERVICES, node.BY_NAME = TABLE, {service.name: service for service in TABLE}
probes.BY_NAME = node.BY_NAME
node._TICK_S = node._PROBE_EVERY_S = node._PROBE_AGAIN_S = node._STEP_AGAIN_S = 0.1
node._END_AFTER_S = 2.0
node._END_START_AFTER_S = 3.0 if (HOME / "impatient").exists() else 3600.0
sys.exit(node.serve(load_settings(), sys.argv[2]))
"""
_FOR_EVER = "import time\nwhile True: time.sleep(0.1)\n"

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(settings: Settings, java: Path) -> Iterator[Started]:
    running: list[subprocess.Popen[str]] = []

    def begin(name: str = "shop", program: str = _FOR_EVER) -> "subprocess.Popen[str]":
        settings.home.mkdir(parents=True, exist_ok=True)
        (settings.home / "program.py").write_text(textwrap.dedent(program))
        environment = settings.model_copy(update={"host": "here"}).as_environment()
        process = subprocess.Popen(
            [sys.executable, "-c", _HARNESS, str(settings.home), name],
            env={**environment, "PYTHONPATH": str(REPOSITORY / "src"), "PATH": "/usr/bin:/bin"},
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def _await(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def _health(settings: Settings) -> str:
    path = node.health_file(settings)
    return path.read_text("utf-8").strip() if path.exists() else ""


def test_it_waits_for_what_a_step_needs_and_then_starts(settings: Settings, start: Started) -> None:
    process = start()
    _await(lambda: "waits for store" in _health(settings), "it does not wait")
    (settings.home / "needed").touch()
    _await(lambda: _health(settings) == "ok", "it does not start")
    process.terminate()
    assert process.wait(10) == 0


def test_its_end_is_the_end_of_the_node(settings: Settings, start: Started) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "needed").touch()
    assert start(program="raise SystemExit(7)").wait(30) == 7
    assert _health(settings) == "its process ended with status 7"


def test_a_service_that_never_becomes_healthy_ends_with_its_node(settings: Settings, start: Started) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    for name in ("needed", "sick", "impatient"):
        (settings.home / name).touch()
    assert start().wait(30) == 1
    assert _health(settings) == "sick"


def test_a_service_may_start_slowly_but_not_stay_unhealthy_later(settings: Settings, start: Started) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    for name in ("needed", "sick"):
        (settings.home / name).touch()
    process = start()
    _await(lambda: _health(settings) == "sick", "it does not start")
    time.sleep(4)  # longer than a service may be unhealthy later
    assert process.poll() is None
    (settings.home / "sick").unlink()
    _await(lambda: _health(settings) == "ok", "it does not become healthy")
    (settings.home / "sick").touch()
    _await(lambda: _health(settings) == "sick", "its probe does not see it")
    # Far sooner than a start that takes too long would end.
    assert process.wait(30) == 1


def test_a_service_that_ignores_the_signal_is_killed(settings: Settings, start: Started) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "needed").touch()
    process = start(program="import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _FOR_EVER)
    _await(lambda: _health(settings) == "ok", "it does not start")
    time.sleep(0.5)  # until the program ignores the signal
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert time.monotonic() - began >= 2


def test_a_step_is_tried_until_it_is_done_and_ends(settings: Settings, start: Started) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "needed").touch()
    process = start("work")
    time.sleep(1)
    assert process.poll() is None
    (settings.home / "can-step").touch()
    assert process.wait(30) == 0
    assert (settings.home / "stepped").exists()


def test_the_node_of_the_command_line_needs_nothing(settings: Settings, start: Started) -> None:
    process = start("cli")
    _await(lambda: _health(settings) == "ok", "it does not start")
    assert set(requested.read(settings)) == set(PROFILES["full"])
    process.terminate()
    assert process.wait(10) == 0


def test_an_unknown_service_is_named(settings: Settings) -> None:
    with pytest.raises(ClusterError, match="no service 'kafak'; there are: cli, zookeeper, kafka"):
        node.serve(settings, "kafak")


def test_processes_behind_steps_are_waited_for() -> None:
    assert [service.name for service in node.processes_needed(BY_NAME["dashboard"])] == ["hbase-thrift"]
    assert {service.name for service in node.processes_needed(BY_NAME["topology"])} == {
        "storm-supervisor",
        "kafka",
        "hbase-thrift",
    }


def test_one_healthy_host_of_several_is_enough(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def probe(settings: Settings, name: str) -> None:
        asked.append(settings.host)
        if settings.host != "k2":
            raise Unhealthy("dead")

    monkeypatch.setattr(node.probes, "probe", probe)
    several = settings.model_copy(update={"host": "here", "hosts": Hosts(kafka=("k1", "k2", "k3"))})
    assert node._fault_everywhere(several, BY_NAME["kafka"]) == ""
    assert asked == ["k1", "k2"]
    alone = settings.model_copy(update={"host": "here", "hosts": Hosts(kafka=("k1",))})
    assert node._fault_everywhere(alone, BY_NAME["kafka"]) == "dead"


def test_what_has_no_host_is_not_waited_for(settings: Settings) -> None:
    assert [service.name for service in node.processes_needed(BY_NAME["namenode"])] == ["journalnode"]
    assert node._fault_everywhere(settings, BY_NAME["journalnode"]) == ""

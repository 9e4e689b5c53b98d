"""The process manager: a real supervisord in an empty home, and the configuration of a service."""

import os
import time
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from pathlib import Path

import psutil
import pytest

from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure, manager
from footfall.cluster.supervision.manager import Manager
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings
from tests.support.fresh_home import FakeJava

_ZOOKEEPER = BY_NAME["zookeeper"]


@pytest.fixture
def running(settings: Settings, fake_java: FakeJava) -> Iterator[Manager]:
    """A manager with one service, ZooKeeper, whose command is a sleep."""
    fake_java("exec sleep 60")
    os.environ["PYTHONPATH"] = str(REPOSITORY / "src")
    made = Manager(settings)
    made.configure([_ZOOKEEPER])
    made.start()
    yield made
    made.shutdown()


def _become(running: Manager, not_pid: int = 0) -> int:
    """Waits until another process than `not_pid` is the service itself. Before that, SIGTERM may meet a process that
    supervisord has just forked, and be lost on it until its patience is over.
    """

    def sleeps() -> bool:
        pid = running.processes()["zookeeper"].pid
        return pid not in (None, not_pid) and psutil.Process(pid).name() == "sleep"

    _until(sleeps)
    return running.processes()["zookeeper"].pid or 0


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_service_is_started_stopped_and_restarted_when_it_changed(running: Manager, settings: Settings) -> None:
    assert running.alive()
    assert running.processes()["zookeeper"].state == "STOPPED"
    running.ensure_started("zookeeper")
    running.ensure_started("zookeeper")
    first = _become(running)
    assert first in {child.pid for child in psutil.Process(running.pid()).children()}
    # Applying it again changes nothing.
    running.configure([_ZOOKEEPER])
    assert running.apply() == set()
    assert running.processes()["zookeeper"].pid == first
    moved = Manager(Settings(home=settings.home, install=settings.install, port_offset=1))
    moved.configure([_ZOOKEEPER])
    assert running.apply() == {"zookeeper"}
    assert not psutil.pid_exists(first)
    assert running.processes()["zookeeper"].pid is None
    running.shutdown()
    assert not running.alive()
    assert running.processes() == {}


def test_a_service_that_this_version_no_longer_has_is_stopped_and_forgotten(
    running: Manager, settings: Settings
) -> None:
    running.ensure_started("zookeeper")
    first = _become(running)
    running.configure([])
    # Nothing starts it again: it is not among the services that changed.
    assert running.apply() == set()
    assert not psutil.pid_exists(first)
    assert running.processes() == {}


def test_a_service_that_dies_is_started_again(running: Manager) -> None:
    running.ensure_started("zookeeper")
    # supervisord treats an end within two seconds as a failed start. Either way it starts another process.
    first = _become(running)
    psutil.Process(first).kill()
    assert _become(running, not_pid=first) != first


def test_orphans_of_a_service_are_reaped(running: Manager, fake_java: FakeJava, tmp_path: Path) -> None:
    """It works whether or not process 1 reaps, because process 1 never becomes the parent."""
    noted = tmp_path / "left"
    # The shell in between ends at once, so that the sleep loses its parent while the service goes on.
    fake_java(f"sh -c 'sleep 60 & echo $! > {noted}'; exec sleep 60")
    running.ensure_started("zookeeper")
    _become(running)
    left = psutil.Process(int(noted.read_text()))
    _until(lambda: left.ppid() == running.pid())
    left.kill()
    # A zombie would still exist.
    _until(lambda: not psutil.pid_exists(left.pid))


def test_only_its_user_can_connect(running: Manager, settings: Settings) -> None:
    assert manager.socket_path(settings).stat().st_mode & 0o077 == 0
    with pytest.raises(ClusterError, match="BAD_NAME"):
        running.ensure_started("kafka")


def test_without_a_manager_there_are_no_processes(settings: Settings) -> None:
    nobody = Manager(settings)
    assert (nobody.alive(), nobody.pid(), nobody.processes()) == (False, None, {})
    nobody.shutdown()


def test_its_configuration_carries_the_fingerprint_and_no_foreign_home(settings: Settings, java: Path) -> None:
    Manager(settings).configure([_ZOOKEEPER, BY_NAME["watchdog"], BY_NAME["postgres"]])
    parser = RawConfigParser()
    parser.read(settings.conf_dir / "supervisord.conf")
    program = parser["program:zookeeper"]
    assert configure.fingerprint(settings, _ZOOKEEPER) in program["environment"]
    assert f'FOOTFALL_HOME="{settings.home}"' in program["environment"]
    assert f'PYTHONPATH="{REPOSITORY}/src"' in program["environment"]
    assert program["command"].endswith("-m footfall run zookeeper")
    assert (program["autorestart"], program["autostart"]) == ("true", "false")
    assert int(program["stopwaitsecs"]) == _ZOOKEEPER.stop_s
    assert (program["stopsignal"], parser["program:postgres"]["stopsignal"]) == ("TERM", "INT")
    assert parser["unix_http_server"]["chmod"] == "0700"
    assert "inet_http_server" not in parser


def test_a_home_too_deep_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    deep = Settings(home=tmp_path / ("d" * 120))
    path = manager.socket_path(deep)
    try:
        assert len(os.fsencode(path)) <= 95
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert path == manager.socket_path(deep)
        assert path != manager.socket_path(Settings(home=tmp_path / ("e" * 120)))
    finally:
        path.parent.rmdir()
        manager.socket_path(Settings(home=tmp_path / ("e" * 120))).parent.rmdir()
    short = Settings(home=Path("/srv/footfall"))
    assert manager.socket_path(short) == Path("/srv/footfall/run/supervisord.sock")

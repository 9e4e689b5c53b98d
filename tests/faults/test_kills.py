"""Each process is killed while thirty visitors are active; it comes back, and every store still agrees."""

import os
import subprocess

import pytest

from tests.support.long_tests import only_in_all
from tests.support.platform import Platform, await_true

_WORKER = "org.apache.storm.daemon.worker.Worker"


def test_python_bolt(verified_platform: Platform) -> None:
    old = set(verified_platform.processes("footfall.realtime.live_bolt"))
    assert old, "no bolt is running"
    verified_platform.kill(min(process.pid for process in old))

    def replaced() -> bool:
        now = set(verified_platform.processes("footfall.realtime.live_bolt"))
        return len(now) == len(old) and not now & old

    await_true(replaced, "new bolts in a new worker", 120)
    verified_platform.await_figures()


def test_storm_worker(verified_platform: Platform) -> None:
    # What writes its log names it, too, and ends with it.
    old = set(verified_platform.processes(_WORKER))
    verified_platform.kill(verified_platform.processes(_WORKER)[-1].pid)

    def replaced() -> bool:
        now = set(verified_platform.processes(_WORKER))
        return len(now) == len(old) and not now & old

    await_true(replaced, "a new worker", 120)
    verified_platform.await_figures()


@only_in_all
def test_a_zombie_process_of_a_worker(verified_platform: Platform) -> None:
    """Storm's supervisor waits for the end of a process that has already ended, until the supervisor restarts."""
    worker = verified_platform.processes(_WORKER)[-1]
    (note,) = (verified_platform.settings.data_dir / "storm" / "workers").glob(f"*/pids/{worker.pid}")
    with subprocess.Popen(["true"]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        (note.parent / str(zombie.pid)).touch()
        supervisor = int(verified_platform.service("storm-supervisor")["pid"])
        verified_platform.kill(worker.pid)
        verified_platform.await_back("storm-supervisor", supervisor, 400)
        verified_platform.await_figures(180)
        assert zombie.returncode is None, "the zombie was to stay until here"


# The DataNode dies in `test_flume`. Services that die together are independent of each other.
@pytest.mark.parametrize(
    "services",
    [("kafka",), ("hbase-regionserver",), ("hbase-thrift", "site-shop", "visitors-news", "storm-supervisor")],
    ids=" ".join,
)
def test_services(verified_platform: Platform, services: tuple[str, ...]) -> None:
    killed = {service: verified_platform.kill_service(service) for service in services}
    for service, pid in killed.items():
        verified_platform.await_back(service, pid)
    verified_platform.await_figures()


def test_process_manager(verified_platform: Platform) -> None:
    before = set(verified_platform.processes(""))
    (manager,) = verified_platform.processes("supervisord")
    verified_platform.kill(manager.pid)
    verified_platform.up()
    # All processes of the dead manager were ended, so nothing runs twice.
    assert not before & set(verified_platform.processes(""))
    status = verified_platform.json("status")
    assert status["healthy"], [service for service in status["services"] if service["state"] != "healthy"]

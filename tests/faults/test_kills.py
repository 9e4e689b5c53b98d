"""Each process dies as in a crash while thirty visitors go on; it comes back, and every number still agrees."""

import pytest

from tests.support.platform import Platform, await_true


def test_python_bolt(busy_platform: Platform) -> None:
    old = {process.pid for process in busy_platform.processes("footfall.realtime.live_bolt")}
    assert old, "no bolt is running"
    busy_platform.kill(min(old))

    def replaced() -> bool:
        now = {process.pid for process in busy_platform.processes("footfall.realtime.live_bolt")}
        return len(now) == len(old) and not now & old

    await_true(replaced, "new bolts in a new worker", 120)
    busy_platform.assert_verified()


def test_storm_worker(busy_platform: Platform) -> None:
    worker = busy_platform.processes("org.apache.storm.daemon.worker.Worker")[-1]
    busy_platform.kill(worker.pid)

    def replaced() -> bool:
        now = busy_platform.processes("org.apache.storm.daemon.worker.Worker")
        return bool(now) and worker.pid not in {process.pid for process in now}

    await_true(replaced, "a new worker", 120)
    busy_platform.assert_verified()


@pytest.mark.parametrize(
    "service",
    ["kafka", "hbase-regionserver", "hbase-thrift", "site-shop", "visitors-news", "datanode", "storm-supervisor"],
)
def test_service(busy_platform: Platform, service: str) -> None:
    pid = busy_platform.kill_service(service)
    busy_platform.await_back(service, pid)
    busy_platform.assert_verified()


def test_process_manager(busy_platform: Platform) -> None:
    before = {process.pid for process in busy_platform.processes("")}
    (manager,) = busy_platform.processes("supervisord")
    busy_platform.kill(manager.pid)
    busy_platform.up()
    # Whatever the dead manager left was ended; nothing runs twice.
    assert not before & {process.pid for process in busy_platform.processes("")}
    status = busy_platform.json("status")
    assert status["healthy"], [service for service in status["services"] if service["state"] != "healthy"]
    busy_platform.assert_verified()

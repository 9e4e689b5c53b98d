"""A new driver first ends what an earlier one left running."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from footfall.settings import Settings
from footfall.streaming import spark_session
from footfall.streaming.driver_lock import end_processes, may_live


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., psutil.Process]]:
    """Starts a sleeping process with these arguments and the mark of this home; the fixture ends it."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, mark: str = str(settings.home)) -> psutil.Process:
        command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)", *words]
        process = subprocess.Popen(command, env={**os.environ, "FOOTFALL_MARK": mark}, stdout=subprocess.PIPE)
        assert process.stdout is not None
        # Before that it still has this process's environment.
        process.stdout.readline()
        started.append(process)
        return psutil.Process(process.pid)

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_holder_is_dead_only_if_no_process_can_be_it(
    settings: Settings, start: Callable[..., psutil.Process]
) -> None:
    home, running = str(settings.home), start()
    assert may_live(f"{running.pid} of {home}", settings)
    running.kill()
    running.wait()
    assert not may_live(f"{running.pid} of {home}", settings)
    # The driver of another home may live, and so may a holder that cannot be parsed.
    assert may_live(f"{running.pid} of /elsewhere", settings)
    assert may_live("somebody", settings)
    # Another process has the pid by now.
    assert not may_live(f"{start(mark='/elsewhere').pid} of {home}", settings)
    assert not may_live(f"{os.getpid()} of {home}", settings)
    # All nodes of a cluster have the same home, and each has its own process ids.
    node = settings.model_copy(update={"host": "cli"})
    assert may_live(f"{running.pid} of spark-streaming:{home}", node)
    assert not may_live(f"{running.pid} of cli:{home}", node)


def test_drivers_and_their_jvms_are_ended_and_nothing_else(
    settings: Settings, start: Callable[..., psutil.Process]
) -> None:
    conf, spark = str(spark_session.conf_dir(settings)), "org.apache.spark.deploy.SparkSubmit"
    jvm, driver = start("-cp", f"/jars/*:{conf}/:/more/*", spark, "pyspark-shell"), start("footfall.streaming.driver")
    others = [
        start("-cp", "/jars/*:/conf/batch/", spark),
        start("-cp", conf, "org.apache.spark.deploy.yarn.ExecutorLauncher"),
        start("footfall.streaming.driver", mark="/elsewhere"),
        start("footfall.sites.server", "shop"),
    ]
    # A driver that lost its lock may still run.
    driver.suspend()
    assert end_processes(settings) == 2
    assert not jvm.is_running()
    assert not driver.is_running()
    assert all(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in others)

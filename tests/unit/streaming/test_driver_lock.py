"""A new driver first ends what an earlier one left running, here and on a fake YARN."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from footfall.settings import Ports, Settings
from footfall.streaming import driver_lock, spark_session
from footfall.streaming.driver_lock import AnotherDriver, end_applications, end_processes, may_live
from footfall.yarn import Yarn

_APPS = "/ws/v1/cluster/apps"


class MadeUpYarn:
    """A fake YARN. Applications by id: their tag, and whether they run. stubborn: those that ignore a kill."""

    def __init__(self) -> None:
        self.applications: dict[str, tuple[str, bool]] = {}
        self.stubborn: set[str] = set()
        self.looks_until_gone = 2
        self._ending: dict[str, int] = {}

    def running(self, tag: str) -> list[dict[str, str]]:
        for name in list(self._ending):
            self._ending[name] -= 1
            if self._ending[name] <= 0:
                self.applications[name] = self.applications[name][0], False
        return [{"id": name} for name, (own, runs) in self.applications.items() if own == tag and runs]

    def end(self, name: str) -> None:
        if name not in self.stubborn:
            self._ending[name] = self.looks_until_gone


@pytest.fixture
def made_up() -> MadeUpYarn:
    return MadeUpYarn()


@pytest.fixture
def yarn(made_up: MadeUpYarn, tmp_path: Path) -> Iterator[Yarn]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            assert asked.path == _APPS
            [tag] = parse_qs(asked.query)["applicationTags"]
            found = made_up.running(tag)
            # YARN's answer if there are none.
            self._answer(200, {"apps": {"app": found} if found else None})

        def do_PUT(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert wanted == {"state": "KILLED"}
            name = self.path.removeprefix(f"{_APPS}/").removesuffix("/state")
            if name not in made_up.applications:
                self._answer(404, {"RemoteException": {"message": "no such application"}})
                return
            made_up.end(name)
            self._answer(202, {"state": "RUNNING"})

        def _answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Yarn(Settings(home=tmp_path, ports=Ports(yarn_http=server.server_address[1])))
        server.shutdown()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_lock, "_POLL_S", 0.01)
    monkeypatch.setattr(driver_lock, "_ENDED_WITHIN_S", 1.0)


def test_without_old_applications_nothing_is_ended(yarn: Yarn) -> None:
    assert end_applications(yarn, "mine") == 0


def test_old_applications_have_ended_on_return(yarn: Yarn, made_up: MadeUpYarn) -> None:
    made_up.applications = {"application_1": ("mine", True), "application_2": ("other", True)}
    assert end_applications(yarn, "mine") == 1
    assert made_up.applications == {"application_1": ("mine", False), "application_2": ("other", True)}


def test_an_application_that_does_not_end_stops_the_driver(yarn: Yarn, made_up: MadeUpYarn) -> None:
    made_up.applications = {"application_1": ("mine", True)}
    made_up.stubborn = {"application_1"}
    with pytest.raises(AnotherDriver, match=r"YARN did not end application_1 within"):
        end_applications(yarn, "mine")


def test_the_driver_does_not_start_without_yarn(tmp_path: Path) -> None:
    # Nothing listens there.
    with pytest.raises(AnotherDriver, match="YARN does not answer"):
        end_applications(Yarn(Settings(home=tmp_path, ports=Ports(yarn_http=1))), "mine")


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
    assert may_live(f"{running.pid} of {home}", home)
    running.kill()
    running.wait()
    assert not may_live(f"{running.pid} of {home}", home)
    # The driver of another home may live, and so may a holder that cannot be parsed.
    assert may_live(f"{running.pid} of /elsewhere", home)
    assert may_live("somebody", home)
    # Another process has the pid by now.
    assert not may_live(f"{start(mark='/elsewhere').pid} of {home}", home)
    assert not may_live(f"{os.getpid()} of {home}", home)


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

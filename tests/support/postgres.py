"""A PostgreSQL of its own for tests, in a home of its own. It needs no platform, only the installation."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall.cluster import services
from footfall.cluster.health import probes
from footfall.cluster.installation import install
from footfall.cluster.services import BY_NAME
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import Unhealthy
from footfall.setting_groups import Ports
from footfall.settings import Settings
from tests.support.platform import await_true


class Server:
    """The service `postgres` of a home, run as supervisord runs it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = settings.home / "test.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None
        return self._process.pid

    def begin(self) -> None:
        """Starts the service and does not wait."""
        self.settings.run_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "footfall", "run", "postgres"],
                env=child_environment(self.settings),
                stdout=log,
                stderr=log,
                umask=0o077,
            )

    def start(self) -> None:
        """Starts the service and waits until it is healthy."""
        self.begin()
        await_true(self.healthy, f"a healthy PostgreSQL; its log is {self.log}", 30)

    def healthy(self) -> bool:
        """Whether the probe finds no fault. Fails if the process has ended."""
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text("utf-8")[-2000:]
        try:
            probes.probe(self.settings, "postgres")
        except Unhealthy:
            return False
        return True

    def stop(self, seconds: float = 20) -> None:
        """Stops the server as supervisord does, and waits until it has ended."""
        self._end(getattr(signal, f"SIG{BY_NAME['postgres'].stop_signal}"), seconds)

    def kill(self) -> None:
        """kill -9 of the process that `begin` started."""
        self._end(signal.SIGKILL, 20)

    def _end(self, number: signal.Signals, seconds: float) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(seconds)

    def step(self, name: str) -> None:
        """Does the work of a step."""
        step = BY_NAME[name].step
        assert step is not None
        step(self.settings)


@contextmanager
def own_server(home: Path, installed: Path) -> Iterator[Server]:
    """A server that has never run, and that is deleted at the end. installed: the folder of the installation."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ports = Ports(postgres=port)
    server = Server(Settings(home=home, install=installed, port_offset=0, ports=ports, population=4000))
    home.mkdir(parents=True, exist_ok=True)
    install.ensure(server.settings, [BY_NAME["postgres"]])
    try:
        yield server
    finally:
        server.kill()
        for folder in services.outside(server.settings):
            shutil.rmtree(folder, ignore_errors=True)

"""The collector as a process of its own. Its Kafka is away, so what it takes is in its spools."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from footfall.setting_groups import Ports
from footfall.settings import Settings
from footfall.sites.spool import Record, Spool, Topic
from tests.support.platform import await_true


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class CollectorProcess:
    """The running collector of a home."""

    def __init__(self, home: Path, **changed: Any) -> None:
        """The sites in `home / "sites.toml"` are spooled at once, without a first wait for Kafka."""
        self.port = free_port()
        ports = Ports(collector=self.port, kafka=1)
        self.settings = Settings(home=home, install=home / "install", ports=ports, port_offset=0, **changed)
        self.url = f"http://localhost:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "footfall.sites.server", "collector"],
            env={**os.environ, **self.settings.as_environment()},
            stderr=subprocess.PIPE,
        )
        await_true(self._listens, "the collector", 30, 0.05)

    def records(self, app_id: str) -> list[Record]:
        """What the collector has in the spool of a site."""
        scratch = self.settings.home / f"copy-{app_id}"
        shutil.copytree(self.settings.spool_dir / app_id, scratch, ignore=shutil.ignore_patterns("lock"))
        copy = Spool(scratch, 2**30)
        try:
            return [record for taken in iter(copy.take, []) for record in taken if record.received_ms]
        finally:
            copy.close()
            shutil.rmtree(scratch)

    def events(self, app_id: str, begin: int = 0) -> list[dict[str, Any]]:
        """The accepted events of a site, from its record `begin` on; fails if there is a reject."""
        found = self.records(app_id)[begin:]
        assert [record.value for record in found if record.topic is not Topic.EVENTS] == []
        return [orjson.loads(record.value) for record in found]

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except ConnectionRefusedError:
            return False
        return True


def fall_behind(settings: Settings, app_id: str) -> None:
    """Leaves a record of an earlier process in the spool, so that no request waits for Kafka first."""
    spool = Spool(settings.spool_dir / app_id, 2**30)
    spool.append([Record(Topic.EVENTS, 0, b"", b"{}")])
    spool.close()


@contextmanager
def running_collector(home: Path, *spooled: str, **changed: Any) -> Iterator[CollectorProcess]:
    """Runs the collector. spooled: sites whose events it spools at once, without a first wait for Kafka."""
    for app_id in spooled:
        fall_behind(Settings(home=home), app_id)
    collector = CollectorProcess(home, **changed)
    try:
        yield collector
    finally:
        collector.process.send_signal(signal.SIGKILL)
        collector.process.communicate()

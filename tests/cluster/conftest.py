"""A cluster of its own on Docker, for the tests of this folder. Without a Docker engine or room they are skipped."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from footfall.cluster.containers import docker, lifecycle
from footfall.cluster.containers.docker import Profile
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings, load_settings

_BASE_IMAGE = "debian:bookworm-slim"
_UP_S = 2400
_ROLES = """
import json
from footfall.cluster.engines import hdfs
from footfall.settings import load_settings
found = {}
for address in load_settings().addresses("namenode_http"):
    try:
        found[address.host] = hdfs._state(f"http://{address}")
    except Exception:
        found[address.host] = "silent"
print(json.dumps(found))
"""


class Cluster:
    """The verbs of a cluster with its own name and ports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def call(self, *arguments: str, timeout_s: float = 600) -> str:
        """Runs a verb and returns its standard output. Fails with its messages."""
        done = self.tried(*arguments, timeout_s=timeout_s)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
        return done.stdout

    def tried(self, *arguments: str, timeout_s: float = 600) -> "subprocess.CompletedProcess[str]":
        """Runs a verb, whatever becomes of it."""
        return subprocess.run(
            [sys.executable, "-m", "footfall", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **self.settings.as_environment(), "PYTHONPATH": str(REPOSITORY / "src")},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def up(self, *arguments: str) -> None:
        """Starts the cluster and waits until it is healthy."""
        self.call("cluster", "up", *arguments, timeout_s=_UP_S)

    def ask(self, *arguments: str) -> Any:
        """The JSON document of a verb that runs on the cluster."""
        return json.loads(self.call(*arguments, "--json", "--cluster"))

    def python(self, program: str, *arguments: str) -> str:
        """What a program of Python prints on the node of the command line."""
        return self.call("cluster", "exec", "cli", docker.PYTHON, "-c", program, *arguments).strip()

    def namenode_roles(self) -> dict[str, str]:
        """For each NameNode: active, standby or silent."""
        return dict(json.loads(self.python(_ROLES)))

    def active_and_standby(self) -> tuple[str, str]:
        """The names of the active NameNode and of the other one. Fails if they are not one of each."""
        roles = self.namenode_roles()
        assert sorted(roles.values()) == ["active", "standby"]
        active, standby = sorted(roles, key=roles.__getitem__)
        return active, standby

    def await_figures(self, within_s: float = 240) -> None:
        """Waits until the live figures are current and show people."""
        until = time.monotonic() + within_s
        while True:
            rows = self.ask("query", "live-active-users")
            (live,) = (lag for lag in json.loads(self.tried("status", "--json", "--cluster").stdout)["lags"][:1])
            seen = any(row["app_id"] == "all" and row["active_1m"] > 0 for row in rows)
            if seen and live["age_s"] is not None and live["age_s"] < 5:
                return
            assert time.monotonic() < until, f"no current figures after {within_s} s: {live} {rows}"
            time.sleep(2)

    def await_healthy(self, within_s: float = 300) -> None:
        """Waits until every node is healthy."""
        until = time.monotonic() + within_s
        while not all(node.is_well for node in docker.nodes(self.settings)):
            assert time.monotonic() < until, self.tried("cluster", "status").stdout
            time.sleep(2)

    def assert_verified(self) -> dict[str, Any]:
        """Runs `verify` on the cluster; every store must agree. Returns its document."""
        done = self.tried("verify", "--json", "--cluster", timeout_s=900)
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["ok"], json.dumps(report["problems"], indent=1)[:4000]
        return report


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of the profile `core` with three visitors a site, without data of earlier runs."""
    yield from _running("core")


@pytest.fixture(scope="module")
def cluster_with_standby() -> Iterator[Cluster]:
    """The same with a second NameNode."""
    yield from _running("core", "--ha")


@pytest.fixture(scope="module")
def full_cluster() -> Iterator[Cluster]:
    """A cluster of the profile `full` with a second NameNode. No job of MapReduce stays in one container."""
    yield from _running("full", "--ha")


def _running(profile: Profile, *options: str) -> Iterator[Cluster]:
    """options: more options of `cluster up`."""
    settings = load_settings()
    own = {
        "port_offset": settings.port_offset + 1000,
        "visitors_per_site": 3,
        "automatic_batches": False,
        "yarn": settings.yarn.model_copy(update={"one_container_mb": 0}),
    }
    found = Cluster(settings.model_copy(update=own))
    try:
        docker.engine_version()
        docker.check_compose()
        found.call("cluster", "down", "--purge", "--yes")
        if not docker.call("images", "--quiet", _BASE_IMAGE).strip():
            docker.call("pull", _BASE_IMAGE, timeout_s=600)
        if obstacles := lifecycle.check(found.settings, profile, "--ha" in options):
            pytest.skip(" ".join(obstacles))
    except ClusterError as error:
        pytest.skip(str(error))
    found.up("--profile", profile, *options)
    yield found
    found.call("cluster", "down", "--purge", "--yes")
    assert docker.nodes(found.settings) == []
    assert docker.call("volume", "ls", "--quiet", *docker.ours(found.settings)) == ""

"""The README's two commands on a bare machine: a container of Debian 12 whose user may use sudo, and no more.

The container's first process reaps nobody's children, as in many containers for development, or is an init that does.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from footfall.cluster.containers import docker
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY
from tests.support.long_tests import only_in_all

pytestmark = only_in_all

_IMAGE: Final = "footfall-bare-machine"
# The README asks for Python; who clones has Git.
_DOCKERFILE: Final = """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git python3 sudo
RUN useradd --create-home --shell /bin/bash ada && echo 'ada ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ada
USER ada
WORKDIR /home/ada
"""
_FIRST_UP_S: Final = 1800
_SUITE_S: Final = 7200


class Machine:
    """A container, with a clone of this repository's last commit in its user's home."""

    def __init__(self, container: str) -> None:
        self._container = container

    def run(self, command: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Runs a command of the shell in the clone; its output is one text."""
        return subprocess.run(
            [docker.program(), "exec", "--workdir", "/home/ada/footfall", self._container, "bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )


@pytest.fixture(params=[(), ("--init",)], ids=["without-init", "with-init"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    try:
        docker.engine_version()
    except ClusterError as error:
        pytest.skip(str(error))
    command = [docker.program(), "build", "--quiet", "--tag", _IMAGE, "-"]
    subprocess.run(command, input=_DOCKERFILE, text=True, check=True, capture_output=True)
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(REPOSITORY), str(tmp_path / "footfall")], check=True)
    container = docker.call("run", "--detach", "--rm", *request.param, _IMAGE, "sleep", "infinity").strip()
    try:
        docker.call("cp", str(tmp_path / "footfall"), f"{container}:/home/ada/", timeout_s=300)
        docker.call("exec", "--user", "root", container, "chown", "--recursive", "ada:ada", "/home/ada")
        yield Machine(container)
    finally:
        docker.call("rm", "--force", "--volumes", container, timeout_s=120)


@pytest.mark.timeout(_FIRST_UP_S + 900)
def test_up_is_all_that_a_bare_machine_needs(machine: Machine) -> None:
    done = machine.run("./footfall up", _FIRST_UP_S)
    assert done.returncode == 0, done.stdout[-4000:]
    verified = machine.run("./footfall verify", 600)
    assert verified.returncode == 0, verified.stdout[-4000:]
    # Places need a database, which comes by a way of its own.
    cities = machine.run("./footfall query live-cities --json 2> /dev/null", 60)
    assert any(row["city"] for row in json.loads(cities.stdout)), cities.stdout
    down = machine.run("./footfall down", 300)
    assert down.returncode == 0, down.stdout[-4000:]


@pytest.mark.timeout(_SUITE_S + 600)
@pytest.mark.parametrize("machine", [()], ids=["without-init"], indirect=True)
def test_the_suite_passes_on_a_bare_machine(machine: Machine) -> None:
    done = machine.run("./footfall test", _SUITE_S)
    assert done.returncode == 0, done.stdout[-8000:]

"""The settings of `up` are stored and recalled; `run SERVICE` uses them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.cluster.supervision import run
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings
from tests.support.fresh_home import FakeJava


def test_the_settings_of_up_are_recalled(settings: Settings) -> None:
    given = Settings(home=settings.home, port_offset=40, visitors_per_site=3, trusted_proxies=("10.0.0.0/8",))
    run.snapshot(given)
    assert run.recall() == given


def test_stored_settings_override_later_variables(settings: Settings) -> None:
    run.snapshot(Settings(home=settings.home, port_offset=40))
    os.environ["FOOTFALL_PORT_OFFSET"] = "80"
    assert run.recall().port_offset == 40


def test_a_home_that_never_ran_has_this_process_own_settings(settings: Settings) -> None:
    os.environ["FOOTFALL_PORT_OFFSET"] = "80"
    assert run.recall() == Settings(home=settings.home, port_offset=80)


@pytest.mark.parametrize("text", ["", "{", '{"FOOTFALL_PORT_OFFSET": '])
def test_a_torn_snapshot_counts_as_missing(settings: Settings, text: str) -> None:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "settings.json").write_text(text)
    assert run.recall().port_offset == 0


def test_stored_settings_that_this_version_does_not_know_are_ignored(settings: Settings) -> None:
    run.snapshot(Settings(home=settings.home, port_offset=40))
    path = settings.run_dir / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "FOOTFALL_PORTS__FLUME": "4141"}))
    assert run.recall().port_offset == 40


@pytest.mark.parametrize("name", ["no-such", "topology"])
def test_only_a_process_can_be_run(name: str) -> None:
    with pytest.raises(ClusterError, match=f"There is no service '{name}'; there are: zookeeper, kafka, "):
        run.become(name)


def test_run_renders_the_configuration_and_becomes_the_process(settings: Settings, fake_java: FakeJava) -> None:
    fake_java('echo "$$ $FOOTFALL_MARK $*"')
    run.snapshot(Settings(home=settings.home, install=settings.install, port_offset=40))
    started = subprocess.Popen(
        [sys.executable, "-m", "footfall", "run", "zookeeper"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    said = started.communicate(timeout=30)[0].split()
    assert started.returncode == 0
    # The same process id, so there is no process between the manager and the service.
    assert said[:2] == [str(started.pid), str(settings.home)]
    assert said[-1] == str(settings.conf_dir / "zookeeper" / "zoo.cfg")
    assert "clientPort=2221\n" in Path(said[-1]).read_text()


def test_a_service_gets_its_own_variables_beside_those_of_all(settings: Settings, fake_java: FakeJava) -> None:
    home = fake_java('echo "$JAVA_HOME $HADOOP_CONF_DIR $FOOTFALL_MARK"')
    run.snapshot(settings)
    done = subprocess.run(
        [sys.executable, "-m", "footfall", "run", "yarn-nodemanager"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.split() == [str(home), str(settings.conf_dir / "yarn-nodemanager"), str(settings.home)]

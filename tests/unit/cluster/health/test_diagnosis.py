"""`doctor` with an empty home, a dead platform, and a taken port."""

import json
import os
import socket
import time
from dataclasses import replace

import pytest

from footfall.cluster.health import diagnosis, status
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import under_way
from footfall.lags import ConsumerLag
from footfall.runtime import jars, java
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Ports, Retention, Settings
from tests.support.fresh_home import FakeJava


def _settings(settings: Settings, **given: object) -> Settings:
    given = {"retention": Retention(free_disk_gib=0), **given}
    return Settings(home=settings.home, install=settings.install, **given)  # type: ignore[arg-type]


def _wanted(settings: Settings, *names: str) -> None:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "wanted.json").write_text(json.dumps(names))


def test_an_empty_home_has_a_remedy_for_everything_that_is_missing(settings: Settings) -> None:
    report = diagnosis.diagnose(_settings(settings))
    for engine in jars.engines():
        count = len(jars.read_lock(engine))
        assert f"{count} jars of {engine} are missing. `./footfall up` downloads them." in report["problems"]
    assert any("topology is not built" in problem for problem in report["problems"])
    assert any("city database is missing" in problem for problem in report["problems"])
    assert report["facts"]["platform"] == "not running; `./footfall up` starts it"
    assert report["facts"]["data"] == "0.00 GiB"
    assert {"python", "memory", "disk", "maven"} <= set(report["facts"])
    assert not settings.home.exists(), "it looks and changes nothing"


def test_a_dead_service_is_named_with_its_log(settings: Settings) -> None:
    _wanted(settings, "zookeeper", "watchdog")
    report = diagnosis.diagnose(_settings(settings))
    assert report["facts"]["platform"] == "services: zookeeper, watchdog"
    assert "zookeeper is stopped (`./footfall logs zookeeper`)" in report["problems"]
    assert any(problem.startswith("watchdog is stopped") for problem in report["problems"])
    # Kafka and HBase are not part of this platform, so no lag is measured.
    assert "live lag" not in report["facts"]
    assert not any("Kafka" in problem or "HBase" in problem for problem in report["problems"])


def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        report = diagnosis.diagnose(_settings(settings, ports=Ports(shop=port)))
    [problem] = [problem for problem in report["problems"] if problem.startswith(f"Port {port}")]
    assert "which site-shop needs, is used by process" in problem


def test_a_full_disk_is_named(settings: Settings) -> None:
    report = diagnosis.diagnose(_settings(settings, retention=Retention(free_disk_gib=1e9)))
    assert any("retention.free_disk_gib" in problem for problem in report["problems"])


def test_hdfs_without_room_is_reported_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    datanode = replace(BY_NAME["datanode"], advice=lambda _: "HDFS has no room.")
    monkeypatch.setitem(BY_NAME, "datanode", datanode)
    _wanted(settings, "zookeeper")
    assert "HDFS has no room." not in diagnosis.diagnose(_settings(settings))["problems"]
    (settings.run_dir / "wanted.json").write_text(json.dumps(["namenode", "datanode"]))
    assert diagnosis.diagnose(_settings(settings))["problems"].count("HDFS has no room.") == 1


def test_growth_is_computed_from_the_stored_data(settings: Settings) -> None:
    file = settings.data_dir / "kafka" / "events-0" / "0.log"
    file.parent.mkdir(parents=True)
    with file.open("wb") as sparse:
        sparse.truncate(3 * 2**30)
    assert diagnosis.diagnose(_settings(settings))["facts"]["data"] == "3.00 GiB", "nobody knows on the first day"
    made = settings.data_dir / "kafka.cluster-id"
    made.touch()
    os.utime(made, (time.time() - 2 * 86_400,) * 2)
    assert diagnosis.diagnose(_settings(settings))["facts"]["data"].startswith("3.00 GiB; about 1.50 GiB per day")


def test_services_that_a_running_up_starts_are_no_problem(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.run_dir.mkdir(parents=True)
    services = ("kafka", "topology", "flume")
    with under_way.announced(settings, services):
        assert diagnosis.diagnose(_settings(settings))["facts"]["platform"] == under_way.INSTALLING
    (settings.run_dir / "wanted.json").write_text(json.dumps(services))
    never = [ConsumerLag("live", 7, "events", None), ConsumerLag("logs", None, "", None, "HDFS does not answer.")]
    monkeypatch.setattr(status, "lags", lambda *_: never)
    # The real probe would wait half a minute for the Kafka that does not run here.
    monkeypatch.setitem(BY_NAME, "topology", replace(BY_NAME["topology"], probe=_dead))
    settings = _settings(settings, port_offset=14_321)
    with under_way.announced(settings, services):
        report = diagnosis.diagnose(settings)
    assert report["facts"]["live lag"] == "not known yet: topology is starting"
    assert report["facts"]["logs lag"] == "not known yet: flume is starting"
    amiss = ("is stopped", "is failed", "does not answer", "live figures")
    assert not any(word in problem for problem in report["problems"] for word in amiss)
    report = diagnosis.diagnose(settings)
    assert report["facts"]["live lag"] == "7 events wait; the newest is of unknown age"
    assert "HDFS does not answer." in report["problems"]
    assert any(problem.startswith("topology is failed") for problem in report["problems"])


def _dead(settings: Settings) -> None:
    raise Unhealthy("Kafka does not answer")


def test_java_of_another_version_is_not_used(
    settings: Settings, fake_java: FakeJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fake_java("exit 0")
    for release, version in (('JAVA_VERSION="17.0.9"', 17), ('JAVA_VERSION="1.8.0_402"', 8), ("", None)):
        (home / "release").write_text(f'IMPLEMENTOR="Somebody"\n{release}\n')
        assert java.version_of(home) == version
    (home / "release").write_text('JAVA_VERSION="21.0.1"\n')
    monkeypatch.setattr(java, "_candidates", lambda _: [home])
    with pytest.raises(ClusterError, match="No Java 17 runtime is installed"):
        java.java_home(settings)
    assert any("No Java 17" in problem for problem in diagnosis.diagnose(_settings(settings))["problems"])
    (home / "release").write_text('JAVA_VERSION="17.0.9"\n')
    assert java.java_home(settings) == home
    (home / "bin" / "java").unlink()
    assert java.version_of(home) is None

"""The checks of `up` before it starts anything, and their messages."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from footfall.cluster.health import preflight
from footfall.cluster.services import BY_NAME
from footfall.settings import REPOSITORY, Ports, Retention, Settings

_DASHBOARD = BY_NAME["dashboard"]


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with enough free memory, whatever else is running."""
    _free(monkeypatch, 20.0)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _free(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=int(gib * 2**30)))


def _settings(tmp_path: Path, free_disk_gib: float = 0.0, **given: object) -> Settings:
    retention = Retention(free_disk_gib=free_disk_gib)
    return Settings(home=tmp_path / "home", retention=retention, **given)  # type: ignore[arg-type]


def test_a_suitable_machine_has_no_findings(tmp_path: Path, taken: int) -> None:
    settings = _settings(tmp_path, ports=Ports(dashboard=taken))
    assert preflight.check(settings, "full", [], set()) == []


def test_a_taken_port_is_reported_with_its_process_and_remedies(tmp_path: Path, taken: int) -> None:
    settings = _settings(tmp_path, ports=Ports(dashboard=taken - 1), port_offset=1)
    [sentence] = preflight.check(settings, "full", [_DASHBOARD], set())
    assert sentence.startswith(f"Port {taken}, which dashboard needs, is used by process {os.getpid()} (")
    assert "FOOTFALL_PORTS__DASHBOARD" in sentence
    assert "FOOTFALL_PORT_OFFSET" in sentence


def test_settings_that_do_not_fit_a_running_service_are_refused(tmp_path: Path) -> None:
    kafka = replace(BY_NAME["kafka"], ports=(), misfit=lambda settings: f"{settings.events_partitions} do not fit")
    settings = _settings(tmp_path, events_partitions=3)
    assert preflight.check(settings, "full", [kafka], {"kafka"}) == ["3 do not fit"]
    # Without Kafka nobody can be asked. The step that creates the topics finds it out.
    assert preflight.check(settings, "full", [kafka], set()) == []


def test_a_running_service_may_hold_its_port(tmp_path: Path, taken: int) -> None:
    settings = _settings(tmp_path, ports=Ports(dashboard=taken))
    assert preflight.check(settings, "full", [_DASHBOARD], {"dashboard"}) == []


def test_a_free_port_has_no_finding(taken: int) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        held = preflight.listeners()
        assert held[taken] == os.getpid()
        # Bound but not listening: no other process can get this port, so nothing listens on it.
        assert bound.getsockname()[1] not in held


def test_too_little_memory_names_what_there_is_and_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _free(monkeypatch, 1.04)
    [sentence] = preflight.check(_settings(tmp_path), "full", [], set())
    assert sentence == "1.0 GiB of memory is free; `up full` needs 14.0 GiB. `./footfall up realtime` needs less."
    [sentence] = preflight.check(_settings(tmp_path), "realtime", [], set())
    assert sentence == "1.0 GiB of memory is free; `up realtime` needs 4.0 GiB."


def test_memory_is_not_checked_while_services_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _free(monkeypatch, 1.0)
    assert preflight.check(_settings(tmp_path), "full", [], {"kafka"}) == []


def test_too_little_disk_names_the_setting(tmp_path: Path) -> None:
    [sentence] = preflight.check(_settings(tmp_path, free_disk_gib=1e9), "full", [], set())
    assert "GiB of disk space is free" in sentence
    assert "retention.free_disk_gib" in sentence


def test_too_few_inodes_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = SimpleNamespace(f_bavail=2**40, f_frsize=1, f_files=10**6, f_favail=99)
    monkeypatch.setattr(os, "statvfs", lambda _: empty)
    [sentence] = preflight.check(_settings(tmp_path, free_disk_gib=5), "full", [], set())
    assert sentence.startswith(f"99 more files can be created at {tmp_path}; 10000 are needed")


@pytest.mark.parametrize("name", ["with space", "with%percent", "with:colon", "mit-ü"])
def test_a_path_with_special_characters_is_refused(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path / name, install=tmp_path / "i", retention=Retention(free_disk_gib=0))
    [sentence] = preflight.check(settings, "full", [], set())
    assert sentence.startswith(f"The path {tmp_path / name} contains characters")


@pytest.mark.parametrize(("soft", "hard", "said"), [(256, 1000, True), (256, 4096, False)])
def test_few_open_files_are_raised_or_refused(tmp_path: Path, soft: int, hard: int, said: bool) -> None:
    # A lowered hard limit cannot be raised again, so a child process does it.
    script = (
        "from footfall.cluster.health import preflight; import resource\n"
        "print(preflight.open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    limited = f"ulimit -Sn {soft} && ulimit -Hn {hard} && exec {sys.executable} -c '{script}'"
    done = subprocess.run(
        ["/bin/sh", "-c", limited],
        env={"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith(str(hard))
    assert ("Raise the hard limit" in done.stdout) == said

"""The decisions of deploying, without Storm."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from footfall.realtime import deploy
from footfall.realtime.deploy import TopologyState, parse_state, plan, storm_options
from footfall.realtime.errors import DeployError
from footfall.settings import Settings


def present(status: str = "ACTIVE", fingerprint: str | None = "new", **changed: Any) -> TopologyState:
    entry = {"id": "footfall-live-1-2", "status": status, "uptime_s": 5, "fingerprint": fingerprint}
    return TopologyState(**{**entry, "executors": 5, "running": 2, "errors": (), **changed})


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (None, "submit"),
        (present(), "nothing"),
        (present(status="INACTIVE"), "activate"),
        (present(fingerprint="old"), "replace"),
        (present(fingerprint=None), "replace"),
        (present(status="KILLED"), "replace"),
        (present(status="INACTIVE", fingerprint="old"), "replace"),
    ],
)
def test_the_plan(state: TopologyState | None, step: str) -> None:
    assert plan(state, "new") == step


def test_the_state_is_found_among_other_topologies() -> None:
    entry = {
        "id": "footfall-live-1-2",
        "name": "footfall-live",
        "status": "ACTIVE",
        "uptime_s": 5,
        "fingerprint": "new",
        "executors": 5,
        "running": 2,
        "errors": [],
    }
    assert parse_state(json.dumps([{**entry, "name": "other"}, entry])) == present()
    assert parse_state("[]") is None


def test_options_survive_storms_reading_of_them() -> None:
    options = {"nimbus.seeds": ["127.0.0.1", "::1"], "nimbus.thrift.port": 6627}
    read = [unquote(option).split("=", 1) for option in storm_options(options).split(",")]
    assert {key: json.loads(value) for key, value in read} == options


def test_a_timeout_names_the_state_and_the_last_error() -> None:
    errors = ({"at_s": 1, "error": "older"}, {"at_s": 2, "error": "no such table\n\tat line 1"})
    sentence = deploy._timeout_message(["await", "footfall-live", "300"], present(errors=errors))
    assert sentence == (
        "Topology footfall-live was given 300 s to run and is ACTIVE with 2 of 5 executors at work; "
        "see `./footfall logs storm-supervisor`. Its last error: no such table"
    )
    assert "to end and Storm does not know it" in deploy._timeout_message(["kill", "footfall-live", "5", "60"], None)


def test_a_missing_jar_is_reported_before_storm_is_asked(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"jar .* is missing; `\./footfall up` builds it"):
        deploy.deploy(Settings(home=tmp_path))


def test_only_marked_processes_of_the_topology_are_waited_for(tmp_path: Path) -> None:
    def start(word: str, home: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "import sys; sys.stdin.read()", word]
        return subprocess.Popen(command, stdin=subprocess.PIPE, env={"FOOTFALL_MARK": str(home)})

    mine = start("-Dstorm.id=footfall-live-1-2", tmp_path)
    others = [
        start("-Dstorm.id=footfall-live-3-4", tmp_path),
        start("-Dstorm.id=footfall-live-1-2", tmp_path / "other"),
    ]
    try:
        assert deploy._processes_of(tmp_path, "footfall-live-1-2") == [mine.pid]
    finally:
        for process in (mine, *others):
            process.communicate(timeout=10)
    deploy._await_gone(tmp_path, "footfall-live-1-2")

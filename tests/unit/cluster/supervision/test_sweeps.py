"""Sweeps: when they run, and the sweep of logs of earlier topologies."""

import os
import threading
import time

import pytest

from footfall.cluster.supervision import sweeps
from footfall.settings import Settings

_DAY_S = 86_400


def _swept(name: str, settings: Settings) -> None:
    next(sweep for sweep in sweeps.SWEEPS if sweep.name == name).work(settings)


def test_logs_of_a_topology_go_a_week_after_its_last_line(settings: Settings) -> None:
    artifacts = settings.logs_dir / "storm" / "workers-artifacts"
    ages = {"live-1": (9, 8), "live-2": (9, 1), "live-3": (1, 1)}
    for name, days in ages.items():
        for number, age in enumerate(days):
            path = artifacts / name / "6700" / f"worker.log.{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.utime(path, (time.time() - age * _DAY_S,) * 2)
    _swept("storm logs", settings)
    assert sorted(path.name for path in artifacts.iterdir()) == ["live-2", "live-3"]


def test_an_empty_home_can_be_swept(settings: Settings) -> None:
    for name in ("site logs", "storm logs", "ledgers"):
        _swept(name, settings)


def test_sweeps_run_when_they_are_due_one_at_a_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def fails(_: Settings) -> None:
        begun.set()
        go_on.wait(10)
        raise OSError("the disk is away")

    monkeypatch.setattr(
        sweeps,
        "SWEEPS",
        (
            sweeps.Sweep("later", 3600, lambda _: pytest.fail("it is not due")),
            sweeps.Sweep("fails", 0.0, fails),
            sweeps.Sweep("next", 0.0, lambda _: done.set()),
        ),
    )
    sweeper = sweeps.Sweeper(settings, sweeps.of_watchdog(settings))
    sweeper.run_due()
    assert begun.wait(10)
    first = sweeper._thread
    sweeper.run_due()
    assert sweeper._thread is first
    assert first is not None
    # The failure is logged and ends nothing. `fails` is due again, and then the others run.
    monkeypatch.setitem(sweeper._due, "fails", time.monotonic() + 3600)
    go_on.set()
    first.join(10)
    assert "the sweep of fails failed" in caplog.text
    sweeper.run_due()
    assert done.wait(10)

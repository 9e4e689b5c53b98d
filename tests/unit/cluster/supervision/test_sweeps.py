"""Sweeps: when they run, and the sweep of logs of earlier topologies."""

import os
import threading
import time

import pytest

from footfall.cluster.supervision import sweeps
from footfall.cluster.supervision.clock import ClockWatch
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


def test_a_clock_years_ahead_reduces_one_day_of_the_ledgers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.ledger_dir / "shop"
    folder.mkdir(parents=True)
    hours = [f"202611{day:02}T{hour:02}" for day in (20, 21, 22) for hour in range(24)]
    for hour in hours:
        (folder / f"{hour}.jsonl").touch()
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    _swept("ledgers", settings)
    assert sorted(path.stem for path in folder.glob("*T*.jsonl")) == hours[24:]


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


class Clock:
    """The time of day, and the time that has passed; both in seconds."""

    def __init__(self) -> None:
        self.wall_s, self.steady_s = 1_800_000_000.0, 50.0
        self.watch = ClockWatch(lambda: self.wall_s, lambda: self.steady_s)

    def pass_s(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds


@pytest.mark.parametrize("set_by_s", [30 * _DAY_S, -30 * _DAY_S])
def test_a_clock_that_is_set_is_in_doubt_until_it_is_set_back_or_a_day_has_passed(set_by_s: int) -> None:
    clock = Clock()
    clock.pass_s(10 * _DAY_S)
    assert clock.watch.jump_s() == 0
    clock.wall_s += set_by_s
    assert clock.watch.jump_s() == set_by_s
    clock.wall_s -= set_by_s
    assert clock.watch.jump_s() == 0
    clock.wall_s += set_by_s
    assert clock.watch.jump_s() == set_by_s
    clock.pass_s(_DAY_S - 1)
    assert clock.watch.jump_s() == set_by_s
    clock.pass_s(1)
    assert clock.watch.jump_s() == 0
    clock.pass_s(_DAY_S)
    assert clock.watch.jump_s() == 0


def test_a_clock_that_drifts_is_never_in_doubt() -> None:
    clock = Clock()
    for _ in range(1000):
        clock.pass_s(3600)
        clock.wall_s += 10
        assert clock.watch.jump_s() == 0


def test_nothing_is_deleted_by_its_age_while_the_clock_is_in_doubt(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    clock, ran = Clock(), list[str]()
    sweeper = sweeps.Sweeper(
        settings,
        [
            sweeps.Sweep("by age", 0.0, lambda _: ran.append("by age")),
            sweeps.Sweep("by size", 0.0, lambda _: ran.append("by size"), by_time=False),
        ],
        clock.watch,
    )

    def run(times: int) -> list[str]:
        for _ in range(times):
            sweeper.run_due()
            assert sweeper._thread is not None
            sweeper._thread.join(10)
        return ran

    clock.wall_s += 30 * _DAY_S
    assert run(3) == ["by size"] * 3
    told = "The clock of this machine was set forward by 720.0 hours, so nothing is deleted by its age for a day"
    assert caplog.text.count(told) == 1
    clock.wall_s -= 30 * _DAY_S
    assert "by age" in run(2)


def test_no_sweep_keeps_another_from_its_turn(settings: Settings) -> None:
    ran = list[str]()
    sweeper = sweeps.Sweeper(
        settings, [sweeps.Sweep(name, 0.0, lambda _, name=name: ran.append(name)) for name in ("a", "b", "c")]
    )
    for _ in range(6):
        sweeper.run_due()
        assert sweeper._thread is not None
        sweeper._thread.join(10)
    assert ran == ["a", "b", "c"] * 2


def test_the_first_sweep_is_due_within_an_hour(settings: Settings) -> None:
    sweeper = sweeps.Sweeper(settings, sweeps.SWEEPS)
    assert all(due <= time.monotonic() + 3600 for due in sweeper._due.values())

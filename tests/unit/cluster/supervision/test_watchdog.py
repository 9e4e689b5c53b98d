"""The decisions of the watchdog: when to probe, and when to restart a service; and how it survives a full disk."""

import errno
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision.manager import Process
from footfall.cluster.supervision.watchdog import Watchdog
from footfall.runtime import disk_mark, free_disk
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Retention, Settings


@dataclass
class Stage:
    """A watchdog with a manual clock, one monitored service, and a manager that only records calls."""

    settings: Settings
    now: float = 1000.0
    fault: str = ""
    asked: int = 0
    process: Process | None = field(default_factory=lambda: _process(1))
    restarted: list[str] = field(default_factory=list)
    watchdog: Watchdog = field(init=False)

    def processes(self) -> dict[str, Process]:
        return {} if self.process is None else {"zookeeper": self.process}

    def restart(self, name: str) -> None:
        self.restarted.append(name)

    def probe(self, _settings: Settings) -> None:
        self.asked += 1
        if self.fault:
            raise Unhealthy(self.fault)

    def tick(self, seconds: float = 0.0) -> None:
        """Advances the clock and runs two ticks: one to start the probe, one to collect it."""
        self.now += seconds
        for _ in range(2):
            self.watchdog.tick()
            # Wait for the work in other threads before checking anything.
            self.watchdog._pool.submit(int).result(10)
            _until(lambda: all(w.pending is None or w.pending.done() for w in self.watchdog._watches.values()))

    def health(self) -> dict[str, dict[str, object]]:
        return dict(json.loads((self.settings.run_dir / "health.json").read_text()))


@pytest.fixture
def stage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stage:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "wanted.json").write_text('["watchdog", "zookeeper", "kafka-topics"]')
    made = Stage(settings)
    made.watchdog = Watchdog(settings, lambda: made.now)
    monkeypatch.setattr(made.watchdog, "_manager", made)
    monkeypatch.setitem(BY_NAME, "zookeeper", replace(BY_NAME["zookeeper"], probe=made.probe))
    return made


def _process(pid: int | None, state: str = "RUNNING") -> Process:
    return Process("zookeeper", state, pid, time.time(), "")


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_reports_what_it_found(stage: Stage) -> None:
    stage.tick()
    assert (stage.health()["zookeeper"]["ok"], stage.health()["zookeeper"]["pid"]) == (True, 1)
    assert set(stage.health()) == {"zookeeper", "watchdog"}
    stage.fault = "it stutters"
    stage.tick(16)
    assert (stage.health()["zookeeper"]["ok"], stage.health()["zookeeper"]["detail"]) == (False, "it stutters")


def test_healthy_services_are_probed_rarely_and_others_often(stage: Stage) -> None:
    stage.tick()
    stage.tick(14)
    assert stage.asked == 1
    stage.fault = "it stutters"
    stage.tick(1.5)
    assert stage.asked == 2
    stage.tick(3.5)
    assert stage.asked == 3


def test_a_service_is_restarted_after_three_unhealthy_minutes(stage: Stage) -> None:
    stage.fault = "it stutters"
    stage.tick()
    stage.tick(179)
    assert stage.restarted == []
    stage.tick(2)
    assert stage.restarted == ["zookeeper"]
    # It gets its full time to start before the next restart.
    stage.tick(178)
    assert stage.restarted == ["zookeeper"]
    stage.tick(3)
    assert stage.restarted == ["zookeeper"] * 2


def test_the_restarts_of_a_step_happen_before_the_step_is_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.settings.run_dir / "wanted.json").write_text('["topology"]')
    made_up = replace(BY_NAME["topology"], probe=stage.probe, step=lambda _: stage.restarted.append("the deployment"))
    monkeypatch.setitem(BY_NAME, "topology", made_up)
    stage.fault = "12185 events wait"
    stage.tick()
    stage.tick(179)
    assert stage.restarted == []
    stage.tick(2)
    _until(lambda: len(stage.restarted) == 2)
    assert stage.restarted == ["storm-supervisor", "the deployment"]


def test_a_fault_that_passes_causes_no_restart(stage: Stage) -> None:
    stage.fault = "it stutters"
    stage.tick()
    stage.tick(100)
    stage.fault = ""
    stage.tick(4)
    stage.fault = "it stutters"
    stage.tick(16)
    stage.tick(170)
    assert stage.restarted == []


def test_a_new_process_gets_the_full_time_to_start(stage: Stage) -> None:
    stage.fault = "it stutters"
    stage.tick()
    stage.tick(170)
    stage.process = _process(2)
    stage.tick(20)
    assert stage.restarted == []


def test_an_answer_of_the_previous_process_is_ignored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [threading.Event(), threading.Event()]
    waiting = list(answers)
    monkeypatch.setitem(BY_NAME, "zookeeper", replace(BY_NAME["zookeeper"], probe=lambda _: waiting.pop(0).wait(10)))
    stage.watchdog.tick()
    asked = stage.watchdog._watches["zookeeper"].pending
    stage.process = _process(2)
    stage.watchdog.tick()
    answers[0].set()
    assert asked is not None
    assert asked.result(10) == ""
    stage.watchdog.tick()
    assert stage.health()["zookeeper"]["ok"] is False
    answers[1].set()
    stage.tick()
    assert stage.health()["zookeeper"]["ok"] is True


def test_a_process_that_does_not_run_is_not_probed(stage: Stage) -> None:
    stage.process = _process(None, "STOPPED")
    stage.tick()
    assert stage.asked == 0
    assert stage.health()["zookeeper"]["ok"] is False


def test_no_backoff_exceeds_a_minute(stage: Stage) -> None:
    stage.process = _process(None, "BACKOFF")
    stage.tick()
    stage.tick(59)
    assert stage.restarted == []
    stage.tick(2)
    assert stage.restarted == ["zookeeper"]


def test_a_failed_restart_is_logged_and_ends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refusals: list[Exception] = [ClusterError("The process manager does not answer."), OSError("out of the blue")]

    def refuse(_: str) -> None:
        raise refusals.pop(0)

    monkeypatch.setattr(stage, "restart", refuse)
    stage.process = _process(None, "FATAL")
    for _ in range(3):
        stage.tick(61)
    _until(lambda: not refusals)
    _until(lambda: "out of the blue" in caplog.text)
    assert "zookeeper could not be restarted: The process manager does not answer." in caplog.text
    assert set(stage.health()) == {"zookeeper", "watchdog"}


def test_a_bug_in_a_probe_is_reported_as_a_fault(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(_: Settings) -> None:
        raise RuntimeError("out of the blue")

    monkeypatch.setitem(BY_NAME, "zookeeper", replace(BY_NAME["zookeeper"], probe=mistaken))
    stage.tick()
    assert stage.health()["zookeeper"]["detail"] == "the probe failed: out of the blue"


def test_every_tick_checks_the_disk(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    full = Settings(home=settings.home, retention=Retention(free_disk_gib=1e9))
    Watchdog(full).tick()
    assert disk_mark.is_low(settings)


def test_on_a_full_disk_it_guards_sweeps_and_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = stage.settings.model_copy(update={"retention": Retention(free_disk_gib=1e9)})
    swept = list[str]()
    monkeypatch.setattr(stage.watchdog, "_settings", full)
    monkeypatch.setattr(stage.watchdog._sweeper, "run_due", lambda: swept.append("site logs"))

    def refused(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refused)
    for _ in range(3):
        stage.tick(20)
    assert disk_mark.is_low(full)
    assert len(swept) == 6
    assert caplog.text.count("The watchdog cannot monitor the services: [Errno 28] No space left on device") == 1
    # Space again: it reports, and the mark goes.
    monkeypatch.undo()
    (stage.settings.run_dir / "wanted.json").write_text("[]")
    stage.tick(20)
    assert set(stage.health()) == {"watchdog"}
    assert not disk_mark.is_low(stage.settings)


def test_a_disk_that_cannot_be_measured_ends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Settings) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(free_disk, "guard", broken)
    stage.tick()
    assert stage.health()["zookeeper"]["ok"] is True
    assert "The watchdog cannot check the free disk: [Errno 5] Input/output error" in caplog.text

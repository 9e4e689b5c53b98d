"""The lock of `up` and `down`, the requested services, and the last lines of a log."""

import threading
from pathlib import Path

import pytest

from footfall.cluster.services import BY_NAME, PROFILES, with_needs
from footfall.cluster.supervision import lifecycle
from footfall.runtime import disk_mark, free_disk
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


def test_a_second_up_reports_that_it_waits_and_then_continues(settings: Settings) -> None:
    said: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with lifecycle.exclusive(settings, said.append):
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    threading.Timer(0.1, go_on.set).start()
    with lifecycle.exclusive(settings, said.append):
        assert go_on.is_set()
    thread.join(10)
    assert said == ["another `up` or `down` of this platform is running; waiting for it"]


def test_the_lock_is_released_after_an_error(settings: Settings) -> None:
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(ClusterError), lifecycle.exclusive(settings, said.append):
            raise ClusterError("It did not start.")
    assert said == []


def test_an_up_that_never_finishes_is_reported(settings: Settings) -> None:
    impatient = settings.model_copy(update={"up_timeout_s": 0.01})
    with (
        lifecycle.exclusive(settings, print),
        pytest.raises(ClusterError, match="does not finish"),
        lifecycle.exclusive(impatient, print),
    ):
        pass


def test_requested_services_accumulate_without_unknown_names(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    assert lifecycle.requested(settings) == []
    (settings.run_dir / "wanted.json").write_text('["kafka", "gone-in-this-release"]')
    assert lifecycle.requested(settings) == ["kafka"]
    lifecycle._remember_requested(settings, [BY_NAME["zookeeper"], BY_NAME["kafka"]])
    assert lifecycle.requested(settings) == ["kafka", "zookeeper"]
    (settings.run_dir / "wanted.json").write_text("[")
    assert lifecycle.requested(settings) == []


def test_up_refuses_before_it_installs_starts_or_remembers_anything(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle.install, "ensure", lambda *_: pytest.fail("It installs for minutes in vain."))
    full = settings.model_copy(update={"retention": settings.retention.model_copy(update={"free_disk_gib": 1e9})})
    with pytest.raises(ClusterError, match="GiB of disk space is free"):
        lifecycle.up(full, "batch", ("watchdog",), lambda name, seconds: None, print)
    assert lifecycle.requested(settings) == []
    assert not (settings.run_dir / "settings.json").exists()


def test_up_claims_the_home_before_it_writes_and_says_what_is_not_its_own(settings: Settings) -> None:
    full = settings.model_copy(update={"retention": settings.retention.model_copy(update={"free_disk_gib": 1e9})})
    settings.logs_dir.mkdir(parents=True)
    (settings.logs_dir / "own.log").touch()
    said: list[str] = []
    with pytest.raises(ClusterError, match="GiB of disk space is free"):
        lifecycle.up(full, "batch", ("watchdog",), lambda name, seconds: None, said.append)
    assert [sentence for sentence in said if "purge" in sentence] == [
        f"{settings.logs_dir} was there before Footfall, which has no record that it made it. "
        "`down --purge` will leave it."
    ]
    done = lifecycle.down(full, said.append, True)
    assert done is not None
    assert (settings.logs_dir / "own.log").exists()
    assert not settings.run_dir.exists()


@pytest.mark.parametrize("profile", PROFILES)
def test_no_service_waits_for_one_that_does_not_start(profile: str) -> None:
    services = with_needs(PROFILES[profile])
    found = lifecycle.waits(services)
    assert {need for needs in found.values() for need in needs} <= found.keys()
    assert "namenode" in found["datanode"]
    assert "journalnode" not in found["namenode"]


def test_down_without_a_platform_does_nothing(settings: Settings) -> None:
    said: list[str] = []
    lifecycle.down(settings, said.append)
    assert said == []


def test_down_takes_the_mark_of_a_full_disk_along(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    full = settings.model_copy(update={"retention": settings.retention.model_copy(update={"free_disk_gib": 1e9})})
    free_disk.guard(full)
    lifecycle.down(full, print)
    assert not disk_mark.is_low(full)


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    assert lifecycle.last_lines(log) == "(no log)"
    log.write_bytes(b"\xff first\n" + b"x" * 500 + b"\nlast\n")
    assert lifecycle.last_lines(log, 2) == "  " + "x" * 300 + "\n  last"
    log.write_bytes(b"".join(b"%d\n" % number for number in range(10_000)))
    assert lifecycle.last_lines(log, 3) == "  9997\n  9998\n  9999"

"""The state in `status`, from the manager, the watchdog's last finding and a probe."""

import json
import os
import time
from dataclasses import replace

import pytest

from footfall import names
from footfall.cluster.health import status
from footfall.cluster.health.status import ServiceStatus
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import under_way
from footfall.cluster.supervision.manager import Process
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings


@pytest.fixture(autouse=True)
def unwell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every probe finds a fault."""

    def probe(_: Settings) -> None:
        raise Unhealthy("looked at anew")

    monkeypatch.setitem(BY_NAME, "zookeeper", replace(BY_NAME["zookeeper"], probe=probe))
    monkeypatch.setitem(BY_NAME, "topology", replace(BY_NAME["topology"], probe=probe))


def _process(state: str = "RUNNING", age_s: float = 1000.0, pid: int | None = None) -> Process:
    pid = os.getpid() if pid is None else pid
    return Process("zookeeper", state, pid or None, time.time() - age_s, "Exited too quickly")


def _line(
    settings: Settings,
    process: Process | None,
    ok: bool | None = None,
    age_s: float = 5.0,
    name: str = "zookeeper",
    asked: int | None = None,
    is_coming: bool = False,
) -> ServiceStatus:
    pid = asked or (None if process is None else process.pid)
    seen = None if ok is None else {"ok": ok, "detail": "" if ok else "seen", "at": time.time() - age_s, "pid": pid}
    return status._line(settings, BY_NAME[name], process, seen, is_coming)


def test_a_recent_finding_of_the_watchdog_is_used(settings: Settings) -> None:
    line = _line(settings, _process(), ok=True)
    assert (line["state"], line["detail"], line["pid"]) == ("healthy", "", os.getpid())
    assert line["uptime_s"] == pytest.approx(1000, abs=5)
    assert 1 < (line["pss_mb"] or 0) <= (line["rss_mb"] or 0)
    assert _line(settings, _process(), ok=False)["detail"] == "seen"


def test_an_old_finding_or_one_of_an_earlier_process_is_not_used(settings: Settings) -> None:
    assert _line(settings, _process(), ok=True, age_s=60.0)["detail"] == "looked at anew"
    # It was found healthy in the same second in which it died and was restarted.
    assert _line(settings, _process(age_s=0.5), ok=True, age_s=0.1, asked=1)["detail"] == "looked at anew"


def test_an_unhealthy_service_is_starting_first_and_failed_later(settings: Settings) -> None:
    assert _line(settings, _process(age_s=100))["state"] == "starting"
    assert _line(settings, _process(age_s=200))["state"] == "failed"


def test_no_process_is_stopped(settings: Settings) -> None:
    assert _line(settings, None)["state"] == "stopped"
    assert _line(settings, _process("STOPPED", pid=0), ok=True)["state"] == "stopped"


def test_a_process_that_keeps_dying_has_failed_with_the_end_of_its_log(settings: Settings) -> None:
    settings.logs_dir.mkdir(parents=True)
    (settings.logs_dir / "zookeeper.log").write_text("".join(f"line {n}\n" for n in range(2000)))
    line = _line(settings, _process("BACKOFF", pid=0), ok=True)
    assert line["state"] == "failed"
    assert line["detail"].startswith("Exited too quickly; the last lines of its log:\n")
    assert line["detail"].endswith("line 1997\n  line 1998\n  line 1999")


def test_a_healthy_step_is_believed_and_an_unhealthy_one_is_probed_again(settings: Settings) -> None:
    assert _line(settings, None, ok=True, name="topology")["state"] == "healthy"
    line = _line(settings, None, ok=False, name="topology")
    assert (line["state"], line["detail"]) == ("failed", "looked at anew")


def test_a_step_that_just_changed_something_is_starting(settings: Settings) -> None:
    submitted = settings.conf_dir / "topology" / f"{names.TOPOLOGY}.json"
    submitted.parent.mkdir(parents=True)
    submitted.touch()
    line = _line(settings, None, name="topology")
    assert (line["state"], line["detail"]) == ("starting", "looked at anew")
    assert _line(settings, None, ok=True, name="topology")["state"] == "healthy"
    os.utime(submitted, (time.time() - 200,) * 2)
    assert _line(settings, None, name="topology")["state"] == "failed"


def test_a_service_that_a_running_up_has_not_started_yet_is_starting(settings: Settings) -> None:
    assert _line(settings, None, name="topology", is_coming=True)["state"] == "starting"
    line = _line(settings, None, is_coming=True)
    assert (line["state"], line["detail"]) == ("starting", "`up` has not started it yet")
    assert _line(settings, _process("STOPPED", pid=0), is_coming=True)["state"] == "starting"
    # It was started and it died, so waiting does not help.
    assert _line(settings, _process("BACKOFF", pid=0), is_coming=True)["state"] == "failed"


def test_only_services_of_the_running_up_are_starting(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "wanted.json").write_text('["zookeeper", "watchdog"]')
    with under_way.announced(settings, ["zookeeper"]):
        lines = status.status(settings)["services"]
        assert [line["state"] for line in lines] == ["starting", "stopped"]
    assert [line["state"] for line in status.status(settings)["services"]] == ["stopped", "stopped"]


def test_all_requested_services_are_listed_in_the_order_of_the_table(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    wanted = ["watchdog", "zookeeper", "kafka-topics", "gone-in-this-release"]
    (settings.run_dir / "wanted.json").write_text(json.dumps(wanted))
    document = status.status(settings)
    assert [(line["name"], line["state"]) for line in document["services"]] == [
        ("zookeeper", "stopped"),
        ("watchdog", "stopped"),
    ]
    assert document["healthy"] is False


def test_a_platform_without_services_is_not_healthy(settings: Settings) -> None:
    document = dict(status.status(settings))
    assert document.pop("disk")
    assert document == {"healthy": False, "services": [], "lags": []}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"zookeeper"'])
def test_a_torn_report_of_the_watchdog_counts_as_missing(settings: Settings, text: str) -> None:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "health.json").write_text(text)
    assert status.read_health(settings) == {}


def test_the_disk_is_reported_with_the_services(settings: Settings) -> None:
    (settings.data_dir / "kafka").mkdir(parents=True)
    (settings.data_dir / "kafka" / "segment").write_bytes(bytes(2**21))
    told = status.status(settings)["disk"]
    # Two MiB on the first day, which is too short to estimate daily growth.
    assert (told["data_gib"], told["a_day_gib"]) == (0.002, None)
    assert told["free_gib"] > 0
    made = settings.data_dir / "kafka.cluster-id"
    made.touch()
    os.utime(made, (time.time() - 86_300,) * 2)
    assert status.status(settings)["disk"]["a_day_gib"] is None
    os.utime(made, (time.time() - 2 * 86_400,) * 2)
    assert status.status(settings)["disk"]["a_day_gib"] == pytest.approx(1 / 1024, abs=0.0005)

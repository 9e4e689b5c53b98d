"""What `up` does without the demo sites: it starts none of them, ends those that run, and says how to add a site."""

from typing import Any

import pytest

from footfall import site_registry
from footfall.cli import up as verb
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES
from footfall.cluster.supervision import lifecycle
from footfall.cluster.supervision.manager import Process
from footfall.runtime import requested
from footfall.runtime.errors import ClusterError
from footfall.settings import Demo, Settings

_DEMO = {f"{kind}-{app}" for kind in ("site", "visitors") for app in ("shop", "news", "academy")}


@pytest.fixture
def off(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": Demo(enabled=False)})


def switched_off(settings: Settings) -> set[str]:
    return {service.name for service in SERVICES if service.switched_off(settings)}


def test_nothing_simulated_runs(settings: Settings, off: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    assert switched_off(settings) == set()
    # Flume waits for the lines of a site that may be added.
    assert switched_off(off) == _DEMO


def test_up_names_what_is_switched_off(off: Settings) -> None:
    with pytest.raises(ClusterError, match="site-shop does not start, because the setting demo"):
        lifecycle.up(off, "full", ("kafka", "site-shop"), lambda name, seconds: None, print)


class _Manager:
    """Of supervisord, what `up` asks about services that run."""

    def __init__(self, running: set[str]) -> None:
        self.running = running
        self.stopped: list[str] = []

    def processes(self) -> dict[str, Process]:
        return {name: Process(name, "RUNNING", 1, 0.0, "") for name in self.running}

    def stop(self, name: str) -> None:
        self.stopped.append(name)


def test_what_runs_is_ended_and_forgotten(off: Settings) -> None:
    off.run_dir.mkdir(parents=True)
    requested.write(off, PROFILES["realtime"])
    lifecycle._remember_requested(off, [BY_NAME["collector"]])
    assert set(lifecycle.requested(off)) == set(PROFILES["realtime"]) - _DEMO
    manager: Any = _Manager({"kafka", "site-shop", "visitors-shop", "collector"})
    lifecycle._end_switched_off(off, manager, print)
    # Visitors first, as `down` does it.
    assert manager.stopped == ["visitors-shop", "site-shop"]


def test_up_says_how_to_add_a_site(
    off: Settings, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started = [BY_NAME[name] for name in ("collector", "dashboard")]
    monkeypatch.setattr(lifecycle, "up", lambda *_: started)
    for given, says in ((off, True), (settings, False)):
        monkeypatch.setattr(verb, "load_settings", lambda given=given: given)
        verb.up("realtime", None, False)
        said = capsys.readouterr().out
        assert ("The demo sites are switched off. Add a site with `./footfall site add NAME" in said) is says
        assert "collector  http://localhost:5010" in said

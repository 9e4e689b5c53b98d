"""Progress messages without a terminal, and the tools that `./footfall test` installs."""

import shutil
from pathlib import Path

import pytest

from footfall.cluster.installation import install, tools_for_tests
from footfall.cluster.installation.tools_for_tests import Tools
from footfall.runtime import java
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


def test_a_log_gets_a_line_at_the_start_and_at_the_end_of_an_engines_download() -> None:
    said: list[str] = []
    advance = install.by_lines({"kafka": 3, "storm": 2}, said.append)
    advance("kafka", 0)
    advance("storm", 1)
    advance("kafka", 2)
    assert said == ["downloading the 3 jars of kafka", "downloading the 2 jars of storm"]
    advance("kafka", 1)
    advance("storm", 1)
    assert said[2:] == ["the jars of kafka are complete after 0 s", "the jars of storm are complete after 0 s"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, fake_java: object) -> list[str]:
    """The packages that apt is asked to install. It installs none. Only Java is available."""
    assert callable(fake_java)
    fake_java("exit 0")
    packages: list[str] = []
    monkeypatch.setattr(java, "apt_install", lambda names, say: packages.extend(names) or False)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(tools_for_tests, "_node_runs", lambda: True)
    return packages


def test_all_missing_tools_are_reported_at_once(settings: Settings, asked: list[str]) -> None:
    with pytest.raises(ClusterError) as refused:
        tools_for_tests.ensure(settings, True, True, print)
    maven, chromium = str(refused.value).splitlines()
    assert maven.startswith("Maven is missing")
    assert maven.endswith("`sudo apt-get install maven`, then try again.")
    assert chromium.startswith("Chromium is missing")
    assert chromium.endswith("`sudo apt-get install chromium`.")
    assert asked == ["maven", "chromium"]


def test_only_the_tools_of_the_chosen_tests_are_installed(settings: Settings, asked: list[str], tmp_path: Path) -> None:
    assert tools_for_tests.ensure(settings, False, False, print) == Tools(tmp_path / "java", ())
    assert asked == []


def test_a_node_that_does_not_run_gets_its_library(
    settings: Settings, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools_for_tests, "_node_runs", lambda: False)
    with pytest.raises(ClusterError, match=r"lacks libatomic\.so\.1"):
        tools_for_tests.ensure(settings, False, False, print)
    assert asked == ["libatomic1"]
    # With the library it runs.
    monkeypatch.setattr(java, "apt_install", lambda *_: True)
    looks = iter([False, True])
    monkeypatch.setattr(tools_for_tests, "_node_runs", lambda: next(looks))
    tools_for_tests.ensure(settings, False, False, print)
    assert list(looks) == []

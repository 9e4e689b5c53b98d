"""The host name for Java, only on a machine whose name does not resolve."""

from pathlib import Path

import pytest

from footfall.runtime import hostname
from footfall.runtime.environment import child_environment
from footfall.settings import Settings

NOWHERE = "nowhere.invalid"


def test_a_name_that_resolves_needs_nothing(tmp_path: Path) -> None:
    assert hostname.java_options(Settings(home=tmp_path), "localhost") == []
    assert not (tmp_path / "conf").exists()


def test_a_name_that_does_not_resolve_is_given_to_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    monkeypatch.setattr(hostname.socket, "gethostname", lambda: NOWHERE)
    options = child_environment(settings)["JAVA_TOOL_OPTIONS"]
    assert options == f"-Djdk.net.hosts.file={tmp_path}/conf/hosts"
    assert (tmp_path / "conf/hosts").read_text() == f"127.0.0.1 localhost {NOWHERE}\n"

"""A second NameNode: the data of a cluster say whether there is one, and Compose is told."""

import pytest

from footfall.cluster.containers import docker, overlay
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.mark.parametrize(
    ("volumes", "ha", "result"),
    [
        ("", None, False),
        ("", True, True),
        ("", False, False),
        ("namenode kafka-1", None, False),
        ("namenode kafka-1", False, False),
        ("namenode kafka-1", True, "without a second NameNode.*with --no-ha, or delete"),
        ("namenode journalnode-1", None, True),
        ("namenode journalnode-1", True, True),
        ("namenode journalnode-1", False, "with a second NameNode.*with --ha, or delete"),
    ],
)
def test_data_say_whether_there_is_a_second_namenode(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, volumes: str, ha: bool | None, result: bool | str
) -> None:
    monkeypatch.setattr(docker, "call", lambda *_: "\n".join(volumes.split()))
    if isinstance(result, bool):
        assert overlay.wanted(settings, ha) is result
        return
    with pytest.raises(ClusterError, match=result):
        overlay.wanted(settings, ha)


def test_the_overlay_is_a_profile_and_a_variable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "program", lambda: "docker")
    for ha in (False, True):
        chosen = docker.profiles(settings, "core", ha)
        assert ("--profile ha" in " ".join(docker.compose(settings, chosen, "up"))) is ha
        assert docker.environment(settings, "core", ha)["FOOTFALL_CLUSTER_HA"] == ("1" if ha else "")

"""More nodes of a kind: a second file that adds them, and names them to all others."""

import json

import pytest
import yaml

from footfall.cluster.containers import docker, scale
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

_FILE = yaml.safe_load(scale.FILE.read_text("utf-8"))


def test_new_nodes_are_like_the_others_and_known_to_all() -> None:
    override = scale.overriding(_FILE, {"storm-supervisor": 3, "datanode": 5})
    assert override is not None
    services = override["services"]
    assert services.keys() - _FILE["services"].keys() == {"storm-supervisor-3", "datanode-4", "datanode-5"}
    for node in services.values():
        environment = node["environment"]
        assert json.loads(environment["FOOTFALL_HOSTS__STORM_SUPERVISOR"])[-1] == "storm-supervisor-3"
        assert json.loads(environment["FOOTFALL_HOSTS__DATANODE"])[-2:] == ["datanode-4", "datanode-5"]
    fifth, third = services["datanode-5"], _FILE["services"]["datanode-3"]
    assert (fifth["hostname"], fifth["environment"]["FOOTFALL_HOST"]) == ("datanode-5", "datanode-5")
    assert fifth["volumes"] == ["datanode-5:/footfall/data/datanode"]
    differing = {"hostname", "environment", "volumes"}
    assert {k: v for k, v in fifth.items() if k not in differing} == {
        k: v for k, v in third.items() if k not in differing
    }
    assert override["volumes"] == {"datanode-4": {}, "datanode-5": {}}


def test_as_many_as_there_are_need_no_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "program", lambda: "docker")
    scale.write(settings, {"datanode": 4})
    assert str(scale.path(settings)) in docker.compose(settings, ["core"], "config")
    scale.write(settings, {"datanode": 3})
    assert not scale.path(settings).exists()
    assert str(scale.path(settings)) not in docker.compose(settings, ["core"], "config")


@pytest.mark.parametrize("wish", ["kafka=4", "datanode", "datanode=", "datanode=-1", "datanode=0", "datanode=10", "=3"])
def test_wrong_wishes_are_refused(wish: str) -> None:
    with pytest.raises(ClusterError, match="--scale takes KIND=NUMBER"):
        scale.parse([wish])


def test_fewer_than_there_are_is_refused() -> None:
    with pytest.raises(ClusterError, match="The cluster has 3 nodes of datanode; it cannot have fewer"):
        scale.overriding(_FILE, {"datanode": 2})

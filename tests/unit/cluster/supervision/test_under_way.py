"""The record of the services that a running `up` starts, also after an `up` was killed."""

import json

import psutil
import pytest

from footfall.cluster.supervision import lifecycle, under_way
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.fixture(autouse=True)
def run_dir(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)


def test_services_are_recorded_while_up_runs(settings: Settings) -> None:
    assert under_way.services(settings) == set()
    with under_way.announced(settings, ["kafka", "zookeeper"]):
        assert under_way.services(settings) == {"kafka", "zookeeper"}
    assert under_way.services(settings) == set()
    with pytest.raises(ClusterError), under_way.announced(settings, ["kafka"]):
        raise ClusterError("It did not start.")
    assert under_way.services(settings) == set()


@pytest.mark.parametrize("late_s", [-1.0, 1.0])
def test_a_reused_process_id_is_not_mistaken_for_a_killed_up(settings: Settings, late_s: float) -> None:
    own = psutil.Process()
    document = {"pid": own.pid, "started_s": own.create_time() + late_s, "services": ["kafka"]}
    (settings.run_dir / "under-way.json").write_text(json.dumps(document))
    assert under_way.services(settings) == set()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', '{"pid": 4194305, "started_s": 1.0}'])
def test_a_torn_or_old_file_counts_as_missing(settings: Settings, text: str) -> None:
    (settings.run_dir / "under-way.json").write_text(text)
    assert under_way.services(settings) == set()


def test_up_records_its_services_only_until_it_ends(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def refuse(*_: object) -> None:
        seen.append(under_way.services(settings))
        raise ClusterError("There is no network.")

    monkeypatch.setattr(lifecycle.preflight, "check", lambda *_: [])
    monkeypatch.setattr(lifecycle.install, "ensure", refuse)
    with pytest.raises(ClusterError, match="no network"):
        lifecycle.up(settings, "realtime", ("kafka",), lambda name, seconds: None, print)
    assert seen == [{"kafka"}]
    assert under_way.services(settings) == set()

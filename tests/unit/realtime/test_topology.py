"""The topology as data, and its fingerprint."""

import json
from pathlib import Path

import pytest

from footfall import names
from footfall.realtime import topology
from footfall.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", port_offset=100, live_tasks=3)


def test_the_definition_names_what_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    defined = topology.definition(settings)
    assert defined["name"] == names.TOPOLOGY
    assert defined["spout"]["topics"] == {"events": 8, "events.rejected": 1}
    assert defined["spout"]["consumer"]["bootstrap.servers"] == "127.0.0.1:9192"
    assert defined["spout"]["consumer"]["group.id"] == names.CONSUMER_GROUP_LIVE
    assert defined["bolt"]["tasks"] == 3
    assert defined["bolt"]["command"][0] == str(tmp_path / "home/install/venv/bin/python")
    assert defined["bolt"]["environment"]["FOOTFALL_PORT_OFFSET"] == "100"
    assert defined["bolt"]["environment"]["FOOTFALL_MARK"] == str(tmp_path / "home")
    assert "-Xmx192m" in defined["config"]["topology.worker.childopts"]


def test_the_partitions_are_chosen_and_no_bolt_is_without_one(tmp_path: Path) -> None:
    defined = topology.definition(Settings(home=tmp_path, events_partitions=3, live_tasks=5))
    assert defined["spout"]["topics"] == {"events": 3, "events.rejected": 1}
    assert defined["bolt"]["tasks"] == 3
    assert defined["alerts"]["environment"]["FOOTFALL_EVENTS_PARTITIONS"] == "3"


def test_timeouts_leave_a_slow_flush_its_time(settings: Settings) -> None:
    config = topology.definition(settings)["config"]
    assert 60 < config["topology.subprocess.timeout.secs"] < config["topology.message.timeout.secs"]


def test_a_small_heap_holds_fewer_bytes_in_flight(tmp_path: Path) -> None:
    small = Settings(home=tmp_path, heaps_mb={"storm_worker": 128})  # type: ignore[arg-type]  # pydantic converts it
    assert topology.definition(small)["spout"]["max_in_flight_bytes"] == 42 * 1024 * 1024


def test_the_definition_is_json_and_always_the_same(settings: Settings) -> None:
    assert json.loads(json.dumps(topology.definition(settings))) == topology.definition(settings)


def test_the_fingerprint_changes_with_each_of_its_parts(settings: Settings) -> None:
    defined = topology.definition(settings)
    sources = [("a.py", b"1"), ("b.py", b"2")]
    first = topology.fingerprint(b"jar", defined, sources)
    assert topology.fingerprint(b"jar", dict(reversed(defined.items())), sources[::-1]) == first
    changed = {
        topology.fingerprint(b"jar2", defined, sources),
        topology.fingerprint(b"jar", {**defined, "name": "other"}, sources),
        topology.fingerprint(b"jar", defined, [("a.py", b"1"), ("b.py", b"3")]),
        topology.fingerprint(b"jar", defined, [("a.py", b"1"), ("c.py", b"2")]),
        topology.fingerprint(b"jar", defined, [("a.py", b"1")]),
    }
    assert len(changed) == 5
    assert first not in changed


def test_only_settings_that_the_bolts_read_redeploy_the_topology(tmp_path: Path) -> None:
    def deployed(**given: object) -> str:
        settings = Settings(**{"home": tmp_path, **given})  # type: ignore[arg-type]  # pydantic converts them
        return topology.fingerprint(b"jar", topology.definition(settings), [])

    first = deployed()
    for indifferent in (
        {"visitors_per_site": 3},
        {"pace": 5.0},
        {"seed": 1},
        {"bind": "0.0.0.0"},
        {"retention": {"kafka_days": 2}},
        {"heaps_mb": {"kafka": 300}},
    ):
        assert deployed(**indifferent) == first, indifferent
    deciding = (
        {"live_tasks": 3},
        {"events_partitions": 3},
        {"ports": {"kafka": 9192}},
        {"ports": {"hbase_thrift": 9190}},
        {"port_offset": 1},
        {"heaps_mb": {"storm_worker": 300}},
        {"install": tmp_path / "elsewhere"},
        {"home": tmp_path / "other"},
    )
    assert len({first, *(deployed(**given) for given in deciding)}) == len(deciding) + 1


def test_the_sources_are_those_of_the_counting(tmp_path: Path) -> None:
    for name in (
        "names.py",
        "settings.py",
        "events/validate.py",
        "events/event.schema.json",
        "realtime/live_bolt.py",
        "realtime/questions/session.py",
        "sites/app.py",
        "events/__pycache__/validate.pyc",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    assert [name for name, _ in topology.sources(tmp_path)] == [
        "names.py",
        "settings.py",
        "events/event.schema.json",
        "events/validate.py",
        "realtime/live_bolt.py",
    ]


def test_the_real_sources_hold_this_part() -> None:
    assert {"names.py", "settings.py", "realtime/multilang.py"} <= {name for name, _ in topology.sources()}

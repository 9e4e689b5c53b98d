"""The table of services is consistent, and a new service needs only a new engine module."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from footfall import lags
from footfall.cluster import engines
from footfall.cluster.health import preflight
from footfall.cluster.service import PythonModule
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES, logins, profile_of, stop_order, with_needs
from footfall.runtime import jars
from footfall.runtime.jars import ENGINES_DIR
from footfall.settings import REPOSITORY, Ports, Settings

# The slot number of the worker, and what only a quorum of ZooKeeper uses. On one machine nothing listens on them.
_NOBODYS = {"storm_worker", "zookeeper_peer", "zookeeper_election"}


def test_names_are_unique_and_needs_come_first() -> None:
    seen: set[str] = set()
    for service in SERVICES:
        assert set(service.needs) <= seen, service.name
        assert service.name not in seen
        seen.add(service.name)


def test_each_port_belongs_to_one_service() -> None:
    used = [name for service in SERVICES for name in service.ports]
    assert sorted(used) == sorted(set(Ports.model_fields) - _NOBODYS)


def test_logins_are_named_after_the_pages(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert list(logins(settings, BY_NAME)) == ["airflow"], "the dashboard listens on loopback and is open"
    behind = settings.model_copy(update={"dashboard_bind": "0.0.0.0"})
    assert sorted(logins(behind, BY_NAME)) == ["airflow", "dashboard"]
    assert logins(behind, ["kafka"]) == {}


def test_each_template_is_there_and_used() -> None:
    named = {f"{template}.j2" for service in SERVICES for template in service.templates}
    assert named == {str(path.relative_to(ENGINES_DIR)) for path in ENGINES_DIR.glob("*/*.j2")}


def test_a_process_has_a_command_and_a_step_has_its_work() -> None:
    assert {service.name for service in SERVICES if service.kind == "step"} == {
        "kafka-topics",
        "hbase-tables",
        "topology",
        "postgres-databases",
        "crm",
        "hive-schema",
        "airflow-database",
    }
    assert all((service.command is None) == (service.kind == "step") for service in SERVICES)
    assert all((service.step is None) == (service.kind == "process") for service in SERVICES)


def test_only_steps_name_what_is_restarted_for_them_and_they_need_it() -> None:
    naming = [service for service in SERVICES if service.restarts]
    assert naming
    for service in naming:
        assert service.kind == "step"
        assert {BY_NAME[name].kind for name in service.restarts} == {"process"}
        assert set(service.restarts) <= set(service.needs)


def test_every_process_has_a_probe() -> None:
    assert {service.name for service in SERVICES if service.probe is None} == {
        "kafka-topics",
        "hbase-tables",
        "postgres-databases",
        "hive-schema",
        "airflow-database",
    }


def test_profiles_name_known_services_and_all_they_need() -> None:
    for names in PROFILES.values():
        assert {service.name for service in with_needs(names)} == set(names)
    assert set(preflight.NEEDED_MEMORY_GIB) == set(PROFILES)


def test_the_live_path_runs_without_the_batch_half_and_full_is_everything() -> None:
    assert set(PROFILES["full"]) == {service.name for service in SERVICES if not service.optional}
    assert {service.name for service in SERVICES if service.optional} == {"journalnode", "zkfc"}
    yarn = {name for name in BY_NAME if name.startswith("yarn-")}
    warehouse = {service.name for service in SERVICES if service.engine in ("postgres", "hive", "airflow")}
    assert len(warehouse) == 10
    assert len(yarn) == 3
    assert set(PROFILES["full"]) - set(PROFILES["realtime"]) == {*yarn, *warehouse, "spark-streaming"}
    assert yarn | warehouse <= set(PROFILES["batch"])


@pytest.mark.parametrize(
    ("names", "profile"),
    [
        ((), "full"),
        (("namenode", "watchdog"), "batch"),
        (("kafka",), "realtime"),
        (("kafka", "yarn-nodemanager"), "full"),
        (PROFILES["realtime"], "realtime"),
    ],
)
def test_the_profile_of_what_was_asked_for(names: tuple[str, ...], profile: str) -> None:
    assert profile_of(names) == profile


def test_every_engine_with_jars_is_used() -> None:
    assert set(jars.engines()) <= {name for service in SERVICES for name in (service.engine, *service.tools)}


def test_needed_services_are_added_in_the_order_of_the_table() -> None:
    names = [service.name for service in with_needs(("dashboard", "kafka"))]
    assert names == [
        "zookeeper",
        "kafka",
        "namenode",
        "datanode",
        "hbase-master",
        "hbase-regionserver",
        "hbase-thrift",
        "hbase-tables",
        "dashboard",
    ]


def test_every_module_of_an_engine_is_in_the_table() -> None:
    files = (Path(engines.__file__).parent).glob("[a-z]*.py")
    assert sorted(engines.ENGINES) == sorted(path.stem for path in files)


def test_a_process_of_this_package_says_which_module_it_runs(settings: Settings, java: Path) -> None:
    for service in SERVICES:
        if service.command is not None:
            runs_python = service.command(settings)[0] == sys.executable
            assert isinstance(service.command, PythonModule) == runs_python, service.name


def test_producers_stop_before_consumers() -> None:
    order = [[service.name for service in services] for services in stop_order()]
    assert order[:4] == [
        ["dashboard", "watchdog"],
        ["visitors-shop", "visitors-news", "visitors-academy"],
        ["site-shop", "site-news", "site-academy", "collector"],
        ["topology"],
    ]
    assert order[4:] == [
        [service.name] for service in reversed(SERVICES) if not any(service.name in names for names in order[:4])
    ]


def test_each_consumer_has_a_lag_limit_for_doctor() -> None:
    owned = {(lag.name, service.name) for service in SERVICES for lag in service.lags}
    assert owned == {(consumer.name, consumer.service) for consumer in lags.CONSUMERS}


_MADE_UP = """
from footfall.cluster.service import Part, Service, Sweep
from footfall.runtime.errors import Unhealthy

def _probe(settings):
    raise Unhealthy("it is only made up")

SERVICES = (
    Service(
        name="made-up", engine="made_up", profiles=("realtime",), needs=("zookeeper",), ports=("storm_worker",),
        command=lambda settings: ["/bin/sleep", "60"], prepare=lambda settings: (settings.home / "prepared").touch(),
        parts=(Part(problem=lambda _: "A part is missing.", install=lambda settings, maven, say: say("a part")),),
        probe=_probe, advice=lambda _: "It is made up.", sweeps=(Sweep("made up", 60, str),), stop_s=7, stop_rank=9,
    ),
    Service(
        name="made-up-step", engine="made_up", needs=("made-up",), probe=_probe,
        step=lambda settings: (settings.home / "stepped").touch(),
    ),
)
"""
_LOOK = """
import json, sys
from footfall.cluster import engines

engines.__path__.append(sys.argv[1])
engines.ENGINES = (*engines.ENGINES, "made_up")

from footfall.cluster.health import diagnosis, status
from footfall.cluster.services import BY_NAME, PROFILES, stop_order, with_needs
from footfall.cluster.supervision import configure, sweeps, watchdog
from footfall.cluster.supervision.manager import Manager
from footfall.runtime import requested
from footfall.settings import load_settings

settings = load_settings()
requested.write(settings, ["made-up", "made-up-step"])
manager = Manager(settings)
manager.configure([BY_NAME["made-up"]])
configure.write(settings, BY_NAME["made-up"])
watchdog._restart(settings, manager, "made-up-step")
print(json.dumps({
    "up": [service.name for service in with_needs(("made-up-step",))],
    "profiles": [name for name, services in PROFILES.items() if "made-up" in services],
    "managed": (settings.conf_dir / "supervisord.conf").read_text(),
    "stopped": [[service.name for service in services] for services in stop_order()],
    "status": {line["name"]: (line["state"], line["detail"]) for line in status.status(settings)["services"]},
    "doctor": diagnosis.diagnose(settings)["problems"],
    "sweeps": [sweep.name for sweep in sweeps.SWEEPS],
    "made": sorted(path.name for path in settings.home.iterdir() if path.is_file()),
}))
"""


def test_a_new_module_is_enough_for_a_new_service(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "made_up.py").write_text(_MADE_UP)
    settings.run_dir.mkdir(parents=True)
    environment = {**settings.as_environment(), "PYTHONPATH": str(REPOSITORY / "src"), "PATH": "/usr/bin:/bin"}
    look = [sys.executable, "-c", _LOOK, str(tmp_path / "engines")]
    done = subprocess.run(look, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["up"] == ["zookeeper", "made-up", "made-up-step"]
    assert seen["profiles"] == ["full", "realtime"]
    assert f"[program:made-up]\ncommand={sys.executable} -m footfall run made-up\n" in seen["managed"]
    assert "stopwaitsecs=7\n" in seen["managed"]
    assert ["made-up"] in seen["stopped"]
    assert seen["stopped"].index(["made-up"]) < seen["stopped"].index(["zookeeper"])
    assert seen["status"] == {"made-up": ["stopped", ""], "made-up-step": ["failed", "it is only made up"]}
    assert {
        "A part is missing.",
        "It is made up.",
        "made-up is stopped (`./footfall logs made-up`)",
        "made-up-step is failed: it is only made up (`./footfall logs made-up-step`)",
    } <= set(seen["doctor"])
    assert "made up" in seen["sweeps"]
    assert seen["made"] == ["prepared", "stepped"]

"""The table of services: it holds together, and says of each process what the process truly reads."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from footfall.cluster import setup
from footfall.cluster.health import preflight, probes
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES, Service, profile_of, with_needs
from footfall.cluster.supervision.configure import PACKAGE
from footfall.runtime.jars import ENGINES_DIR, engines
from footfall.settings import Ports, Settings

# The worker's number of a slot: nothing listens there, so no service can be kept from it.
_NOBODYS = {"storm_worker"}
_PROCESSES = [service for service in SERVICES if service.command is not None]
_MODULES = {
    **{f"site-{app}": "footfall.sites.server" for app in ("shop", "news", "academy")},
    **{f"visitors-{app}": "footfall.sites.visitors.run" for app in ("shop", "news", "academy")},
    "dashboard": "footfall.dashboard.app",
    "spark-streaming": "footfall.streaming.driver",
    "watchdog": "footfall.cluster.supervision.watchdog",
}
# What modules in the watchdog's reach import for `up` alone: the progress display, the dashboard's command line.
_NOT_THE_WATCHDOGS = {"cli/output.py", "dashboard/__init__.py"}
# A module that the visitors share with the watchdog reads it for the watchdog's sweep of ledgers.
_NOT_THE_VISITORS = {"retention"}
# They decide where everything lies; another home is another platform, and another install another command.
_EVERYWHERE = {"home", "install"}


def test_names_are_unique_and_needs_come_first() -> None:
    seen: set[str] = set()
    for service in SERVICES:
        assert set(service.needs) <= seen, service.name
        assert service.name not in seen
        seen.add(service.name)


def test_each_port_belongs_to_one_service() -> None:
    used = [name for service in SERVICES for name in service.ports]
    assert sorted(used) == sorted(set(Ports.model_fields) - _NOBODYS)
    assert {name for service in SERVICES for name in service.speaks_to} <= set(used)


def test_each_template_is_there_and_used() -> None:
    named = {f"{template}.j2" for service in SERVICES for template in service.templates}
    assert named == {str(path.relative_to(ENGINES_DIR)) for path in ENGINES_DIR.glob("*/*.j2")}


def test_a_process_has_a_command_and_a_step_has_its_work() -> None:
    assert {service.name for service in SERVICES if service.kind == "step"} == set(setup.STEPS)
    assert all((service.command is None) == (service.kind == "step") for service in SERVICES)


def test_only_steps_name_what_is_restarted_for_them_and_they_need_it() -> None:
    naming = [service for service in SERVICES if service.restarts]
    assert naming
    for service in naming:
        assert service.kind == "step"
        assert {BY_NAME[name].kind for name in service.restarts} == {"process"}
        assert set(service.restarts) <= set(service.needs)


def test_health_is_proved_for_all_but_the_steps_that_are_done_at_once() -> None:
    assert set(BY_NAME) - set(probes.PROBES) == {"kafka-topics", "hbase-tables"}
    assert set(probes.PROBES) <= set(BY_NAME)


def test_profiles_name_known_services_and_all_they_need() -> None:
    for names in PROFILES.values():
        assert {service.name for service in with_needs(names)} == set(names)
    assert set(preflight.NEEDED_MEMORY_GIB) == set(PROFILES)


def test_the_live_path_runs_without_yarn_and_full_is_everything() -> None:
    assert set(PROFILES["full"]) == set(BY_NAME)
    yarn = {name for name in BY_NAME if name.startswith("yarn-")}
    assert len(yarn) == 3
    assert set(PROFILES["full"]) - set(PROFILES["realtime"]) == {*yarn, "spark-streaming"}
    assert yarn <= set(PROFILES["batch"])


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
    assert set(engines()) <= {service.engine for service in SERVICES}


def test_needs_are_taken_along_in_the_order_of_the_table() -> None:
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


@pytest.mark.parametrize("service", [BY_NAME[name] for name in _MODULES], ids=lambda service: service.name)
def test_a_process_starts_anew_when_a_file_changes_that_it_imports(service: Service) -> None:
    imported = {path.relative_to(PACKAGE).as_posix() for path in _imported(_MODULES[service.name])}
    told = {name for name in imported if any(name == s or name.startswith(f"{s}/") for s in service.sources)}
    only_a_docstring = {name for name in imported if (PACKAGE / name).read_text("utf-8").count("import ") == 0}
    assert len(told) > 10
    assert imported - told - only_a_docstring - (_NOT_THE_WATCHDOGS if service.name == "watchdog" else set()) == set()
    assert all((PACKAGE / source).exists() for source in service.sources)


@pytest.mark.parametrize("service", [BY_NAME[name] for name in _MODULES], ids=lambda service: service.name)
def test_a_process_starts_anew_when_a_setting_changes_that_it_reads(service: Service) -> None:
    fields: set[str] = set()
    ports: set[str] = set()
    for path in _imported(_MODULES[service.name]):
        if path.relative_to(PACKAGE).as_posix() not in {"settings.py", *_NOT_THE_WATCHDOGS}:
            read, asked = _settings_read(path)
            fields |= read
            ports |= asked
    others = _NOT_THE_VISITORS if service.engine == "visitors" else set()
    assert fields - {*service.relevant, *_EVERYWHERE} == others
    if "ports" not in service.relevant:
        assert ports <= {*service.ports, *service.speaks_to}
    assert set(service.relevant) <= set(Settings.model_fields)


def test_every_process_of_this_package_is_looked_at_here() -> None:
    assert {service.name for service in _PROCESSES if service.sources} == set(_MODULES)


@cache
def _imported(module: str) -> list[Path]:
    """The files of this package that a module imports, at its top or later, and they in turn."""
    waiting, found = [module], dict[str, Path]()
    while waiting:
        name = waiting.pop()
        path = PACKAGE.parent / name.replace(".", "/")
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not path.exists():
            continue
        found[name] = path
        waiting.append(name.rpartition(".")[0])
        waiting += _names_imported(_parsed(path))
    return list(found.values())


def _names_imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("footfall"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("footfall"):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _settings_read(path: Path) -> tuple[set[str], set[str]]:
    """Names of the settings that a file reads, and of the ports it asks for by a literal name."""
    fields: set[str] = set()
    ports: set[str] = set()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Attribute) and _is_settings(node.value):
            if node.attr == "kafka_bootstrap":
                ports.add("kafka")
            elif node.attr in Settings.model_fields:
                fields.add(node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "port":
            ports |= {str(word.value) for word in node.args if isinstance(word, ast.Constant)}
    return fields, ports


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _is_settings(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lstrip("_") == "settings"

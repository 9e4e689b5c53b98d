"""Dependencies of a process: complete, but not everything."""

import ast
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from footfall.cluster.service import PythonModule
from footfall.cluster.services import BY_NAME, SERVICES
from footfall.cluster.supervision import dependencies
from footfall.settings import REPOSITORY, Ports, Settings

Made = Callable[..., None]
_MODULES = ("footfall.sites.server", "footfall.sites.visitors.run", "footfall.cluster.supervision.watchdog")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Replaces this package by a made-up one with the given files: name → text."""
    package = tmp_path / "footfall"
    monkeypatch.setattr(dependencies, "PACKAGE", package)

    def write(**texts: str) -> None:
        for name, text in {"__init__": "", **texts}.items():
            path = package / (name.replace("__in__", "/") + ("" if "." in name else ".py"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def _names(paths: Iterable[Path]) -> set[str]:
    """The files' names in this package, or beside it."""
    return {path.relative_to(dependencies.PACKAGE.parent).as_posix().removeprefix("footfall/") for path in paths}


def _files(*modules: str) -> set[str]:
    return _names(dependencies.reach(modules))


def _of(name: str) -> dependencies.Dependencies:
    command = BY_NAME[name].command
    assert isinstance(command, PythonModule)
    return dependencies.of(command)


@pytest.mark.parametrize("module", _MODULES)
def test_every_loaded_module_is_found(module: str) -> None:
    script = f"import sys, {module}; print(*(m for m in sys.modules if m.startswith('footfall')))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {path for name in done.stdout.split() if (path := dependencies._path(name)) is not None}
    assert len(loaded) > 15
    assert loaded <= set(dependencies.reach((module,)))


@pytest.mark.parametrize(
    ("name", "settings", "ports"),
    [
        (
            "spark-streaming",
            {"events_partitions", "host"},
            {"kafka", "namenode", "namenode_http", "yarn_http", "yarn_nodemanager", "zookeeper"},
        ),
        (
            "site-shop",
            {
                "bind",
                "client_events_per_minute",
                "demo",
                "host",
                "host_names",
                "hosts",
                "pace",
                "retention",
                "site_events_per_minute",
                "trusted_proxies",
            },
            {"collector", "hbase_thrift", "kafka", "shop"},
        ),
        (
            "visitors-news",
            {"demo", "host", "pace", "planted_groups", "population", "seed", "taste_strength", "visitors_per_site"},
            {"news"},
        ),
        (
            "dashboard",
            {
                "dashboard_bind",
                "dashboard_password",
                "demo",
                "events_partitions",
                "host",
                "host_names",
                "hosts",
                "retention",
                "trusted_proxies",
            },
            {"dashboard", "hbase_thrift", "hive_server2", "kafka", "namenode_http"},
        ),
        (
            "watchdog",
            {
                "alerts",
                "bind",
                "dashboard_bind",
                "dashboard_password",
                "demo",
                "events_partitions",
                "heaps_mb",
                "host",
                "hosts",
                "kafka_cluster_id",
                "live_tasks",
                "population",
                "retention",
                "seed",
                "up_timeout_s",
                "visitors_per_site",
                "yarn",
            },
            set(Ports.model_fields),
        ),
    ],
)
def test_each_kind_of_process_depends_on_its_settings(name: str, settings: set[str], ports: set[str]) -> None:
    found = _of(name)
    assert found.settings == settings
    assert found.ports == ports


def test_data_files_are_found_and_other_packages_are_not() -> None:
    site = _names(_of("site-shop").files)
    assert {"events/event.schema.json", "sites/templates/shop/cart.html", "sites/static/footfall.js"} <= site
    assert {"footfall_web/middleware.py", "footfall_web/weblogs.py"} <= site
    assert not {name for name in site if name.startswith(("dashboard/", "streaming/", "cluster/"))}
    dashboard = _names(_of("dashboard").files)
    assert {"dashboard/page.css", "dashboard/app.py", "realtime/questions/session.py"} <= dashboard
    watchdog = _names(_of("watchdog").files)
    assert {"cluster/engines/postgres.py", "crm/schema.sql", "realtime/live_bolt.py"} <= watchdog
    # Other processes run these.
    assert not {"sites/server.py", "streaming/driver.py", "dashboard/app.py"} & watchdog


def test_an_import_counts_wherever_it_stands(made: Made) -> None:
    made(
        a="import footfall.b\ndef late():\n    from footfall import c\n    from footfall.d import thing\n",
        b="if False:\n    import footfall.e as other\n",
        c="",
        d__in____init__="thing = 1",
        d__in__unused="",
        e='TEXT = "footfall.f"',
        f="",
        g="",
    )
    expected = {"__init__.py", "a.py", "b.py", "c.py", "d/__init__.py", "e.py", "f.py"}
    assert _files("footfall.a") == expected


def test_a_dynamic_import_counts_for_the_whole_package(made: Made) -> None:
    modules = {"p__in____init__": "", "p__in__one": "", "p__in__two": "", "q__in____init__": "", "q__in__one": ""}
    made(
        a='from importlib import import_module\nfound = [import_module(f"footfall.p.{name}") for name in ("one",)]\n',
        b="import pkgutil\nfrom footfall import p\nfound = pkgutil.iter_modules(p.__path__)\n",
        c="from footfall import p\n",
        **modules,
    )
    whole = {"__init__.py", "p/__init__.py", "p/one.py", "p/two.py"}
    assert _files("footfall.a") == {"a.py", *whole}
    assert _files("footfall.b") == {"b.py", *whole}
    assert _files("footfall.c") == {"c.py", "__init__.py", "p/__init__.py"}


def test_modules_count_whose_names_an_f_string_can_give(made: Made) -> None:
    looks = "import importlib\nimport footfall\nfound = [importlib.import_module({}) for name in footfall.__path__]\n"
    made(
        a=looks.format('f"footfall.{name}.parts.{name}"'),
        b=looks.format("name"),
        p__in____init__="",
        p__in__other="",
        p__in__parts__in____init__="",
        p__in__parts__in__one="",
        q__in__one="",
    )
    expected = {"__init__.py", "a.py", "p/__init__.py", "p/parts/__init__.py", "p/parts/one.py"}
    assert _files("footfall.a") == expected
    with pytest.raises(SyntaxError, match="pattern"):
        dependencies.reach(("footfall.b",))


def test_a_module_that_another_process_runs_does_not_count(made: Made) -> None:
    made(
        a='from footfall.service import PythonModule\nrun = PythonModule("footfall.b", also=("footfall.c",))\n',
        b="",
        c="",
        service="",
    )
    assert _files("footfall.a") == {"__init__.py", "a.py", "service.py"}


def test_a_relative_import_is_refused(made: Made) -> None:
    made(a="from . import b\n", b="")
    with pytest.raises(SyntaxError, match="absolute"):
        dependencies.reach(("footfall.a",))


@pytest.mark.parametrize(
    ("text", "settings", "ports"),
    [
        ("def f(settings): return settings.pace, self._settings.seed", {"pace", "seed"}, set()),
        ("def f(given: Settings): return given.pace", {"pace"}, set()),
        ("s = load_settings()\nprint(s.pace, recall().seed)", {"pace", "seed"}, set()),
        ("own = self.settings\nprint(own.pace)", {"pace"}, set()),
        ("def f(settings): return settings.retention.kafka_days", {"retention"}, set()),
        ("def f(settings): return settings.port('kafka')", set(), {"kafka"}),
        ("def f(settings): return settings.kafka_bootstrap", set(), {"kafka"}),
        (
            "def f(settings): return settings.url('kafka'), settings.addresses('zookeeper')",
            set(),
            {"kafka", "zookeeper"},
        ),
        ("def f(settings): return settings.bind_host('kafka')", set(), {"kafka"}),
        ("def f(settings): return settings.bind_host('dashboard')", {"dashboard_bind"}, {"dashboard"}),
        ("def f(settings): return settings.advertised_host('sites')", {"hosts"}, set()),
        (
            "def f(settings): return settings.replicas('kafka'), settings.node_number('zookeeper')",
            set(),
            {"kafka", "zookeeper"},
        ),
        ("def f(settings): return settings.is_node", {"host"}, set()),
        ("def f(settings): return settings.client_host", {"host"}, set()),
        ("def f(settings): return settings.home, settings.conf_dir, settings.as_environment()", set(), set()),
        ("def f(settings, socket): socket.bind(1)", set(), set()),
        ("def f(settings, name): return settings.port(name)", set(), {"news", "shop"}),
        ("def f(settings): return map(settings.port, 'x')", set(), {"news", "shop"}),
        ("def f(settings, name): return getattr(settings, name)", None, set()),
    ],
)
def test_settings_and_ports_that_are_read(made: Made, text: str, settings: set[str] | None, ports: set[str]) -> None:
    made(a=text)
    found = dependencies.of(PythonModule("footfall.a", ("shop", "news", "other")))
    assert found.settings == (set(Settings.model_fields) - {"home", "install"} if settings is None else settings)
    assert found.ports == ports


def test_an_unknown_port_counts_as_every_port(made: Made) -> None:
    made(a="def f(settings, name): return settings.port(name)")
    assert dependencies.of(PythonModule("footfall.a")).ports == set(Ports.model_fields)


def test_a_changed_file_is_read_again(made: Made) -> None:
    made(a="", b="")
    assert _files("footfall.a") == {"__init__.py", "a.py"}
    made(a="import footfall.b")
    assert _files("footfall.a") == {"__init__.py", "a.py", "b.py"}


def test_the_whole_table_costs_little_more_than_reading_each_file_once() -> None:
    def derive() -> set[Path]:
        commands = [service.command for service in SERVICES if isinstance(service.command, PythonModule)]
        return {file for command in commands for file in dependencies.of(command).files}

    files = [file for file in derive() if file.suffix == ".py"]
    gc.disable()
    try:
        began_s = time.process_time()
        for file in files:
            ast.parse(file.read_text("utf-8"))
        once_s = time.process_time() - began_s
    finally:
        gc.enable()
    dependencies._read.cache_clear()
    began_s = time.process_time()
    derive()
    assert time.process_time() - began_s < 10 * once_s

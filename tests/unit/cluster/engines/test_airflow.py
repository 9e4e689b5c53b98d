"""Airflow's services: configuration, secrets, health, the end of tasks, and retention. No Airflow runs here."""

import configparser
import json
import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from footfall.cluster.engines import airflow
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.runtime import requested
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import Unhealthy
from footfall.settings import Hosts, Ports, Settings
from footfall.workflows.client import password
from footfall.workflows.names import TASKS_VARIABLE
from tests.unit.workflows.made_up_airflow import MadeUpAirflow, made_up_airflow

_SERVICES = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor")


def _config(settings: Settings, name: str) -> configparser.ConfigParser:
    rendered = configure.render(settings, BY_NAME[name])["airflow.cfg"]
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(rendered)
    return parser


@pytest.mark.parametrize("name", _SERVICES)
def test_everything_is_on_loopback_with_the_offset_and_below_the_home(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path / "home", port_offset=5000)
    config = _config(settings, name)
    assert (config["api"]["host"], config["api"]["port"]) == ("127.0.0.1", "13080")
    assert config["core"]["execution_api_server_url"] == "http://127.0.0.1:13080/execution/"
    # The DAGs are code.
    paths = {value for section in config.values() for value in section.values() if value.startswith("/")}
    assert {path for path in paths if not path.startswith(f"{settings.home}/")} == {str(airflow._DAGS)}
    assert len(paths) > 4


def test_it_listens_where_its_host_is_and_not_on_all_addresses(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, bind="0.0.0.0", hosts=Hosts(airflow=("10.0.0.7",)))
    assert _config(settings, "airflow-api-server")["api"]["host"] == "10.0.0.7"
    assert _config(Settings(home=tmp_path, bind="0.0.0.0"), "airflow-api-server")["api"]["host"] == "127.0.0.1"


def test_the_scheduler_opens_no_log_server(settings: Settings) -> None:
    command = BY_NAME["airflow-scheduler"].command
    assert command is not None
    assert "--skip-serve-logs" in command(settings)


def test_all_services_share_secrets_which_are_in_no_file_of_the_configuration(settings: Settings) -> None:
    environments = []
    for name in _SERVICES:
        environment = BY_NAME[name].environment
        assert environment is not None
        environments.append(environment(settings))
    for variable in (
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    ):
        [secret] = {environment[variable] for environment in environments}
        assert len(secret) >= 44
        assert all(secret not in configure.render(settings, BY_NAME[name])["airflow.cfg"] for name in _SERVICES)
    assert environments[0]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://airflow:")


def test_airflow_finds_a_complete_login_and_makes_no_password_of_its_own(settings: Settings) -> None:
    configure.write(settings, BY_NAME["airflow-api-server"])
    file = Path(_config(settings, "airflow-api-server")["core"]["simple_auth_manager_passwords_file"])
    assert json.loads(file.read_text()) == {"footfall": password(settings)}
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("{}")
    configure.write(settings, BY_NAME["airflow-api-server"])
    assert json.loads(file.read_text()) == {"footfall": password(settings)}


def test_the_login_is_shown_as_the_path_of_a_file(settings: Settings) -> None:
    login = BY_NAME["airflow-api-server"].login
    assert login is not None
    shown = login(settings)
    assert shown == f"user footfall, password in {settings.secrets_dir / 'airflow'}"
    assert password(settings) not in shown
    assert (settings.secrets_dir / "airflow").read_text() == password(settings)


def test_a_new_scheduler_ends_the_tasks_of_a_killed_one(settings: Settings) -> None:
    mark = child_environment(settings)
    with (
        subprocess.Popen(["sleep", "300"], env=mark | {TASKS_VARIABLE: str(settings.home)}) as task,
        subprocess.Popen(["sleep", "300"], env=mark) as other,
        subprocess.Popen(["sleep", "300"], env=os.environ | {TASKS_VARIABLE: "another home"}) as foreign,
    ):
        try:
            configure.write(settings, BY_NAME["airflow-scheduler"])
            assert not psutil.pid_exists(task.pid)
            assert other.poll() is None
            assert foreign.poll() is None
        finally:
            for process in (task, other, foreign):
                process.kill()


def test_down_ends_tasks_only_if_the_scheduler_ran(settings: Settings) -> None:
    after_stop = BY_NAME["airflow-scheduler"].after_stop
    assert after_stop is not None
    environment = child_environment(settings) | {TASKS_VARIABLE: str(settings.home)}
    with subprocess.Popen(["sleep", "300"], env=environment) as task:
        said: list[str] = []
        after_stop(settings, {"airflow-api-server"}, said.append)
        assert task.poll() is None
        after_stop(settings, {"airflow-scheduler"}, said.append)
        assert not psutil.pid_exists(task.pid)
        assert len(said) == 1


def _health(server: MadeUpAirflow, **parts: str | None) -> None:
    states = {"metadatabase": "healthy", "scheduler": "healthy", "dag_processor": "healthy", **parts}
    document = {name: {"status": status} for name, status in states.items()}
    names = ("daily", "hourly", "backfill", "learning")
    server.answers = {
        "GET /api/v2/monitor/health": (200, document),
        "GET /api/v2/dags": (200, {"dags": [{"dag_id": name, "is_paused": name == "hourly"} for name in names]}),
        "GET /api/v2/importErrors": (200, {"import_errors": []}),
    }


def _probe(server: MadeUpAirflow, name: str) -> None:
    probe = BY_NAME[name].probe
    assert probe is not None
    probe(server.settings)


def test_each_service_is_judged_by_its_own_part(tmp_path: Path) -> None:
    parts = dict(zip(_SERVICES, ("metadatabase", "scheduler", "dag_processor"), strict=True))
    with made_up_airflow(tmp_path) as server:
        for name, part in parts.items():
            _health(server)
            _probe(server, name)
            _health(server, **{part: "unhealthy"})
            with pytest.raises(Unhealthy, match="Airflow says that it is unhealthy"):
                _probe(server, name)
            for other in set(_SERVICES) - {name}:
                _probe(server, other)
        _health(server, scheduler=None)
        with pytest.raises(Unhealthy, match="it is not running"):
            _probe(server, "airflow-scheduler")
        server.answers["GET /api/v2/monitor/health"] = (200, {"detail": "?"})
        with pytest.raises(LookupError):  # the caller turns it into Unhealthy
            _probe(server, "airflow-scheduler")


def test_the_dag_processor_must_have_read_every_workflow(tmp_path: Path) -> None:
    with made_up_airflow(tmp_path) as server:
        _health(server)
        server.answers["GET /api/v2/dags"] = (200, {"dags": [{"dag_id": "daily", "is_paused": False}]})
        with pytest.raises(Unhealthy, match="has not read the workflows backfill, hourly, learning yet"):
            _probe(server, "airflow-dag-processor")
        errors = [{"filename": "hourly.py", "stack_trace": "Traceback\nSyntaxError: invalid syntax"}]
        server.answers["GET /api/v2/importErrors"] = (200, {"import_errors": errors})
        with pytest.raises(Unhealthy, match=r"cannot read hourly\.py: SyntaxError: invalid syntax"):
            _probe(server, "airflow-dag-processor")


def test_an_airflow_that_is_away_is_unhealthy(tmp_path: Path) -> None:
    # Nothing listens there; at the default port, a platform of the user may.
    settings = Settings(home=tmp_path, ports=Ports(airflow=1))
    for name in _SERVICES:
        probe = BY_NAME[name].probe
        assert probe is not None
        with pytest.raises(Unhealthy, match="Airflow does not answer"):
            probe(settings)


def test_logs_of_tasks_are_kept_for_a_week(settings: Settings) -> None:
    [sweep] = BY_NAME["airflow-database"].sweeps
    old, new = (settings.logs_dir / "airflow" / f"dag_id={name}" / "attempt=1.log" for name in ("old", "new"))
    for path, days in ((old, 7.1), (new, 6.9)):
        path.parent.mkdir(parents=True)
        path.write_text("line\n")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    assert sweep.work(settings) == "1 log files"
    assert not old.exists()
    assert new.exists()
    sweep.work(settings)
    assert not old.parent.exists()


def test_the_database_is_cleaned_only_while_it_is_in_use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    [sweep] = BY_NAME["airflow-database"].sweeps
    ran: list[list[str]] = []
    monkeypatch.setattr(airflow, "_run", lambda settings, command, *_: ran.append(command))
    sweep.work(settings)
    assert ran == []
    settings.run_dir.mkdir(parents=True)
    requested.write(settings, ["airflow-database"])
    sweep.work(settings)
    assert [command[:3] for command in ran] == [["airflow", "db", "clean"]]

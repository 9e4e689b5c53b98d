"""The command line: exit statuses, sentences for wrong use, and one JSON document on standard output."""

import io
import json
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from footfall.cli import main as command_line
from footfall.cluster import services
from footfall.cluster.health import status
from footfall.cluster.service import Service
from footfall.cluster.services import SERVICES
from footfall.cluster.supervision import lifecycle, purge, under_way
from footfall.lags import ConsumerLag
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings
from tests.support.fresh_home import environment as environment


@dataclass(frozen=True)
class Ended:
    """The exit status and output of a verb. In `err`, wrapped lines are joined."""

    status: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line in this process, with nothing on standard input."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["footfall", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, " ".join(said.err.split()))

    return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home."""
    path = tmp_path / "home"
    path.mkdir()
    return path


def test_an_unknown_verb_is_wrong_use_and_names_the_known(call: Call) -> None:
    ended = call("upp")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("There is no verb 'upp'; there are: up, install, down, status, ")


def test_a_verb_with_cluster_runs_on_the_cluster(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr("footfall.cli.cluster.run_inside", lambda arguments: ran.append(arguments) or 3)
    assert call("query", "live-alerts", "--cluster", "--json").status == 3
    assert ran == [["query", "live-alerts", "--json"]]


def test_logs_of_the_cluster_are_those_of_docker(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.cluster.containers.docker.nodes", lambda _: [])
    assert call("logs", "kafka-1", "--cluster") == call("cluster", "logs", "kafka-1")


@pytest.mark.parametrize("verb", ["up", "down", "install"])
def test_what_belongs_to_this_machine_has_no_cluster(call: Call, verb: str) -> None:
    assert call(verb, "--cluster").status == 2


def test_a_cluster_that_does_not_run(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.cluster.containers.docker.nodes", lambda _: [])
    ended = call("cluster", "status", "--json")
    assert (ended.status, json.loads(ended.out)) == (1, {"healthy": False, "nodes": []})
    assert call("verify", "--cluster").err == "The cluster does not run. `./footfall cluster up` starts it."
    assert call("cluster", "kill", "kafka-1").status == 1
    assert "--scale takes KIND=NUMBER" in call("cluster", "up", "--scale", "kafka=4").err


def test_a_command_in_a_sentence_can_be_copied() -> None:
    for path in (REPOSITORY / "src").rglob("*.py"):
        assert not re.search("`footfall [a-z]", path.read_text("utf-8")), path


def test_no_verb_is_wrong_use_and_shows_the_help(call: Call) -> None:
    ended = call()
    assert ended.status == 2
    for verb, line in command_line.VERBS.items():
        assert f"  {verb:<10} {line}" in ended.out


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_is_no_mistake(call: Call, word: str) -> None:
    assert call(word).status == 0


@pytest.mark.parametrize("verb", command_line.VERBS)
def test_each_verb_has_help_and_refuses_an_unknown_option(call: Call, verb: str) -> None:
    ended = call(verb, "--help")
    assert ended.status == 0
    assert f"Usage: ./footfall {verb}" in ended.out
    ended = call(verb, "--no-such-option")
    assert (ended.status, ended.out) == (2, "")
    assert "No such option" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("up", "everything"), "There is no profile 'everything'; there are: full, realtime, batch."),
        (("up", "--only", ","), "--only is empty"),
        (("up", "--only", ""), "--only is empty"),
        (("up", "--only", "kafka,kaffee"), "There is no service 'kaffee'; there are: zookeeper, kafka, "),
        (("logs", "kaffee"), "There is no service 'kaffee'; there are: zookeeper, kafka, "),
        (("logs",), "Missing argument"),
        (("logs", "kafka", "-n", "0"), "Invalid value for '-n'"),
        (
            ("test", "everything"),
            "There is no suite 'everything'; there are: unit, integration, ",
        ),
        (("incident", "rain"), "There is no incident 'rain'; there are: errors, slow, "),
        (("incident", "errors", "--app", "cafe"), "There is no app 'cafe'; there are: shop, news, academy."),
        (("run", "kaffee"), "There is no service 'kaffee'; there are: zookeeper, kafka, "),
        (("run", "topology"), "There is no service 'topology'; there are: zookeeper, kafka, "),
    ],
)
def test_wrong_use_is_a_sentence_and_status_2(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    def started(*_: object) -> None:
        raise AssertionError("A platform would have been started.")

    monkeypatch.setattr(lifecycle, "up", started)
    ended = call(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert sentence in ended.err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("verb", ["up", "down", "status", "doctor"])
def test_settings_that_cannot_be_used_are_a_sentence_and_status_2(call: Call, home: Path, verb: str) -> None:
    (home / "settings.toml").write_text("pace = 99\n")
    ended = call(verb)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("The settings are invalid: pace: ")
    assert "Traceback" not in ended.err


def test_a_file_that_is_no_toml_is_named(call: Call, home: Path) -> None:
    (home / "settings.toml").write_text("pace =\n")
    ended = call("status")
    assert ended.status == 2
    assert ended.err.startswith(f"{home}/settings.toml cannot be read: ")


def test_a_relative_home_is_a_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", "here")
    ended = call("status")
    assert ended.status == 2
    assert "home and install must be absolute paths" in ended.err


def test_a_home_that_cannot_be_written_is_a_sentence(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("FOOTFALL_HOME", str(home / "file" / "below"))
    ended = call("down")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == f"{home}/file/below/run cannot be used: Not a directory."


def test_status_without_a_platform(call: Call, home: Path) -> None:
    ended = call("status")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "Footfall is not running. Start it with `./footfall up`."
    ended = call("status", "--json")
    assert ended.status == 1
    document = json.loads(ended.out)
    assert set(document.pop("disk")) == {"free_gib", "data_gib", "a_day_gib"}
    assert document == {"healthy": False, "services": [], "lags": []}


def test_status_while_the_first_up_installs(call: Call, home: Path) -> None:
    (home / "run").mkdir()
    with under_way.announced(Settings(home=home, install=home / "install"), ["kafka"]):
        ended = call("status")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "Footfall is not running yet: `./footfall up` is still installing what is missing."


def test_an_unknown_age_is_shown_as_unknown(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "run").mkdir()
    (home / "run" / "wanted.json").write_text('["zookeeper"]')
    monkeypatch.setattr(status, "lags", lambda *_: [ConsumerLag("live", 3, "events", None)])
    assert json.loads(call("status", "--json").out)["lags"][0]["age_s"] is None
    assert call("status").out.splitlines()[4].split() == ["live", "3", "events", "unknown"]


def test_the_version_is_that_of_the_project(call: Call) -> None:
    version = re.search(r'^version = "(.*)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    ended = call("--version")
    assert version is not None
    assert ended == Ended(0, f"footfall {version[1]} (Python {platform.python_version()})\n", "")


def test_status_is_one_document_or_one_table(call: Call, home: Path) -> None:
    (home / "run").mkdir()
    (home / "run" / "wanted.json").write_text('["zookeeper", "kafka"]')
    ended = call("status", "--json")
    document = json.loads(ended.out)
    assert [service["state"] for service in document["services"]] == ["stopped", "stopped"]
    assert set(document["services"][0]) >= {"name", "engine", "state", "pid", "rss_mb", "uptime_s", "detail"}
    lines = call("status").out.splitlines()
    assert lines[0].split() == ["name", "engine", "state", "pid", "rss_mb", "uptime_s", "detail"]
    assert [line.split()[:3] for line in lines[1:3]] == [[n, n, "stopped"] for n in ("zookeeper", "kafka")]
    assert lines[3] == ""
    assert lines[4].startswith("data: 0.00 GiB; ")
    assert "per day" not in lines[4]
    assert len(lines) == 5


def test_doctor_is_one_document_and_fails_while_something_is_wrong(call: Call, home: Path) -> None:
    ended = call("doctor", "--json")
    assert ended.status == 1
    document = json.loads(ended.out)
    assert document["facts"]["platform"].startswith("not running")
    assert any("jars of kafka are missing" in problem for problem in document["problems"])


def test_up_that_fails_says_why_and_prints_no_document(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_RETENTION__FREE_DISK_GIB", "1e9")
    ended = call("up", "--only", "watchdog", "--json")
    assert (ended.status, ended.out) == (1, "")
    assert "GiB of disk space is free" in ended.err


def test_up_prints_the_addresses_of_started_services(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def brought_up(settings: Settings, profile: str, only: tuple[str, ...], *_: object) -> object:
        return [service for service in SERVICES if not only or service.name in only]

    monkeypatch.setattr(lifecycle, "up", brought_up)
    monkeypatch.setenv("FOOTFALL_PORT_OFFSET", "100")
    ended = call("up", "--json", "--only", "site-news,dashboard")
    document = json.loads(ended.out)
    assert (ended.status, document["healthy"]) == (0, True)
    assert document["addresses"] == {"news": "http://localhost:5102", "dashboard": "http://localhost:8601"}
    said = call("up").out
    assert all(f"http://localhost:{port}\n" in said for port in (5101, 5102, 5103, 8601))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rebuild", "live"), "Footfall is not running. Start it with `./footfall up`."),
        (("incident", "errors", "--app", "news"), "site-news must run for this. Start Footfall with"),
    ],
)
def test_verbs_that_need_the_platform_report_that_it_is_not_running(
    call: Call, home: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = call(*arguments)
    assert (ended.status, ended.out) == (1, "")
    assert sentence in ended.err
    assert list(home.iterdir()) == []


def test_an_incident_begins_only_on_running_sites(call: Call, home: Path) -> None:
    (home / "run").mkdir()
    (home / "run" / "wanted.json").write_text('["site-news"]')
    ended = call("incident", "errors", "--app", "news", "--json")
    assert [told["app_id"] for told in json.loads(ended.out)] == ["news"]
    assert ended.status == 0
    ended = call("incident", "errors")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("site-shop, site-academy must run for this.")


def test_down_without_a_platform_succeeds(call: Call, home: Path) -> None:
    ended = call("down")
    assert (ended.status, ended.err) == (0, "Nothing was running.")
    ended = call("down", "--json")
    assert (ended.status, json.loads(ended.out)) == (0, {"stopped": True, "purged": False, "kept": []})


def test_down_that_fails_deletes_nothing(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ClusterError("The process manager did not end.")

    monkeypatch.setattr(lifecycle, "down", refuse)
    (home / "data").mkdir()
    ended = call("down", "--purge", "--yes")
    assert (ended.status, ended.err) == (1, "The process manager did not end.")
    assert (home / "data").exists()


def test_purge_asks_first(call: Call, home: Path) -> None:
    (home / "data").mkdir()
    ended = call("down", "--purge")
    assert ended.status == 1
    assert f"Delete all events, figures and logs under {home}?" in ended.err
    assert (home / "data").exists()


def test_purge_deletes_all_data_and_says_what_stays(call: Call, home: Path) -> None:
    purge.claim(Settings(home=home))
    for name in (*purge.FOLDERS, "install", "test"):
        (home / name).mkdir(exist_ok=True)
        (home / name / "something").touch()
    (home / "settings.toml").write_text("pace = 2.0\n")
    kept = [str(home / name) for name in ("install", "settings.toml", "test")]
    ended = call("down", "--purge", "--yes", "--json")
    assert (ended.status, json.loads(ended.out)) == (0, {"stopped": True, "purged": True, "kept": kept})
    assert f"What stays: {', '.join(kept)}." in ended.err
    assert sorted(map(str, home.iterdir())) == kept


def test_purge_of_a_folder_of_somebody_else_deletes_nothing(call: Call, home: Path) -> None:
    for name in ("logs", "run", "src"):
        (home / name).mkdir()
        (home / name / "own").touch()
    ended = call("down", "--purge", "--yes")
    assert ended.status == 0
    for name in ("logs", "run"):
        told = f"{home / name} was there before Footfall, which has no record that it made it. It was left alone."
        assert told in ended.err
    assert all((home / name / "own").exists() for name in ("logs", "run", "src"))


def test_purge_deletes_what_services_keep_outside_the_home(
    call: Call, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    (outside / "base").mkdir(parents=True)
    another = tmp_path / "another"
    another.mkdir()
    made_up = Service(name="made-up", engine="made_up", step=lambda _: None, outside=lambda _: outside)
    monkeypatch.setattr(services, "SERVICES", (made_up, *SERVICES))
    assert call("down", "--yes").status == 0
    assert outside.exists()
    assert call("down", "--purge", "--yes").status == 0
    assert not outside.exists()
    assert another.exists()


def test_a_log_that_is_not_there_is_a_sentence(call: Call, home: Path) -> None:
    ended = call("logs", "kafka")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == f"kafka has no log yet, because it has never been started in {home}."


@pytest.mark.parametrize(
    ("service", "file"), [("kafka", "kafka.log"), ("topology", "storm/workers-artifacts/live-2/6700/worker.log")]
)
def test_logs_becomes_tail(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch, service: str, file: str) -> None:
    path = home / "logs" / file
    path.parent.mkdir(parents=True)
    path.touch()

    def become(program: str, command: list[str]) -> None:
        print(program, *command)
        raise SystemExit(0)

    monkeypatch.setattr("os.execvp", become)
    assert call("logs", service, "-f", "-n", "7").out.split() == ["tail", "tail", "-n", "7", "-F", str(path)]

"""The client of YARN, on a fake YARN: how the applications of a tag are ended."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from footfall.settings import Ports, Settings
from footfall.yarn import Yarn, YarnUnavailable

_APPS = "/ws/v1/cluster/apps"


class MadeUpYarn:
    """A fake YARN. Applications by id: their tag, and whether they run. stubborn: those that ignore a kill. follows: by
    application, the one that starts when it is killed."""

    def __init__(self) -> None:
        self.applications: dict[str, tuple[str, bool]] = {}
        self.stubborn: set[str] = set()
        self.follows: dict[str, str] = {}
        self.looks_until_gone = 2
        self._ending: dict[str, int] = {}

    def running(self, tag: str) -> list[dict[str, str]]:
        for name in list(self._ending):
            self._ending[name] -= 1
            if self._ending[name] <= 0:
                self.applications[name] = self.applications[name][0], False
        return [{"id": name} for name, (own, runs) in self.applications.items() if own == tag and runs]

    def end(self, name: str) -> None:
        if name not in self.stubborn:
            self._ending[name] = self.looks_until_gone
        if next_name := self.follows.get(name):
            self.applications[next_name] = self.applications[name]


@pytest.fixture
def made_up() -> MadeUpYarn:
    return MadeUpYarn()


@pytest.fixture
def yarn(made_up: MadeUpYarn, tmp_path: Path) -> Iterator[Yarn]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            assert asked.path == _APPS
            [tag] = parse_qs(asked.query)["applicationTags"]
            found = made_up.running(tag)
            # YARN's answer if there are none.
            self._answer(200, {"apps": {"app": found} if found else None})

        def do_PUT(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert wanted == {"state": "KILLED"}
            name = self.path.removeprefix(f"{_APPS}/").removesuffix("/state")
            if name not in made_up.applications:
                self._answer(404, {"RemoteException": {"message": "no such application"}})
                return
            made_up.end(name)
            self._answer(202, {"state": "RUNNING"})

        def _answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Yarn(Settings(home=tmp_path, ports=Ports(yarn_http=server.server_address[1])))
        server.shutdown()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.yarn._LOOK_S", 0.01)
    monkeypatch.setattr("footfall.yarn._PATIENCE_S", 1.0)


def test_without_applications_nothing_is_ended(yarn: Yarn) -> None:
    assert yarn.end_all("mine") == []


def test_applications_have_ended_on_return(yarn: Yarn, made_up: MadeUpYarn) -> None:
    made_up.applications = {"application_1": ("mine", True), "application_2": ("other", True)}
    assert yarn.end_all("mine") == ["application_1"]
    assert made_up.applications == {"application_1": ("mine", False), "application_2": ("other", True)}


def test_an_application_that_starts_meanwhile_ends_too(yarn: Yarn, made_up: MadeUpYarn) -> None:
    made_up.applications = {"application_1": ("mine", True)}
    made_up.follows = {"application_1": "application_2"}
    assert yarn.end_all("mine") == ["application_1", "application_2"]
    assert made_up.applications["application_2"] == ("mine", False)


def test_an_application_that_does_not_end_is_named(yarn: Yarn, made_up: MadeUpYarn) -> None:
    made_up.applications = {"application_1": ("mine", True)}
    made_up.stubborn = {"application_1"}
    with pytest.raises(YarnUnavailable, match=r"YARN did not end application_1 within"):
        yarn.end_all("mine")


def test_a_yarn_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    # Nothing listens there.
    with pytest.raises(YarnUnavailable, match="YARN does not answer"):
        Yarn(Settings(home=tmp_path, ports=Ports(yarn_http=1))).end_all("mine")

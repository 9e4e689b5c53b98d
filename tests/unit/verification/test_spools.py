"""Waiting for spools, and messages about those that are not empty."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.verification.patience import Patience
from footfall.verification.spools import SpoolState, await_drained, look_at

T_MS = 1_795_507_200_000


def state(app: str = "shop", answers: bool = True, oldest_ms: int | None = None, files: int = 0) -> SpoolState:
    return SpoolState(app, 5001, answers, oldest_ms, files)


@pytest.mark.parametrize(
    ("found", "runs", "lag", "accepted_before_ms"),
    [
        (state(), True, None, T_MS),
        (state(oldest_ms=T_MS), True, None, T_MS),
        (
            state(oldest_ms=T_MS - 1),
            True,
            "The spool of site-shop still holds events received at 2026-11-24T07:59:59.999Z or later.",
            T_MS - 1,
        ),
        (state(answers=False), False, None, T_MS),
        (state(answers=False), True, "site-shop does not answer on port 5001.", T_MS),
        (
            state(answers=False, files=2),
            False,
            "site-shop does not run; its spool still has 2 files, and its accepted events are not compared.",
            0,
        ),
    ],
)
def test_a_state_as_a_sentence(found: SpoolState, runs: bool, lag: str | None, accepted_before_ms: int) -> None:
    assert found.lag(T_MS, runs) == lag
    assert found.accepted_before_ms(T_MS) == accepted_before_ms


def test_waits_until_the_last_spool_is_drained() -> None:
    asked = dict.fromkeys(DEMO_SITES, 0)

    def look(app: str) -> SpoolState:
        asked[app] += 1
        return state(app, oldest_ms=T_MS - 5 if app == "news" and asked[app] == 1 else None)

    progress: list[str] = []
    states = await_drained(look, DEMO_SITES, DEMO_SITES, T_MS, Patience(30, progress.append))
    assert asked["news"] == 2
    assert all(found.lag(T_MS, True) is None for found in states.values())


def test_gives_up_when_patience_is_over() -> None:
    states = await_drained(lambda app: state(app, answers=False), DEMO_SITES, ["shop"], T_MS, Patience(0, str))
    assert states["shop"].lag(T_MS, True) == "site-shop does not answer on port 5001."


def test_does_not_wait_for_the_spool_of_a_stopped_site() -> None:
    asked: list[str] = []

    def look(app: str) -> SpoolState:
        asked.append(app)
        return state(app, answers=False, files=3)

    await_drained(look, DEMO_SITES, [], T_MS, Patience(30, str))
    assert asked == list(DEMO_SITES)


@pytest.fixture
def site() -> Iterator[tuple[int, dict[str, Any]]]:
    """A port that answers /healthz with what the test puts there."""
    answer: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, answer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("health", "answers", "oldest_ms"),
    [
        ({"app": "shop", "spool_oldest_received_at": None}, True, None),
        ({"app": "shop", "spool_oldest_received_at": "2026-11-24T08:00:00.000Z"}, True, T_MS),
        ({"app": "news", "spool_oldest_received_at": None}, False, None),
        ({"app": "shop"}, False, None),
        ({}, False, None),
    ],
)
def test_asks_the_site(
    site: tuple[int, dict[str, Any]], tmp_path: Path, health: dict[str, Any], answers: bool, oldest_ms: int | None
) -> None:
    port, answer = site
    answer.update(health)
    (tmp_path / "spool" / "shop").mkdir(parents=True)
    (tmp_path / "spool" / "shop" / "000000000001.spool").touch()
    settings = Settings(home=tmp_path, ports={"shop": port})
    assert look_at(settings, "shop") == SpoolState("shop", port, answers, oldest_ms, 1)


def test_a_site_that_does_not_run_does_not_answer(tmp_path: Path) -> None:
    # Nothing listens on port 1.
    found = look_at(Settings(home=tmp_path, ports={"shop": 1}), "shop")
    assert found == SpoolState("shop", 1, False, None, 0)

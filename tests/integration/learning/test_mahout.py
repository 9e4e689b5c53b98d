"""Mahout on YARN: k-means and the recommender as uber jobs, against the same work in one process; and cancellation."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import urllib3

from footfall.hdfs import Hdfs
from footfall.learning.errors import MahoutFailed
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess, OnYarn
from footfall.settings import Settings
from footfall.yarn import Yarn
from tests.support.long_tests import only_in_all
from tests.support.platform import await_true

POINTS = np.concatenate([np.random.default_rng(1).normal(centre, 0.3, (60, 3)) for centre in (0.0, 4.0, 9.0)])
SEEDS = POINTS[[0, 70, 130]]
# Two circles of taste: even users use even items, odd ones odd items.
PREFERENCES = [
    (user, item, 1.0 + (user + item) % 3)
    for user in range(40)
    for item in range(20)
    if user % 2 == item % 2 and (user * 7 + item * 3) % 5 < 3
]

_STARTS = """
import signal
import sys
from pathlib import Path
import numpy as np
from footfall.learning.mahout import Mahout
from footfall.learning.places import OnYarn
from footfall.settings import load_settings
# A process that was started in the background ignores it, and its children do.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings = load_settings()
points = np.random.default_rng(1).normal(size=(20_000, 10))
Mahout(settings, OnYarn(settings, sys.argv[1], sys.argv[2], 1024)).k_means(points, points[:3], "k-means")
"""


@pytest.fixture
def place(platform: Settings) -> Iterator[OnYarn]:
    name = f"test-mahout-{secrets.token_hex(4)}"
    place = OnYarn(platform, f"/tmp/{name}", name, 1024)
    yield place
    place.end_jobs()
    place.delete()


def test_k_means_on_yarn_and_in_one_process_are_the_same(platform: Settings, place: OnYarn, tmp_path: Path) -> None:
    on_yarn = Mahout(platform, place)
    found = on_yarn.k_means(POINTS, SEEDS, "k-means")
    assert np.bincount(found.members).tolist() == [60, 60, 60]
    assert found.iterations <= 10
    # An iteration is a job; another one assigns the points.
    assert len(on_yarn.jobs) == found.iterations + 1
    for sequential in (True, False):
        own = Mahout(platform, InProcess(tmp_path)).k_means(POINTS, SEEDS, f"{sequential}", sequential=sequential)
        assert own.members.tolist() == found.members.tolist()
        assert own.centres == pytest.approx(found.centres, abs=1e-9)


# tests/e2e/test_learning.py compares the same of real uses.
@only_in_all
def test_the_recommender_on_yarn_and_in_one_process_are_the_same(
    platform: Settings, place: OnYarn, tmp_path: Path
) -> None:
    found = Mahout(platform, place).recommend(PREFERENCES, "r", boolean=True, most=5)
    own = Mahout(platform, InProcess(tmp_path), heap_mb=512).recommend(PREFERENCES, "r", boolean=True, most=5)
    assert _figures(found.items) == pytest.approx(_figures(own.items))
    assert _figures(found.similar) == pytest.approx(_figures(own.similar))
    used = {(user, item) for user, item, _ in PREFERENCES}
    assert found.items
    for user, item, _ in found.items:
        assert (user, item) not in used
        assert user % 2 == item % 2
    assert all(first < second and first % 2 == second % 2 for first, second, _ in found.similar)


def _figures(rows: Sequence[tuple[int, int, float]]) -> dict[tuple[int, int], float]:
    """The scores or similarities; none is listed twice."""
    figures = {(first, second): figure for first, second, figure in rows}
    assert len(figures) == len(rows)
    return figures


# tests/e2e/test_learning.py compares two results of the same use, on YARN and in one process.
@only_in_all
def test_the_same_input_has_one_result(platform: Settings, tmp_path: Path) -> None:
    results = [
        Mahout(platform, InProcess(tmp_path / name), heap_mb=512).recommend(PREFERENCES, "r", boolean=False, most=3)
        for name in ("a", "b")
    ]
    assert results[0] == results[1]


def test_a_running_job_answers_no_rebound_name_and_ends_with_its_cancelled_client(
    platform: Settings, place: OnYarn
) -> None:
    command = [sys.executable, "-c", _STARTS, place.root, place.tag]
    seen: list[tuple[int, int]] = []

    def asked() -> bool:
        # A job may end at any time, and another one follows.
        for application in Yarn(platform).applications(place.tag):
            for port in _web_ports(application):
                statuses = _status(port, "attacker.example"), _status(port, "127.0.0.1")
                if 0 not in statuses:
                    seen.append(statuses)
        return bool(seen)

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as client:
        try:
            await_true(asked, "the web port of a job")
            # That job may have ended meanwhile; the client is cancelled while one runs.
            await_true(lambda: bool(Yarn(platform).applications(place.tag)), "an application")
        finally:
            client.send_signal(signal.SIGINT)
        client.communicate(timeout=60)
    assert client.returncode != 0
    assert {foreign for foreign, _ in seen} == {403}
    await_true(lambda: not Yarn(platform).applications(place.tag), "the end of the application", 30)


def _web_ports(application: str) -> set[int]:
    """The ports on which the master of a job serves pages to this machine; it has another one for Hadoop's protocol."""
    listening = set()
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "java" and any(application in part for part in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                connections = process.net_connections("tcp")
                listening |= {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
    # Where a machine's name is no name of loopback, the port sends everybody to YARN's pages.
    return {port for port in listening if _status(port, "localhost") in (200, 302)}


def _status(port: int, host: str) -> int:
    """The status with which a port answers a request for a host; 0 for what is not HTTP."""
    address = f"http://127.0.0.1:{port}/ws/v1/mapreduce/info"
    try:
        return urllib3.request("GET", address, headers={"Host": host}, timeout=10.0, retries=False).status
    except urllib3.exceptions.HTTPError:
        return 0


def test_a_killed_clients_application_is_ended_by_the_next_one(platform: Settings, place: OnYarn) -> None:
    command = [sys.executable, "-c", _STARTS, place.root, place.tag]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as client:
        await_true(lambda: bool(Yarn(platform).applications(place.tag)), "an application")
        # The program of Java, too.
        os.killpg(client.pid, signal.SIGKILL)
    with Mahout(platform, place).clean():
        assert Yarn(platform).applications(place.tag) == []
        assert Hdfs(platform).list(place.root) == []


def test_a_program_that_fails_is_a_sentence(platform: Settings, tmp_path: Path) -> None:
    mahout = Mahout(platform, InProcess(tmp_path))
    with pytest.raises(MahoutFailed, match=r"Mahout's KMeansDriver failed. It said: .*No input clusters"):
        mahout.k_means(POINTS, SEEDS[:0], "none")

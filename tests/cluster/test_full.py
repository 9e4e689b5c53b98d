"""The batch half on many nodes: tables, learning, jobs on two NodeManagers, and what dies meanwhile."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.cluster.conftest import Cluster
from tests.support.long_tests import only_in_all

pytestmark = only_in_all

_BATCH_S = 1800
# What MapReduce's history server knows of the finished jobs.
_JOBS = """
import json
from footfall.settings import load_settings
from footfall.yarn import Yarn
settings = load_settings()
yarn, url = Yarn(settings), settings.url("yarn_jobhistory_http")
found = yarn.ask(url, "history/mapreduce/jobs")["jobs"] or {"job": []}
print(json.dumps([yarn.ask(url, "history/mapreduce/jobs/" + job["id"])["job"] for job in found["job"]]))
"""

_LOSE_CHECKPOINT = """
from footfall.hdfs import Hdfs
from footfall.lake import layout
from footfall.lake.progress import Journal
from footfall.settings import load_settings
hdfs = Hdfs(load_settings())
checkpoint = Journal(hdfs).current().checkpoint
assert hdfs.delete(layout.checkpoint_folder(checkpoint))
print(checkpoint)
"""


class Days(NamedTuple):
    """Past days of the cluster. first, last: UTC days. before: what `_answers` found when they were new."""

    first: str
    last: str
    before: dict[str, Any]


def _answers(cluster: Cluster, first: str, last: str) -> dict[str, Any]:
    """What Spark made of the events, and the checks of that and of what Pig made of the log lines."""
    found = {}
    for question in ("daily-summary", "navigation-paths", "geographic-traffic", "slow-pages", "data-quality"):
        found[question] = cluster.ask("query", question, "--from", first, "--to", last)
        for row in found[question]:
            # The days are checked and published again, and nothing else of them changes.
            row.pop("published_at", None)
            row.pop("checked_at", None)
    return found


@pytest.fixture(scope="module")
def days(full_cluster: Cluster) -> Days:
    full_cluster.await_figures()
    options = ("--days", "2", "--events-per-day", "3000", "--users", "600", "--json", "--cluster")
    made = json.loads(full_cluster.call("history", *options, timeout_s=_BATCH_S))
    first, last = made["days"][0]["dt"], made["days"][-1]["dt"]
    return Days(first, last, _answers(full_cluster, first, last))


def test_past_days_become_tables_and_every_store_agrees(full_cluster: Cluster, days: Days) -> None:
    assert all(days.before.values())
    assert {row["dt"] for row in days.before["daily-summary"]} == {days.first, days.last}
    hive = full_cluster.assert_verified()["stores"]["hive"]
    assert (hive["compared"], hive["days"]) == (True, 2)
    assert hive["events"] > 0


def test_maps_and_reducers_have_containers_of_their_own(full_cluster: Cluster, days: Days) -> None:
    with_reducer = [job for job in json.loads(full_cluster.python(_JOBS)) if job["reducesTotal"]]
    assert with_reducer
    for job in with_reducer:
        assert (job["state"], job["uberized"], job["reducesCompleted"]) == ("SUCCEEDED", False, 1), job


def test_learning_finds_segments_and_recommendations(full_cluster: Cluster, days: Days) -> None:
    full_cluster.call("learn", "--cluster", timeout_s=_BATCH_S)
    assert full_cluster.ask("query", "segments")
    full_cluster.assert_verified()


def test_a_lost_checkpoint_is_recovered_while_the_driver_is_stopped(full_cluster: Cluster) -> None:
    refused = full_cluster.tried("recover", "archive", "--cluster")
    assert refused.returncode == 1
    assert "Stop it with `./footfall cluster kill spark-streaming`" in refused.stderr
    full_cluster.call("cluster", "kill", "spark-streaming")
    lost = full_cluster.python(_LOSE_CHECKPOINT)
    assert full_cluster.ask("recover", "archive")["checkpoint"] != lost
    full_cluster.call("cluster", "heal")
    full_cluster.await_healthy()
    full_cluster.assert_verified()


def test_the_active_namenode_dies_and_the_days_are_made_again(full_cluster: Cluster, days: Days) -> None:
    """Hive's tables keep the name of the nameservice, so they outlive a NameNode."""
    active, _ = full_cluster.active_and_standby()
    full_cluster.call("cluster", "kill", active)
    full_cluster.await_figures()
    _make_again(full_cluster, days)
    full_cluster.call("cluster", "heal")
    full_cluster.await_healthy()
    assert _answers(full_cluster, days.first, days.last) == days.before


def test_a_nodemanager_dies_under_a_batch(full_cluster: Cluster, days: Days) -> None:
    """Its containers are gone with it. The streams and the batch get others on the node that is left, or later."""
    with ThreadPoolExecutor(1) as beside:
        batch = beside.submit(_make_again, full_cluster, days)
        time.sleep(45)
        full_cluster.call("cluster", "kill", "yarn-nodemanager-1")
        time.sleep(60)
        full_cluster.call("cluster", "heal")
        batch.result()
    full_cluster.await_healthy()
    assert _answers(full_cluster, days.first, days.last) == days.before
    full_cluster.assert_verified()


def test_the_batch_half_s_single_nodes_die_and_the_next_batch_is_well(full_cluster: Cluster, days: Days) -> None:
    for node in ("postgres", "hive-metastore", "hive-server2", "yarn-resourcemanager", "airflow-scheduler"):
        full_cluster.call("cluster", "kill", node)
    time.sleep(20)
    full_cluster.call("cluster", "heal")
    full_cluster.await_healthy()
    _make_again(full_cluster, days)
    assert _answers(full_cluster, days.first, days.last) == days.before


def test_the_platform_is_stopped_and_started(full_cluster: Cluster, days: Days) -> None:
    full_cluster.call("cluster", "down")
    full_cluster.up("--profile", "full", "--no-build")
    full_cluster.await_figures()
    assert _answers(full_cluster, days.first, days.last) == days.before
    full_cluster.assert_verified()


def _make_again(cluster: Cluster, days: Days) -> None:
    cluster.call("batch", "--from", days.first, "--to", days.last, "--cluster", timeout_s=_BATCH_S)

"""A cluster with two NameNodes: one dies or freezes, and the other one goes on with the same files."""

import time

import pytest

from tests.cluster.conftest import Cluster
from tests.support.long_tests import only_in_all

pytestmark = only_in_all

_FILE = "/tmp/standby-test"
_TAKEOVER_S = 90.0
_WRITE = f"""
import sys
from footfall.hdfs import Hdfs
from footfall.settings import load_settings
Hdfs(load_settings()).write("{_FILE}", sys.argv[1].encode())
"""
_READ = f"""
from footfall.hdfs import Hdfs
from footfall.settings import load_settings
print(Hdfs(load_settings()).read("{_FILE}").decode())
"""


def _await_roles(cluster: Cluster, wanted: dict[str, str]) -> None:
    until = time.monotonic() + _TAKEOVER_S
    while not wanted.items() <= (found := cluster.namenode_roles()).items():
        assert time.monotonic() < until, found
        time.sleep(1)


def test_one_is_active_and_the_other_one_stands_by(cluster_with_standby: Cluster) -> None:
    cluster_with_standby.await_figures()
    cluster_with_standby.active_and_standby()
    cluster_with_standby.assert_verified()


@pytest.mark.parametrize("turn", ["there", "and back"])
def test_the_active_one_dies_and_comes_back_as_the_other(cluster_with_standby: Cluster, turn: str) -> None:
    cluster_with_standby.await_figures()
    active, other = cluster_with_standby.active_and_standby()
    cluster_with_standby.python(_WRITE, f"before {turn}")
    cluster_with_standby.call("cluster", "kill", active)
    _await_roles(cluster_with_standby, {other: "active"})
    assert cluster_with_standby.python(_READ) == f"before {turn}"
    cluster_with_standby.python(_WRITE, turn)
    cluster_with_standby.await_figures()
    # What the sites logged and sent meanwhile is stored without the dead one.
    cluster_with_standby.assert_verified()
    cluster_with_standby.call("cluster", "heal")
    cluster_with_standby.await_healthy()
    assert cluster_with_standby.namenode_roles() == {other: "active", active: "standby"}
    assert cluster_with_standby.python(_READ) == turn


@pytest.mark.parametrize("fault", ["pause", "partition"])
def test_the_active_one_is_frozen_or_cut_off_and_does_not_write_any_more(
    cluster_with_standby: Cluster, fault: str
) -> None:
    cluster_with_standby.await_figures()
    active, other = cluster_with_standby.active_and_standby()
    cluster_with_standby.call("cluster", fault, active)
    _await_roles(cluster_with_standby, {other: "active"})
    cluster_with_standby.python(_WRITE, fault)
    cluster_with_standby.call("cluster", "heal")
    cluster_with_standby.await_healthy()
    _await_roles(cluster_with_standby, {other: "active", active: "standby"})
    assert cluster_with_standby.python(_READ) == fault
    cluster_with_standby.await_figures()


def test_a_namenode_that_lost_its_files_copies_them(cluster_with_standby: Cluster) -> None:
    _, other = cluster_with_standby.active_and_standby()
    cluster_with_standby.call("cluster", "exec", other, "rm", "-r", "/footfall/data/namenode/current")
    cluster_with_standby.call("cluster", "kill", other)
    cluster_with_standby.call("cluster", "heal")
    cluster_with_standby.await_healthy()
    cluster_with_standby.active_and_standby()


def test_the_files_outlive_the_containers_and_the_overlay_stays(cluster_with_standby: Cluster) -> None:
    written = cluster_with_standby.python(_READ)
    cluster_with_standby.call("cluster", "down")
    refused = cluster_with_standby.tried("cluster", "up", "--no-ha", "--no-build")
    assert refused.returncode != 0
    assert "made with a second NameNode" in refused.stderr
    cluster_with_standby.up("--no-build")
    cluster_with_standby.await_figures()
    cluster_with_standby.active_and_standby()
    assert cluster_with_standby.python(_READ) == written
    cluster_with_standby.assert_verified()

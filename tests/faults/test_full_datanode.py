"""The DataNode's disk is full: `status` reports it, writers wait, and all continue by themselves; nothing is lost."""

from footfall.streaming import driver_report
from tests.support import batches
from tests.support.full_datanode import FULL, full
from tests.support.platform import Platform, await_true
from tests.support.weblogs import await_all_arrived

_REMEDY = "Free some space on the disk of "


def test_a_full_datanode_is_reported_and_loses_nothing(verified_platform: Platform) -> None:
    settings = verified_platform.settings
    before = batches.latest(settings)
    with full(settings):
        await_true(lambda: FULL in verified_platform.service("datanode")["detail"], "status to report it", 60, every=1)
        [problem] = [problem for problem in verified_platform.json("doctor")["problems"] if FULL in problem]
        assert _REMEDY in problem
        await_true(lambda: _trouble(verified_platform) != "", "the archive to report that it waits", 60, every=0.5)
        stood = batches.latest(settings)
    pid = verified_platform.service("datanode")["pid"]
    await_true(lambda: verified_platform.service("datanode")["state"] == "healthy", "room again", 60, every=1)
    await_true(lambda: batches.latest(settings).batch > stood.batch, "the archive to go on", 120, every=1)
    await_all_arrived(settings, 180)
    verified_platform.await_well()
    assert verified_platform.service("datanode")["pid"] == pid, "the DataNode was not restarted"
    assert batches.latest(settings).totals.archived > before.totals.archived
    assert not any(FULL in problem for problem in verified_platform.json("doctor")["problems"])


def _trouble(platform: Platform) -> str:
    found = driver_report.read(platform.settings)
    return "" if found is None else found.trouble

"""The streaming driver, its executor and YARN die; a checkpoint is lost or another's: each event is archived once."""

import json

from footfall.cluster.engines.yarn import STEP_MB, node
from footfall.hdfs import Hdfs
from footfall.lake import layout
from footfall.streaming import driver_report
from tests.support import batches, yarn
from tests.support.platform import Platform, await_true

_EXECUTOR = "YarnCoarseGrainedExecutorBackend"


def _refused(platform: Platform) -> str:
    """What the driver cannot go on for, as soon as it says so."""
    told: list[str] = []

    def says() -> bool:
        found = driver_report.read(platform.settings)
        told[:] = [found.trouble] if found is not None and found.trouble else []
        return bool(told)

    await_true(says, "the driver to say what is wrong", 120)
    return told[0]


def test_driver(verified_platform: Platform) -> None:
    log = verified_platform.settings.logs_dir / "spark-streaming.log"
    told = log.stat().st_size
    pid = verified_platform.kill_service("spark-streaming")
    verified_platform.await_back("spark-streaming", pid)
    # Its successor did not wait for ZooKeeper to give the dead one up.
    assert b"another driver holds the lock" not in log.read_bytes()[told:]
    batches.await_more(verified_platform.settings, 1)


def test_executor_comes_back_beside_a_full_batch_queue(verified_platform: Platform) -> None:
    settings = verified_platform.settings
    share_mb = next(queue.memory_mb for queue in node(settings).queues if queue.name == "batch")
    # A share in hundredths of a percent may be a little less than that: so all but the last step, and more than it.
    most_mb = share_mb - STEP_MB
    asked = [yarn.submit(settings, f"test-{mb}", "batch", mb, "sleep 600") for mb in (most_mb, 2 * STEP_MB)]
    try:

        def full() -> bool:
            told = yarn.queue(settings, "batch")
            return bool(told["resourcesUsed"]["memory"] == most_mb and told["numPendingApplications"] == 1)

        await_true(full, "a full queue, and an application that waits", 60)
        old = {process.pid for process in verified_platform.processes(_EXECUTOR)}
        assert old, "no executor is running"
        for pid in old:
            verified_platform.kill(pid)
        await_true(lambda: bool({p.pid for p in verified_platform.processes(_EXECUTOR)} - old), "a new executor", 120)
        batches.await_more(settings)
        assert full(), "the batch queue was to be full all the while"
    finally:
        for application in asked:
            yarn.end(settings, application)
    await_true(lambda: yarn.queue(settings, "batch")["numApplications"] == 0, "an empty queue", 60)


def test_node_manager(verified_platform: Platform) -> None:
    pid = verified_platform.kill_service("yarn-nodemanager")
    verified_platform.await_back("yarn-nodemanager", pid)
    batches.await_more(verified_platform.settings)


def test_a_lost_checkpoint_is_refused_and_recovered(verified_platform: Platform) -> None:
    hdfs, before = Hdfs(verified_platform.settings), batches.latest(verified_platform.settings)
    pid = verified_platform.kill_service("spark-streaming")
    assert hdfs.delete(layout.checkpoint_folder(before.checkpoint))
    assert "is lost. `footfall recover archive` goes on" in _refused(verified_platform)
    recovered = verified_platform.json("recover", "archive")
    assert recovered["checkpoint"] != before.checkpoint
    verified_platform.await_back("spark-streaming", pid)
    batches.await_archived(verified_platform.settings, before.totals.archived + 1)


def test_a_foreign_checkpoint_is_refused(verified_platform: Platform) -> None:
    hdfs, before = Hdfs(verified_platform.settings), batches.latest(verified_platform.settings)
    owner = f"{layout.checkpoint_folder(before.checkpoint)}/owner.json"
    own = hdfs.read(owner)
    assert own is not None
    hdfs.write(owner, json.dumps({"checkpoint": "0badf00d"}).encode())
    pid = verified_platform.kill_service("spark-streaming")
    assert "is not this archive's" in _refused(verified_platform)
    # What it may not do needs no containers; those that the killed one left were ended.
    await_true(lambda: not verified_platform.processes(_EXECUTOR), "no executor to be left", 30)
    # Put right by hand, it goes on by itself.
    hdfs.write(owner, own)
    verified_platform.await_back("spark-streaming", pid)

"""The streaming driver, its executor and YARN die; a checkpoint is lost or foreign: each event is archived once."""

import json

from footfall.cluster.engines.yarn import STEP_MB, node
from footfall.hdfs import Hdfs
from footfall.lake import layout
from footfall.streaming import driver_report
from tests.support import batches, yarn
from tests.support.platform import Platform, await_true

_EXECUTOR = "YarnCoarseGrainedExecutorBackend"


def _refused(platform: Platform) -> str:
    """The reason why the driver does not continue, as soon as it reports one."""
    troubles: list[str] = []

    def has_reported() -> bool:
        found = driver_report.read(platform.settings)
        troubles[:] = [found.trouble] if found is not None and found.trouble else []
        return bool(troubles)

    await_true(has_reported, "the driver to report its trouble", 120)
    return troubles[0]


def test_driver(verified_platform: Platform) -> None:
    log = verified_platform.settings.logs_dir / "spark-streaming.log"
    logged_bytes = log.stat().st_size
    pid = verified_platform.kill_service("spark-streaming")
    verified_platform.await_back("spark-streaming", pid)
    # The new driver did not have to wait until ZooKeeper declared the old one dead.
    assert b"another driver holds the lock" not in log.read_bytes()[logged_bytes:]
    batches.await_more(verified_platform.settings, 1)


def test_executor_comes_back_beside_a_full_batch_queue(verified_platform: Platform) -> None:
    settings = verified_platform.settings
    share_mb = next(queue.memory_mb for queue in node(settings).queues if queue.name == "batch")
    # YARN rounds the share to hundredths of a percent. So the first application takes all but the last step of memory,
    # and the second asks for more than that step.
    most_mb = share_mb - STEP_MB
    asked = yarn.submit(settings, "batch", [most_mb, 2 * STEP_MB], "sleep 600")
    try:

        def full() -> bool:
            queue = yarn.queue(settings, "batch")
            return bool(queue["resourcesUsed"]["memory"] == most_mb and queue["numPendingApplications"] == 1)

        await_true(full, "a full queue, and an application that waits", 60)
        old = set(verified_platform.processes(_EXECUTOR))
        assert old, "no executor is running"
        for process in old:
            verified_platform.kill(process.pid)
        await_true(lambda: bool(set(verified_platform.processes(_EXECUTOR)) - old), "a new executor", 120)
        batches.await_more(settings)
        assert full(), "the batch queue was to stay full"
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
    assert "is lost. `./footfall recover archive` continues" in _refused(verified_platform)
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
    # A refused driver needs no containers, and those of the killed driver were ended.
    await_true(lambda: not verified_platform.processes(_EXECUTOR), "no executor to be left", 30)
    # Once the owner is restored by hand, the driver continues by itself.
    hdfs.write(owner, own)
    verified_platform.await_back("spark-streaming", pid)

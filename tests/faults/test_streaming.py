"""The streaming driver, its executor and YARN die; a checkpoint is lost or another's: each event is archived once."""

import io
import json
from collections import Counter

import pyarrow.parquet as pq

from footfall.cluster.engines.yarn import STEP_MB, node
from footfall.hdfs import Hdfs
from footfall.lake import layout
from footfall.lake.compaction import FAN
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


def _unlikely_to_be_merged(hdfs: Hdfs) -> str:
    """A file that has few of its kind beside it, so that it stays as it is for some minutes."""
    found: list[str] = []

    def there_is() -> bool:
        for folder in layout.folders(hdfs, layout.EVENTS).values():
            named = {
                part: f"{folder}/{part.name}" for f in layout.parts(hdfs, folder) if (part := layout.part_of(f.name))
            }
            kinds = Counter((part.checkpoint, part.level) for part in named)
            found[:] = [path for part, path in named.items() if kinds[part.checkpoint, part.level] <= FAN // 2]
            if found:
                return True
        return False

    await_true(there_is, "a file with few of its kind", 300, every=2)
    return found[0]


def test_driver(busy_platform: Platform) -> None:
    batches.await_more(busy_platform.settings)
    log = busy_platform.settings.logs_dir / "spark-streaming.log"
    told = log.stat().st_size
    pid = busy_platform.kill_service("spark-streaming")
    busy_platform.await_back("spark-streaming", pid)
    # Its successor did not wait for ZooKeeper to give the dead one up.
    assert b"another driver holds the lock" not in log.read_bytes()[told:]
    busy_platform.assert_verified()


def _kill_the_executor(platform: Platform) -> None:
    """And waits for the next one."""
    old = {process.pid for process in platform.processes(_EXECUTOR)}
    assert old, "no executor is running"
    for pid in old:
        platform.kill(pid)
    await_true(lambda: bool({p.pid for p in platform.processes(_EXECUTOR)} - old), "a new executor", 120)


def test_executor(busy_platform: Platform) -> None:
    _kill_the_executor(busy_platform)
    batches.await_more(busy_platform.settings)
    busy_platform.assert_verified()


def test_executor_comes_back_beside_a_full_batch_queue(busy_platform: Platform) -> None:
    settings = busy_platform.settings
    share_mb = next(queue.memory_mb for queue in node(settings).queues if queue.name == "batch")
    # A share in hundredths of a percent may be a little less than that: so all but the last step, and more than it.
    most_mb = share_mb - STEP_MB
    asked = [yarn.submit(settings, f"test-{mb}", "batch", mb, "sleep 600") for mb in (most_mb, 2 * STEP_MB)]
    try:

        def full() -> bool:
            told = yarn.queue(settings, "batch")
            return bool(told["resourcesUsed"]["memory"] == most_mb and told["numPendingApplications"] == 1)

        await_true(full, "a full queue, and an application that waits", 60)
        _kill_the_executor(busy_platform)
        batches.await_more(settings, 1)
        assert full(), "the batch queue was to be full all the while"
    finally:
        for application in asked:
            yarn.end(settings, application)
    await_true(lambda: yarn.queue(settings, "batch")["numApplications"] == 0, "an empty queue", 60)
    busy_platform.assert_verified()


def test_node_manager(busy_platform: Platform) -> None:
    pid = busy_platform.kill_service("yarn-nodemanager")
    busy_platform.await_back("yarn-nodemanager", pid)
    batches.await_more(busy_platform.settings)
    busy_platform.assert_verified()


def test_a_lost_checkpoint_is_refused_and_recovered(busy_platform: Platform) -> None:
    hdfs, before = Hdfs(busy_platform.settings), batches.latest(busy_platform.settings)
    pid = busy_platform.kill_service("spark-streaming")
    assert hdfs.delete(layout.checkpoint_folder(before.checkpoint))
    assert "is lost. `footfall recover archive` goes on" in _refused(busy_platform)
    recovered = busy_platform.json("recover", "archive")
    assert recovered["checkpoint"] != before.checkpoint
    busy_platform.await_back("spark-streaming", pid)
    busy_platform.assert_verified()
    assert batches.latest(busy_platform.settings).totals.archived > before.totals.archived


def test_a_foreign_checkpoint_is_refused(busy_platform: Platform) -> None:
    hdfs, before = Hdfs(busy_platform.settings), batches.latest(busy_platform.settings)
    owner = f"{layout.checkpoint_folder(before.checkpoint)}/owner.json"
    own = hdfs.read(owner)
    assert own is not None
    hdfs.write(owner, json.dumps({"checkpoint": "0badf00d"}).encode())
    pid = busy_platform.kill_service("spark-streaming")
    assert "is not this archive's" in _refused(busy_platform)
    # What it may not do needs no containers; those that the killed one left were ended.
    await_true(lambda: not busy_platform.processes(_EXECUTOR), "no executor to be left", 30)
    # Put right by hand, it goes on by itself.
    hdfs.write(owner, own)
    busy_platform.await_back("spark-streaming", pid)
    busy_platform.assert_verified()


def test_verify_names_an_archived_row_that_is_gone(busy_platform: Platform) -> None:
    """The proof itself can fail: a file with one row less."""
    hdfs = Hdfs(busy_platform.settings)
    path = _unlikely_to_be_merged(hdfs)
    content = hdfs.read(path)
    assert content is not None
    table = pq.read_table(io.BytesIO(content))
    gone = table.slice(0, 1).to_pylist()[0]
    less = io.BytesIO()
    pq.write_table(table.slice(1), less)
    aside = f"{path.rpartition('/')[0]}/_aside.parquet"
    try:
        hdfs.replace(path, aside)
        hdfs.write(path, less.getvalue())
        document = busy_platform.json("verify", "--wait", "60")
        assert not document["ok"]
        [problem] = [problem for problem in document["problems"] if problem["store"] == "archive"]
        assert (problem["kind"], problem["count"]) == ("not_archived", 1)
        assert problem["ids"] == [f"{gone['session_id']}/{gone['event_id']}"]
    finally:
        hdfs.replace(aside, path)
    busy_platform.assert_verified()

"""The streaming driver, its executor and YARN die; a checkpoint is lost or another's: each event is archived once."""

import io
import json
from collections import Counter

import pyarrow.parquet as pq

from footfall.hdfs import Hdfs
from footfall.streaming import places, report
from footfall.streaming.compaction import FAN
from footfall.streaming.progress import Journal, Progress
from tests.support.platform import Platform, await_true

_EXECUTOR = "YarnCoarseGrainedExecutorBackend"
# A batch each quarter of a minute; on a busy machine one may take as long.
_BATCHES_S = 120.0


def _latest(platform: Platform) -> Progress:
    journal = Journal(Hdfs(platform.settings))
    current = journal.current()
    assert current is not None
    latest = journal.latest(current.checkpoint)
    assert latest is not None
    return latest


def _await_batches(platform: Platform, count: int = 2) -> None:
    """Waits until so many more batches are archived."""
    before = _latest(platform)

    def archived() -> bool:
        now = _latest(platform)
        return now.checkpoint != before.checkpoint or now.batch >= before.batch + count

    await_true(archived, f"{count} more batches", _BATCHES_S, every=1)


def _refused(platform: Platform) -> str:
    """What the driver cannot go on for, as soon as it says so."""
    told: list[str] = []

    def says() -> bool:
        found = report.read(platform.settings)
        told[:] = [found.trouble] if found is not None and found.trouble else []
        return bool(told)

    await_true(says, "the driver to say what is wrong", 120)
    return told[0]


def _unlikely_to_be_merged(hdfs: Hdfs) -> str:
    """A file that has few of its kind beside it, so that it stays as it is for some minutes."""
    found: list[str] = []

    def there_is() -> bool:
        for folder in places.folders(hdfs, places.EVENTS).values():
            named = {
                part: f"{folder}/{part.name}" for f in places.parts(hdfs, folder) if (part := places.part_of(f.name))
            }
            kinds = Counter((part.checkpoint, part.level) for part in named)
            found[:] = [path for part, path in named.items() if kinds[part.checkpoint, part.level] <= FAN // 2]
            if found:
                return True
        return False

    await_true(there_is, "a file with few of its kind", 300, every=2)
    return found[0]


def test_driver(busy_platform: Platform) -> None:
    _await_batches(busy_platform)
    log = busy_platform.settings.logs_dir / "spark-streaming.log"
    told = log.stat().st_size
    pid = busy_platform.kill_service("spark-streaming")
    busy_platform.await_back("spark-streaming", pid)
    # Its successor did not wait for ZooKeeper to give the dead one up.
    assert b"another driver holds the lock" not in log.read_bytes()[told:]
    busy_platform.assert_verified()


def test_executor(busy_platform: Platform) -> None:
    old = {process.pid for process in busy_platform.processes(_EXECUTOR)}
    assert old, "no executor is running"
    for pid in old:
        busy_platform.kill(pid)
    await_true(lambda: bool({p.pid for p in busy_platform.processes(_EXECUTOR)} - old), "a new executor", 120)
    _await_batches(busy_platform)
    busy_platform.assert_verified()


def test_node_manager(busy_platform: Platform) -> None:
    pid = busy_platform.kill_service("yarn-nodemanager")
    busy_platform.await_back("yarn-nodemanager", pid)
    _await_batches(busy_platform)
    busy_platform.assert_verified()


def test_a_lost_checkpoint_is_refused_and_recovered(busy_platform: Platform) -> None:
    hdfs, before = Hdfs(busy_platform.settings), _latest(busy_platform)
    pid = busy_platform.kill_service("spark-streaming")
    assert hdfs.delete(places.checkpoint_folder(before.checkpoint))
    assert "is lost. `footfall recover archive` goes on" in _refused(busy_platform)
    recovered = busy_platform.json("recover", "archive")
    assert recovered["checkpoint"] != before.checkpoint
    busy_platform.await_back("spark-streaming", pid)
    busy_platform.assert_verified()
    assert _latest(busy_platform).totals.archived > before.totals.archived


def test_a_foreign_checkpoint_is_refused(busy_platform: Platform) -> None:
    hdfs, before = Hdfs(busy_platform.settings), _latest(busy_platform)
    owner = f"{places.checkpoint_folder(before.checkpoint)}/owner.json"
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

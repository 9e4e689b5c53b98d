"""Flume dies and HDFS pauses while the sites keep writing: no line is lost, and open files are finished."""

import time

from footfall.hdfs import Hdfs
from footfall.logs import layout
from tests.support.long_tests import LONG
from tests.support.platform import Platform, await_true
from tests.support.weblogs import await_all_arrived

# After a pause of a minute, HDFS declares its DataNode dead and HBase ends. Recovery then takes minutes.
_PAUSE_S = 60 if LONG else 30


def test_flume_dies_twice(verified_platform: Platform) -> None:
    hdfs = Hdfs(verified_platform.settings)
    for _ in range(2):
        await_true(lambda: bool(layout.open_files(hdfs)), "a file that is being written", 60)
        left = {file.path for file in layout.open_files(hdfs)}
        pid = verified_platform.kill_service("flume")
        verified_platform.await_back("flume", pid)
        # They are finished before Flume starts again, under the names that Flume would have given them.
        assert not left & {file.path for file in layout.open_files(hdfs)}
        for path in left:
            assert hdfs.read(layout.final_name(path, 0)) is not None, path
    await_all_arrived(verified_platform.settings)


def test_hdfs_pauses(verified_platform: Platform) -> None:
    with verified_platform.paused("datanode"):
        time.sleep(_PAUSE_S)
    # The open file can be read again once HDFS has recovered its length.
    await_all_arrived(verified_platform.settings, 240)
    # HBase may have ended too. The next test needs it running.
    verified_platform.await_well()


def test_datanode_dies(verified_platform: Platform) -> None:
    pid = verified_platform.kill_service("datanode")
    verified_platform.await_back("datanode", pid)
    await_all_arrived(verified_platform.settings)
    verified_platform.await_well()

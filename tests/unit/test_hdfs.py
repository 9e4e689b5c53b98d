"""Which files HDFS's report on its file system says are open, and what its refusals mean."""

import json

import pytest

from footfall import hdfs
from footfall.hdfs import open_files_in_report

# As NameNode 3.4.1 writes it: all on one line.
_REPORT = (
    "FSCK started by me (auth:SIMPLE) from /127.0.0.1 for path /logs at Tue Nov 24 21:45:58 UTC 2026\n\n"
    "/logs/access/dt=2026-11-24/_vm.17.log.tmp 4418 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE: "
    "/logs/access/dt=2026-11-24/vm.16.log 2749 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE: \n"
    "Status: HEALTHY\n Number of data-nodes:\t1\n"
    "FSCK ended at Tue Nov 24 21:45:58 UTC 2026 in 1 milliseconds\n\n\nThe filesystem under path '/logs' is HEALTHY\n"
)


def test_open_files_are_those_that_the_report_names() -> None:
    day = "/logs/access/dt=2026-11-24"
    assert open_files_in_report(_REPORT) == {f"{day}/_vm.17.log.tmp", f"{day}/vm.16.log"}


def test_a_closed_file_with_damage_is_not_open() -> None:
    damaged = "/logs/a.log 5 bytes, replicated: replication=1, 1 block(s): MISSING 1 blocks of total size 5 B\n"
    assert open_files_in_report(damaged + _REPORT) == open_files_in_report(_REPORT)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "Failed to find datanode, suggest to check cluster health. excludeDatanodes=null",
            "HDFS has no room for another block, or no DataNode.",
        ),
        (
            "File /a could only be written to 0 of the 1 minReplication nodes. There are 1 datanode(s) running",
            "HDFS has no room for another block, or no DataNode.",
        ),
        ("Name node is in safe mode.\nThe reported blocks", "HDFS refused (403): Name node is in safe mode."),
    ],
)
def test_a_refusal_is_a_sentence(message: str, sentence: str) -> None:
    body = json.dumps({"RemoteException": {"exception": "IOException", "message": message}}).encode()
    assert hdfs._error_sentence(403, body) == sentence

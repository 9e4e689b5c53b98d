"""Pig on YARN makes the tables of log lines: distinct lines typed, broken ones apart, nothing by a killed run."""

import base64
import hashlib
import io
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final, cast

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.hdfs import Hdfs
from footfall.jobs.model import tag
from footfall.logs.line_parser import parse
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import REPOSITORY, Settings
from footfall.warehouse import manifest
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.pig.script import FACTS, PIG_TABLES
from footfall.warehouse.tables import Table
from footfall.yarn import Yarn
from tests.support import log_corpus
from tests.support.long_tests import only_in_all
from tests.support.platform import await_true

# A day with everything, one with a single kind, and one without any file.
FULL, SPARSE, NOTHING = DAYS = ("2026-11-24", "2026-11-25", "2026-11-26")
CORPUS: Final = log_corpus.lines()
_HOUR_MS: Final = 3_600_000
_ARROW: Final = {"string": pa.string(), "int": pa.int32(), "bigint": pa.int64()}


@dataclass
class _Made:
    """A finished run. cancelled: what its first client said when it was cancelled. killed_left: partitions that existed
    after its second client had been killed. listening: addresses on which its application master listened."""

    settings: Settings
    run: str
    folder: str
    cancelled: str = ""
    killed_left: list[str] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)

    def rows(self, name: str, day: str = FULL) -> list[dict[str, Any]]:
        """The rows of a table's partition."""
        return cast(list[dict[str, Any]], self.table(name, day).to_pylist())

    def table(self, name: str, day: str) -> pa.Table:
        """A table's partition."""
        hdfs = Hdfs(self.settings)
        files = hdfs.list(PIG_TABLES[name].partition(day, self.run))
        assert files, f"{name} has no partition of {day}"
        return pa.concat_tables(pq.read_table(io.BytesIO(hdfs.read(file.path) or b"")) for file in files)


@pytest.fixture(scope="module")
def made(platform: Settings) -> Iterator[_Made]:
    """A run whose first client is cancelled and whose second one is killed. The third one finishes."""
    run = _new_run()
    made, hdfs = _Made(platform, run, f"/tmp/test-pig-{run}"), Hdfs(platform)
    try:
        manifest.store(hdfs, _write_inputs(hdfs, made))
        _cancel_once(made)
        _kill_once(made)
        leftover = PIG_TABLES["fact_requests"].partition(FULL, run) + "/of-an-earlier-attempt.parquet"
        hdfs.write(leftover, b"not Parquet")
        client = _start(run, *DAYS)
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(client.communicate)
            while not ended.done():
                made.listening |= _listening(platform, run)
                time.sleep(0.5)
        assert client.returncode == 0, ended.result()[1][-4000:]
        yield made
    finally:
        _remove(hdfs, run, made.folder, DAYS)


def _new_run() -> str:
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def _remove(hdfs: Hdfs, run: str, folder: str, days: Sequence[str]) -> None:
    """Deletes the inputs and partitions of a run."""
    hdfs.delete(folder)
    hdfs.delete(manifest.path(run))
    for table in PIG_TABLES.values():
        for day in days:
            hdfs.delete(table.partition(day, run))


def _write_inputs(hdfs: Hdfs, made: _Made) -> Manifest:
    """Writes the corpus. Flume repeats lines within a file and between files."""
    logs: dict[str, dict[str, list[str]]] = {kind: {} for kind in LOG_KINDS}

    def write(kind: str, day: str, *files: list[bytes]) -> None:
        for number, lines in enumerate(files):
            path = f"{made.folder}/logs/{kind}/dt={day}/vm.{number}.log"
            hdfs.write(path, b"".join(line + b"\n" for line in lines))
            logs[kind].setdefault(day, []).append(path)

    for kind, lines in CORPUS.items():
        write(kind, FULL, [*lines, *lines[:9], b""], lines[3:20])
    write("performance", SPARSE, CORPUS["performance"][:1])
    rejected: dict[str, list[str]] = {FULL: [], SPARSE: []}
    for number, offsets in enumerate([(5, 6, 7), (6, 7, 8)]):
        path = f"{made.folder}/events_rejected/dt={FULL}/0000000a-00000000{number}.parquet"
        hdfs.write(path, _rejects(offsets))
        rejected[FULL].append(path)
    return Manifest(made.run, list(DAYS), 0, {}, logs, rejected)


def _rejects(offsets: tuple[int, ...]) -> bytes:
    """A file of rejected events as the archive writes it."""
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("app_id", "event_id", "reason", "stage", "detail", "original")),
            ("denied", pa.bool_()),
            ("rejected_at", pa.timestamp("us", "UTC")),
            ("kafka_partition", pa.int32()),
            ("kafka_offset", pa.int64()),
        ]
    )
    rows = [
        {
            "app_id": "shop",
            "event_id": None if offset == 5 else f"event-{offset}",
            "reason": "not_json",
            "stage": "parse",
            "detail": "no JSON",
            "original": base64.b64encode(b"x" * offset).decode(),
            "denied": False,
            "rejected_at": datetime(2026, 11, 24, 8, 0, 0, offset * 1000, tzinfo=timezone.utc),
            "kafka_partition": 0,
            "kafka_offset": offset,
        }
        for offset in offsets
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), buffer, compression="zstd", write_page_index=True)
    return buffer.getvalue()


def _start(run: str, *days: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "footfall.warehouse.pig.run", run, *days],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _running(made: _Made) -> subprocess.Popen[str]:
    """A client whose application runs."""
    client, yarn = _start(made.run, *DAYS), Yarn(made.settings)
    await_true(lambda: bool(yarn.applications(tag("logs", made.run))), "an application of the job", 60)
    return client


def _cancel_once(made: _Made) -> None:
    client = _running(made)
    client.terminate()
    made.cancelled = client.communicate(timeout=60)[1].splitlines()[-1]
    assert client.returncode == 1
    assert Yarn(made.settings).applications(tag("logs", made.run)) == []


def _kill_once(made: _Made) -> None:
    """Kills client and Pig together. Their application goes on without them."""
    client = _running(made)
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    hdfs = Hdfs(made.settings)
    made.killed_left = [
        path for table in PIG_TABLES.values() for day in DAYS if hdfs.exists(path := table.partition(day, made.run))
    ]


def _listening(settings: Settings, run: str) -> set[str]:
    """The addresses on which processes of the run's containers listen."""
    found: set[str] = set()
    applications = Yarn(settings).applications(tag("logs", run))
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if any(application in line for application in applications):
                found |= {c.laddr.ip for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.parametrize("kind", LOG_KINDS)
def test_pig_and_the_line_parser_agree_on_every_line(made: _Made, kind: LogKind) -> None:
    lines = {hashlib.sha256(line).hexdigest(): line for line in CORPUS[kind]}
    apart = {row["line_sha256"] for row in made.rows("log_lines_set_apart") if row["log_kind"] == kind}
    valid = {digest for digest, line in lines.items() if parse(kind, line) is not None}
    assert [lines[digest] for digest in valid & apart] == []
    assert [lines[digest] for digest in lines.keys() - valid - apart] == []

    expected: Counter[tuple[Any, ...]] = Counter()
    for digest in valid:
        line = parse(kind, lines[digest])
        assert line is not None
        expected[line.app_id, line.request_id, line.page_path, line.status, line.duration_us] += 1
    names = ("app_id", "request_id", "page_path", "status", "duration_us")
    typed = Counter(tuple(row.get(name) for name in names) for row in made.rows(FACTS[kind].name))
    assert typed == expected


def test_an_access_line_has_all_its_columns(made: _Made) -> None:
    rows = [row for row in made.rows("fact_requests") if row["query_names"] == "q" and row["address"]]
    assert {
        "app_id": "shop",
        "request_id": "01a",
        "logged_ms": 1_795_507_200_123,
        "address": "10.1.2.0/24",
        "method": "GET",
        "page_path": "/search",
        "query_names": "q",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes_sent": 512,
        "referrer": "http://x/",
        "agent": "Mozilla/5.0 (X11)",
        "duration_us": 1234,
    } in rows


def test_an_error_has_a_frame_and_a_fingerprint(made: _Made) -> None:
    fingerprint = hashlib.sha256(b"ValueError\nfootfall/sites/shop.py:product").hexdigest()[:16]
    assert {
        "app_id": "shop",
        "request_id": "01a",
        "logged_ms": 1_795_507_200_123,
        "level": "error",
        "page_path": "/product/x",
        "user_action": "view product",
        "status": 500,
        "error_class": "ValueError",
        "message": "no such thing",
        "own_frame": "footfall/sites/shop.py:product",
        "fingerprint": fingerprint,
    } in made.rows("fact_log_errors")


def test_a_line_that_is_set_apart_has_its_text_and_a_reason(made: _Made) -> None:
    rows = {(row["log_kind"], row["line"]): row["reason"] for row in made.rows("log_lines_set_apart")}
    assert rows["access", "garbage"] == "bad_format"
    assert rows["access", "\ufffd\ufffd\x00"] == "not_printable"
    assert rows["access", "x" * 2000] == "bad_format"
    assert rows["error", "{}"] == "missing_field"
    assert rows["performance", "[]"] == "not_an_object"
    assert rows["performance", "\ufffd"] == "not_utf8"


def test_lines_are_counted_by_kind_and_day_without_repeats(made: _Made) -> None:
    for kind in LOG_KINDS:
        [row] = [row for row in made.rows("log_counts") if row["log_kind"] == kind]
        count, valid = len(CORPUS[kind]), sum(parse(kind, line) is not None for line in CORPUS[kind])
        assert row == {
            "log_kind": kind,
            "lines": count + 9 + 17,
            "distinct_lines": count,
            "typed_rows": valid,
            "set_apart": count - valid,
        }


def test_an_absent_kind_and_an_absent_day_are_empty(made: _Made) -> None:
    zero = {"lines": 0, "distinct_lines": 0, "typed_rows": 0, "set_apart": 0}
    one = {"lines": 1, "distinct_lines": 1, "typed_rows": 1, "set_apart": 0}
    counts = {row.pop("log_kind"): row for row in made.rows("log_counts", SPARSE)}
    assert counts == {"access": zero, "error": zero, "performance": one}
    counts = {row.pop("log_kind"): row for row in made.rows("log_counts", NOTHING)}
    assert counts == dict.fromkeys(LOG_KINDS, zero)
    for name in PIG_TABLES.keys() - {"log_counts"}:
        assert made.rows(name, NOTHING) == []
    assert len(made.rows("fact_performance", SPARSE)) == 1
    assert made.rows("fact_rejected_events", SPARSE) == []


def test_an_endpoints_hours_are_the_sums_of_its_requests(made: _Made) -> None:
    expected: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in made.rows("fact_performance"):
        sums = expected[row["app_id"], row["endpoint"], row["logged_ms"] // _HOUR_MS * _HOUR_MS]
        sums[0] += 1
        sums[1] += row["status"] >= 500
        sums[2] += row["duration_us"]
        sums[3] = max(sums[3], row["duration_us"])
    names = ("requests", "failures", "duration_us_sum", "duration_us_max")
    found = {
        (row["app_id"], row["endpoint"], row["hour_ms"]): [row[name] for name in names]
        for row in made.rows("endpoint_hourly")
    }
    assert found == dict(expected)


def test_a_rejected_event_counts_once_with_the_size_of_its_original(made: _Made) -> None:
    rows = made.rows("fact_rejected_events")
    assert [(row["kafka_offset"], row["original_bytes"], row["event_id"]) for row in rows] == [
        (5, 5, None),
        (6, 6, "event-6"),
        (7, 7, "event-7"),
        (8, 8, "event-8"),
    ]
    assert rows[1]["rejected_ms"] == 1_795_507_200_006
    assert (rows[0]["app_id"], rows[0]["reason"], rows[0]["stage"]) == ("shop", "not_json", "parse")


@pytest.mark.parametrize("table", PIG_TABLES.values(), ids=PIG_TABLES)
def test_files_have_the_columns_of_the_table_and_are_snappy(made: _Made, table: Table) -> None:
    hdfs = Hdfs(made.settings)
    for day in DAYS:
        for file in hdfs.list(table.partition(day, made.run)):
            assert not file.name.startswith(("_", "."))
            parquet = pq.ParquetFile(io.BytesIO(hdfs.read(file.path) or b""))
            schema = parquet.schema_arrow
            assert {name: schema.field(name).type for name in schema.names} == {
                column.name: _ARROW[column.type] for column in table.columns
            }
            codecs = {
                parquet.metadata.row_group(i).column(0).compression for i in range(parquet.metadata.num_row_groups)
            }
            assert codecs <= {"SNAPPY"}


def test_a_killed_run_leaves_no_partition_and_its_application_is_ended(made: _Made) -> None:
    assert made.killed_left == []
    assert Yarn(made.settings).applications(tag("logs", made.run)) == []
    assert not Hdfs(made.settings).exists(f"/warehouse/footfall/_staging/{made.run}-logs")


def test_a_cancelled_run_says_so(made: _Made) -> None:
    assert made.cancelled == f"The job was cancelled. The tables of the run {made.run} are as they were."


def test_the_application_master_listens_on_loopback_only(made: _Made) -> None:
    assert made.listening == {"127.0.0.1"}


def test_a_file_that_is_gone_is_named(made: _Made) -> None:
    hdfs = Hdfs(made.settings)
    taken = manifest.load(hdfs, made.run)
    gone = f"{made.folder}/logs/access/dt={SPARSE}/gone.log"
    taken.logs["access"][SPARSE] = [gone]
    manifest.store(hdfs, taken)
    before = made.rows("log_counts", SPARSE)
    client = _start(made.run, SPARSE)
    _, said = client.communicate(timeout=60)
    assert client.returncode == 1
    assert said.splitlines()[-1].startswith(f"{gone} is not in HDFS any more")
    assert made.rows("log_counts", SPARSE) == before


def test_a_day_that_the_run_does_not_cover_is_refused(made: _Made) -> None:
    client = _start(made.run, "2026-01-01")
    _, said = client.communicate(timeout=60)
    assert client.returncode == 1
    assert said.splitlines()[-1].startswith(f"The run {made.run} does not cover 2026-01-01.")


@only_in_all
def test_more_lines_than_a_block_of_hdfs_are_still_one_container(platform: Settings) -> None:
    """Above 128 MiB, by default, Hadoop starts containers, whose reducers need a service that does not run."""
    run, day, count = _new_run(), "2026-11-24", 80_000
    hdfs, folder = Hdfs(platform, timeout_s=120), f"/tmp/test-pig-{run}"
    files = [f"{folder}/logs/access/dt={day}/vm.{part}.log" for part in range(2)]
    agent = b"a" * 1700
    lines = [
        log_corpus.ACCESS.replace(b" 01a ", b" %08d " % number).replace(b"Mozilla/5.0 (X11)", agent)
        for number in range(count)
    ]
    assert sum(map(len, lines)) > 128 * 2**20
    try:
        for part, path in enumerate(files):
            hdfs.write(path, b"\n".join(lines[part::2]) + b"\n")
        manifest.store(hdfs, Manifest(run, [day], 0, {}, {"access": {day: files}}, {}))
        client = _start(run, day)
        _, said = client.communicate(timeout=900)
        assert client.returncode == 0, said[-4000:]
        made = _Made(platform, run, folder)
        assert len({row["request_id"] for row in made.rows("fact_requests", day)}) == count
        [counts] = [row for row in made.rows("log_counts", day) if row["log_kind"] == "access"]
        assert (counts["lines"], counts["typed_rows"]) == (count, count)
    finally:
        _remove(hdfs, run, folder, (day,))

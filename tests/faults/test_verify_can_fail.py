"""`verify` can fail: it reports each kind of damage that is done by hand to the running stores."""

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.events.identity import new_uuid7
from footfall.hdfs import Hdfs
from footfall.lake import layout as archive
from footfall.lake.compaction import FAN
from footfall.logs import layout
from footfall.logs.line_parser import parse
from footfall.names import LOG_KINDS, TABLE_MINUTE_METRICS, TABLE_SESSIONS
from footfall.realtime import tables
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.warehouse import published
from footfall.warehouse.tables import FACT_EVENTS
from tests.support import weblogs
from tests.support.collecting import send
from tests.support.events import example_event
from tests.support.platform import Platform, await_true

# Seconds that `verify` waits for a line that may be on its way, and for the next batch of the archive.
_PATIENCE_S = 45

Words = tuple[str, ...]


@pytest.mark.usefixtures("published_day")
def test_each_damage_is_reported_and_none_after_repair(busy_platform: Platform) -> None:
    settings = busy_platform.settings
    done: list[AbstractContextManager[Words]] = [
        _a_log_line_is_gone(settings),
        _a_session_cell_is_gone(settings),
        _a_live_cell_counts_too_much(settings),
        _an_accepted_event_is_not_in_kafka(settings),
        _a_row_of_hive_is_gone(settings),
        _a_row_of_hive_is_twice(settings),
        _an_archived_row_is_gone(settings),
    ]
    with ExitStack() as damage:
        named = [damage.enter_context(one) for one in done]
        document: dict[str, Any] = busy_platform.json("verify", "--wait", str(_PATIENCE_S))
    assert not document["ok"]
    problems = [json.dumps(problem) for problem in document["problems"]]
    for words in named:
        found = [problem for problem in problems if all(word in problem for word in words)]
        assert found, f"{words} is not reported in {json.dumps(document['problems'], indent=1)[:4000]}"
    # The archive lacks nothing else.
    [problem] = [problem for problem in document["problems"] if problem["store"] == "archive"]
    assert (problem["kind"], problem["count"], tuple(problem["ids"])) == ("not_archived", 1, named[-1])
    busy_platform.assert_verified()


def _a_row_of_hive_is_gone(settings: Settings) -> AbstractContextManager[Words]:
    return _changed_facts(settings, "not_in_hive", 0, lambda rows: rows.slice(1))


def _a_row_of_hive_is_twice(settings: Settings) -> AbstractContextManager[Words]:
    return _changed_facts(
        settings, "twice_in_hive", -1, lambda rows: pa.concat_tables([rows, rows.slice(len(rows) - 1)])
    )


@contextmanager
def _changed_facts(
    settings: Settings, kind: str, index: int, change: Callable[[pa.Table], pa.Table]
) -> Iterator[Words]:
    """Changes a file of the newest published day. index: of the row whose event `verify` must name."""
    hdfs = Hdfs(settings)
    day, one = max(published.read(hdfs).items())
    path = archive.parts(hdfs, FACT_EVENTS.partition(str(day), one.run))[0].path
    content = hdfs.read(path)
    assert content is not None
    rows = pq.read_table(io.BytesIO(content))
    buffer = io.BytesIO()
    pq.write_table(change(rows), buffer)
    hdfs.write(path, buffer.getvalue())
    try:
        yield kind, f"{rows['session_id'][index].as_py()}/{rows['event_id'][index].as_py()}"
    finally:
        hdfs.write(path, content)


@contextmanager
def _a_session_cell_is_gone(settings: Settings) -> Iterator[Words]:
    session, event_id = new_uuid7(), new_uuid7()
    send(settings, "news", example_event(_now_ms(), app_id="news", session_id=session, event_id=event_id))
    with _store(settings) as store:
        await_true(lambda: store.read_row(TABLE_SESSIONS, session.encode()) != {}, "the session's row", 15)
        ((column, (value, timestamp)),) = _stamped(store, TABLE_SESSIONS, session.encode()).items()
        store.delete(TABLE_SESSIONS, {session.encode(): [column]}, timestamp)
    try:
        yield session, event_id
    finally:
        with _store(settings) as store:
            # A timestamp above that of the deletion mark, which would hide the cell otherwise.
            store.write(TABLE_SESSIONS, {session.encode(): {column: value}}, timestamp + 1)


@contextmanager
def _a_live_cell_counts_too_much(settings: Settings) -> Iterator[Words]:
    path = f"/product/{new_uuid7()}"
    send(settings, "shop", example_event(_now_ms(), page_path=path))

    with _store(settings) as store:

        def row_key() -> bytes | None:
            return next((key for key, _ in store.stamped(TABLE_MINUTE_METRICS) if key.endswith(path.encode())), None)

        await_true(lambda: row_key() is not None, "the page's row", 15)
        key = row_key()
        assert key is not None
        ((column, (value, timestamp)),) = _stamped(store, TABLE_MINUTE_METRICS, key).items()
        counts = tables.decode_counts(value)
        raised = counts._replace(people=counts.people._replace(events=counts.people.events + 1))
        store.write(TABLE_MINUTE_METRICS, {key: {column: tables.encode_counts(raised)}}, timestamp + 1)
    try:
        yield (path,)
    finally:
        with _store(settings) as store:
            store.write(TABLE_MINUTE_METRICS, {key: {column: value}}, timestamp + 2)


@contextmanager
def _an_accepted_event_is_not_in_kafka(settings: Settings) -> Iterator[Words]:
    # An hour to which no visitor writes any longer.
    ms = _now_ms() - ledger.HOUR_MS
    event_id, session = new_uuid7(ms), new_uuid7(ms)
    path = settings.ledger_dir / "academy" / ledger.hour_name(ms)
    before = path.read_bytes() if path.exists() else None
    entries = [
        ledger.Entry("attempted", ms, event_id, session, seq=0, event_type="page_view"),
        ledger.Entry("accepted", ms, event_id, session),
    ]
    path.write_bytes((before or b"") + b"".join(entry.line() for entry in entries))
    try:
        yield "academy", event_id
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


@contextmanager
def _a_log_line_is_gone(settings: Settings) -> Iterator[Words]:
    hdfs, kind = Hdfs(settings), LOG_KINDS[0]

    def closed_file() -> tuple[str, bytes, bytes] | None:
        """A closed file, its content, and a line in it that is in the sites' own files and only once in HDFS."""
        written, arrived = weblogs.written(settings)[kind], weblogs.arrived(settings, kind)
        for folder in layout.days(hdfs, kind).values():
            for file in hdfs.list(folder):
                content = None if layout.is_open(file) else hdfs.read(file.path)
                for line in (content or b"").split(b"\n"):
                    if content and line in written and arrived[line] == 1:
                        return file.path, content, line
        return None

    await_true(lambda: closed_file() is not None, "a closed file of log lines", layout.ROLL_S + 60, every=5)
    found = closed_file()
    assert found is not None
    path, content, line = found
    parsed = parse(kind, line)
    assert parsed is not None
    assert parsed.request_id
    hdfs.write(path, content.replace(line + b"\n", b"", 1))
    try:
        yield f"{kind}_missing", parsed.app_id, parsed.request_id
    finally:
        hdfs.write(path, content)


@contextmanager
def _an_archived_row_is_gone(settings: Settings) -> Iterator[Words]:
    hdfs = Hdfs(settings)
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
        yield (f"{gone['session_id']}/{gone['event_id']}",)
    finally:
        hdfs.replace(aside, path)


def _unlikely_to_be_merged(hdfs: Hdfs) -> str:
    """The oldest file with few files of the same level beside it, so that it is not merged for some minutes.

    It is the oldest, because minutes that are about to be published must not lack the row.
    """
    found: list[tuple[int, str]] = []

    def exists() -> bool:
        for folder in archive.folders(hdfs, archive.EVENTS).values():
            named = {
                part: f"{folder}/{part.name}" for f in archive.parts(hdfs, folder) if (part := archive.part_of(f.name))
            }
            kinds = Counter((part.checkpoint, part.level) for part in named)
            found.extend(
                (-part.level, path) for part, path in named.items() if kinds[part.checkpoint, part.level] <= FAN // 2
            )
        return bool(found)

    await_true(exists, "a file that is not merged soon", 300, every=2)
    return min(found)[1]


@contextmanager
def _store(settings: Settings) -> Iterator[HBaseStore]:
    """Not kept while `verify` is at work: HBase's gateway closes what is idle for a minute."""
    opened = HBaseStore(settings)
    try:
        yield opened
    finally:
        opened.close()


def _stamped(store: HBaseStore, table: str, key: bytes) -> dict[bytes, tuple[bytes, int]]:
    """A row's cells with their timestamps."""
    return next(cells for found, cells in store.stamped(table) if found == key)


def _now_ms() -> int:
    return int(time.time() * 1000)

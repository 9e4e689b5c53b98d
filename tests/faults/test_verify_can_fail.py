"""`verify` is worth what it finds: each kind of damage, done by hand to the running stores, is named."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from footfall.events.identity import new_uuid7
from footfall.hdfs import Hdfs
from footfall.logs import layout
from footfall.logs.line_parser import parse
from footfall.names import LOG_KINDS, TABLE_MINUTE_METRICS, TABLE_SESSIONS
from footfall.realtime import tables
from footfall.realtime.store import HBaseStore
from footfall.sites.visitors import ledger
from tests.support import weblogs
from tests.support.collecting import send
from tests.support.events import example_event
from tests.support.platform import Platform, await_true


@pytest.fixture
def store(busy_platform: Platform) -> Iterator[HBaseStore]:
    opened = HBaseStore(busy_platform.settings)
    yield opened
    opened.close()


def stamped(store: HBaseStore, table: str, key: bytes) -> dict[bytes, tuple[bytes, int]]:
    """A row's cells with their timestamps."""
    return next(cells for found, cells in store.stamped(table) if found == key)


def damage_named(running: Platform, *words: str, arguments: tuple[str, ...] = ()) -> None:
    document: dict[str, Any] = running.json("verify", *arguments)
    assert not document["ok"]
    told = [problem for problem in document["problems"] if all(word in json.dumps(problem) for word in words)]
    assert told, json.dumps(document["problems"], indent=1)[:4000]


def test_a_session_cell_that_is_gone(busy_platform: Platform, store: HBaseStore) -> None:
    session, event_id = new_uuid7(), new_uuid7()
    send(
        busy_platform.settings,
        "news",
        example_event(int(time.time() * 1000), app_id="news", session_id=session, event_id=event_id),
    )
    await_true(lambda: store.read_row(TABLE_SESSIONS, session.encode()) != {}, "the session's row", 15)
    ((column, (value, timestamp)),) = stamped(store, TABLE_SESSIONS, session.encode()).items()
    store.delete(TABLE_SESSIONS, {session.encode(): [column]}, timestamp)
    try:
        damage_named(busy_platform, session, event_id)
    finally:
        # Above the mark of the deletion, which would hide it otherwise.
        store.write(TABLE_SESSIONS, {session.encode(): {column: value}}, timestamp + 1)
    busy_platform.assert_verified()


def test_a_live_cell_that_counts_too_much(busy_platform: Platform, store: HBaseStore) -> None:
    path = f"/product/{new_uuid7()}"
    send(busy_platform.settings, "shop", example_event(int(time.time() * 1000), page_path=path))

    def row_key() -> bytes | None:
        return next((key for key, _ in store.stamped(TABLE_MINUTE_METRICS) if key.endswith(path.encode())), None)

    await_true(lambda: row_key() is not None, "the page's row", 15)
    key = row_key()
    assert key is not None
    ((column, (value, timestamp)),) = stamped(store, TABLE_MINUTE_METRICS, key).items()
    counts = tables.decode_counts(value)
    raised = counts._replace(people=counts.people._replace(events=counts.people.events + 1))
    store.write(TABLE_MINUTE_METRICS, {key: {column: tables.encode_counts(raised)}}, timestamp + 1)
    try:
        damage_named(busy_platform, path)
    finally:
        store.write(TABLE_MINUTE_METRICS, {key: {column: value}}, timestamp + 2)
    busy_platform.assert_verified()


def test_an_accepted_event_that_kafka_lacks(busy_platform: Platform) -> None:
    # An hour to which no visitor writes any more.
    ms = int(time.time() * 1000) - ledger.HOUR_MS
    event_id, session = new_uuid7(ms), new_uuid7(ms)
    path = busy_platform.settings.ledger_dir / "academy" / ledger.hour_name(ms)
    before = path.read_bytes() if path.exists() else None
    entries = [
        ledger.Entry("attempted", ms, event_id, session, seq=0, event_type="page_view"),
        ledger.Entry("accepted", ms, event_id, session),
    ]
    path.write_bytes((before or b"") + b"".join(entry.line() for entry in entries))
    try:
        damage_named(busy_platform, "academy", event_id)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
    busy_platform.assert_verified()


def test_a_log_line_that_is_gone(busy_platform: Platform) -> None:
    hdfs, kind = Hdfs(busy_platform.settings), LOG_KINDS[0]

    def closed_file() -> tuple[str, bytes, bytes] | None:
        """A file that is done, what it holds, and a line in it that the sites' own files hold and no other has."""
        written, arrived = weblogs.written(busy_platform.settings)[kind], weblogs.arrived(busy_platform.settings, kind)
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
    told = parse(kind, line)
    assert told is not None
    hdfs.write(path, content.replace(line + b"\n", b"", 1))
    try:
        # It waits for a line that could be on its way.
        damage_named(busy_platform, f"{kind}_missing", told.app_id, told.request_id, arguments=("--wait", "20"))
    finally:
        hdfs.write(path, content)
    busy_platform.assert_verified()

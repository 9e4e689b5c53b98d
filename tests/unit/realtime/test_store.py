"""A large request is split, so that the Thrift server holds only a part of it at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from footfall.realtime.store import HBaseStore
from footfall.settings import Settings


class Table(dict[bytes, dict[bytes, bytes]]):
    """Rows in memory, with the calls of `happybase.Table` that the store makes; notes how many rows each call had."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []
        self.batched: dict[bytes, Mapping[bytes, bytes]] = {}

    def rows(self, keys: list[bytes], columns: Sequence[bytes] | None) -> list[tuple[bytes, dict[bytes, bytes]]]:
        assert columns is None
        self.calls.append(len(keys))
        return [(key, self[key]) for key in keys if key in self]

    def batch(self, timestamp: int) -> "Table":
        assert timestamp == 7
        self.batched = {}
        return self

    def put(self, key: bytes, cells: Mapping[bytes, bytes]) -> None:
        self.batched[key] = cells

    def send(self) -> None:
        self.calls.append(len(self.batched))
        self.update({key: dict(cells) for key, cells in self.batched.items()})


class Store(HBaseStore):
    """A store whose connection has that one table."""

    def __init__(self) -> None:
        super().__init__(Settings())
        self.table_ = Table()

    def _connected(self) -> Any:
        return self

    def table(self, _name: str) -> Table:
        return self.table_


def test_many_rows_are_written_and_read_in_parts_and_none_is_left_out() -> None:
    store = Store()
    rows = {b"%d" % number: {b"f:x": b"%d" % number} for number in range(4_001)}
    store.write("t", rows, 7)
    assert store.table_ == rows
    assert store.table_.calls == [2_000, 2_000, 1]
    store.table_.calls.clear()
    assert dict(store.read_rows("t", [*rows, b"unknown"])) == rows
    assert store.table_.calls == [2_000, 2_000, 2]
    assert store.read_rows("t", []) == []


def test_sessions_come_a_hundred_at_a_time() -> None:
    store = Store()
    assert store.read_sessions([f"s{number}" for number in range(250)]) == {}
    assert store.table_.calls == [100, 100, 50]


class Opened:
    """A connection without a server, as `happybase.Connection` opens it."""

    all: ClassVar[list["Opened"]] = []

    def __init__(self, *_address: object, timeout: int) -> None:
        self.is_open = True
        self.all.append(self)

    def table(self, _name: str) -> "Opened":
        return self

    def row(self, key: bytes) -> dict[bytes, bytes]:
        assert self.is_open
        return {b"f:key": key}

    def close(self) -> None:
        self.is_open = False


def test_a_connection_that_was_idle_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("happybase.Connection", Opened)
    monkeypatch.setattr("footfall.realtime.store.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(Opened, "all", [])
    store = HBaseStore(Settings())
    for idle_s in (0, 29, 29, 31, 29):
        clock[0] += idle_s
        assert store.read_row("t", b"k") == {b"f:key": b"k"}
    assert [one.is_open for one in Opened.all] == [False, True]

"""The store with a running HBase: what the counting relies on is so."""

from collections.abc import Iterator

import pytest

from footfall.events.identity import new_uuid7
from footfall.names import TABLE_SESSIONS
from footfall.realtime.store import HBaseStore, HBaseUnavailable
from footfall.settings import Settings

COLUMN = b"f:test"


@pytest.fixture
def store(platform: Settings) -> Iterator[HBaseStore]:
    opened = HBaseStore(platform)
    yield opened
    opened.close()


@pytest.fixture
def key(store: HBaseStore) -> Iterator[bytes]:
    """A row of its own in a table that nothing scans; it is gone afterwards."""
    made = f"test-{new_uuid7()}".encode()
    yield made
    store.delete("footfall_health", {made: [COLUMN]}, 10_000)


def test_the_higher_offset_wins_whatever_comes_last(store: HBaseStore, key: bytes) -> None:
    store.write("footfall_health", {key: {COLUMN: b"newer"}}, 200)
    store.write("footfall_health", {key: {COLUMN: b"of a worker that is dead"}}, 100)
    assert store.read_row("footfall_health", key) == {COLUMN: b"newer"}
    store.write("footfall_health", {key: {COLUMN: b"newest"}}, 201)
    assert store.read_row("footfall_health", key) == {COLUMN: b"newest"}


def test_the_same_offset_may_be_written_again(store: HBaseStore, key: bytes) -> None:
    for _ in range(2):
        store.write("footfall_health", {key: {COLUMN: b"once"}}, 7)
    assert store.read_row("footfall_health", key) == {COLUMN: b"once"}


def test_a_deletion_hides_nothing_that_is_newer(store: HBaseStore, key: bytes) -> None:
    store.write("footfall_health", {key: {COLUMN: b"old"}}, 100)
    store.delete("footfall_health", {key: [COLUMN]}, 100)
    assert store.read_row("footfall_health", key) == {}
    store.write("footfall_health", {key: {COLUMN: b"again"}}, 101)
    assert store.read_row("footfall_health", key) == {COLUMN: b"again"}


def test_rows_are_read_and_scanned_in_order(store: HBaseStore, key: bytes) -> None:
    keys = [key + b"-%03d" % n for n in range(40)]
    store.write("footfall_health", {k: {COLUMN: k} for k in keys}, 5)
    assert dict(store.read_rows("footfall_health", keys[::-1])) == {k: {COLUMN: k} for k in keys}
    assert store.read_cells("footfall_health", COLUMN, [*keys, b"none"]) == {k: k for k in keys}
    scanned = store.scan("footfall_health", key + b"-", key + b"-010")
    assert [k for k, _ in scanned] == keys[:10]
    assert store.first_keys("footfall_health", 1, key + b"-005") == [keys[5]]
    assert store.first_keys("footfall_health", 2, key + b"-005\0") == keys[6:8]
    store.delete("footfall_health", {k: [COLUMN] for k in keys}, 5)
    assert store.scan("footfall_health", key + b"-", key + b".") == []


def test_a_refusal_is_a_sentence_and_the_store_goes_on(store: HBaseStore) -> None:
    with pytest.raises(HBaseUnavailable, match="could not do it"):
        store.read_row("there_is_no_such_table", b"row")
    assert store.read_row(TABLE_SESSIONS, b"there is no such row") == {}


def test_a_server_that_is_away_is_a_sentence(platform: Settings) -> None:
    nowhere = platform.model_copy(update={"ports": platform.ports.model_copy(update={"hbase_thrift": 1})})
    store = HBaseStore(nowhere)
    with pytest.raises(HBaseUnavailable, match="port"):
        store.read_row(TABLE_SESSIONS, b"row")

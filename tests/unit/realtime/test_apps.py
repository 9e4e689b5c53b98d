"""The apps of a table are found in it, with one read for each."""

import pytest

from footfall.realtime import tables
from footfall.realtime.apps import counted_apps
from tests.unit.realtime.memory_store import Cells, MemoryStore


class CountingStore(MemoryStore):
    """Counts its reads."""

    looks = 0

    def first_keys(self, table: str, most: int, start: bytes = b"") -> list[bytes]:
        self.looks += 1
        return super().first_keys(table, most, start)


# The names share prefixes, so that a scan that ends a byte too early or too late would miss or repeat an app.
APPS = ("a", "shop", "shop-2", "shopping", "z" * 31)


@pytest.mark.parametrize("table", ["minute_metrics", "active_users"])
@pytest.mark.parametrize("count", range(len(APPS) + 1))
def test_every_app_with_a_row_is_found_once(table: str, count: int) -> None:
    cells = Cells()
    for app in APPS[:count]:
        for dimension in tables.DIMENSIONS:
            for minute in (0, 29_925_120, 99_999_999):
                cells.put(table, tables.encode_row_key(app, dimension, minute, "/\u00e4"), b"f:e0", b"", 1)
    store = CountingStore(cells)
    assert counted_apps(store, table) == APPS[:count]
    assert store.looks == count + 1


def test_an_app_in_another_table_is_not_found() -> None:
    cells = Cells()
    cells.put("active_users", tables.encode_row_key("shop", "app", 5, ""), b"f:e0", b"", 1)
    assert counted_apps(MemoryStore(cells)) == ()

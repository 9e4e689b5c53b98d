"""The scanned ranges of the aggregate tables contain every row once."""

import pytest

from footfall.realtime import tables
from footfall.site_registry import DEMO_SITES
from footfall.verification.hbase_live_tables import ranges
from tests.unit.verification.world import made_world


def holds(start: bytes, stop: bytes, key: bytes) -> bool:
    return start <= key and (not stop or key < stop)


def test_every_row_is_in_one_range_even_of_unknown_apps() -> None:
    keys = [*made_world().cells.tables["minute_metrics"], b"\0", b"aaa\0app\0000000001\0", b"zoo\0app\0000000001\0x"]
    assert [sum(holds(start, stop, key) for start, stop in ranges(DEMO_SITES, 0)) for key in keys] == [1] * len(keys)


@pytest.mark.parametrize(("minute", "ranges_with_it"), [(499, 0), (500, 1), (501, 1), (99_999_999, 1)])
def test_from_a_minute_on(minute: int, ranges_with_it: int) -> None:
    for app in ("shop", "news", "academy"):
        for dimension in tables.DIMENSIONS:
            key = tables.encode_row_key(app, dimension, minute, "/päge")
            assert sum(holds(start, stop, key) for start, stop in ranges(DEMO_SITES, 500)) == ranges_with_it

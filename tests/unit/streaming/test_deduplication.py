"""The search for repeats against its definition, read literally."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from footfall.streaming.batch_keys import record_ids
from footfall.streaming.deduplication import COLUMNS, find_repeats

_SCHEMA = pa.schema(zip(COLUMNS, (pa.string(), pa.string(), pa.int32(), pa.int64()), strict=True))
_Row = tuple[str, str, int, int]
_ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 1), st.integers(0, 12)),
    unique_by=lambda row: row[2:],
    max_size=12,
)


def _table(rows: list[_Row]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], _SCHEMA)


def _places(rows: list[_Row]) -> set[int]:
    return set(record_ids(_table(rows)).tolist())


@given(_ROWS, _ROWS)
def test_the_record_with_the_lowest_offset_is_kept_unless_its_identity_is_archived(
    rows: list[_Row], archived: list[_Row]
) -> None:
    known = {row[:2] for row in archived}
    kept = [
        row
        for row in rows
        if row[:2] not in known and row[3:1:-1] == min(other[3:1:-1] for other in rows if other[:2] == row[:2])
    ]
    repeats = find_repeats(_table(rows), _table(archived))
    assert set(repeats.gone.tolist()) == _places(rows) - _places(kept)
    assert set(repeats.again.tolist()) == _places([row for row in rows if row in archived])


def test_another_identity_with_the_same_hash_is_not_a_repeat() -> None:
    repeats = find_repeats(_table([("a", "x", 0, 5)]), _table([("b", "y", 0, 1), ("a", "y", 0, 2)]))
    assert repeats.gone.tolist() == []


def test_a_record_id_is_unique() -> None:
    rows = _table([("a", "x", 7, 2**47), ("a", "x", 0, 2**47), ("a", "x", 7, 0), ("a", "x", 0, 7)])
    assert len(set(record_ids(rows).tolist())) == 4

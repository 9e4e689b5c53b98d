"""Lists are decoded as they were encoded, and no two lists share a row."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.recommendations import table
from footfall.recommendations.table import Entry, StoredList

# The texts that the event's schema allows have no control characters.
SAID = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20) | st.sampled_from(["s", "p", "i", "all"])
APPS = st.sampled_from(["shop", "shop-2", "s"])
KEYS = st.one_of(
    st.tuples(st.just(table.subject_key), APPS, SAID),
    st.tuples(st.just(table.popular_key), APPS, SAID),
    st.tuples(st.just(table.similar_key), APPS, SAID, SAID),
)
LISTS = st.builds(
    StoredList,
    SAID,
    st.dates().map(str),
    SAID,
    st.integers(0, 2**53),
    st.lists(st.builds(Entry, SAID, SAID, st.none() | st.floats(0, 10), st.none() | SAID), max_size=20).map(tuple),
    st.lists(st.tuples(SAID, SAID), max_size=20).map(tuple),
)


@given(LISTS)
def test_lists_are_decoded_as_encoded(found: StoredList) -> None:
    assert table.decode_list(table.encode_list(found)) == found


@given(KEYS, KEYS)
def test_two_lists_never_share_a_row(one: tuple, other: tuple) -> None:
    assert (one[0](*one[1:]) == other[0](*other[1:])) == (one == other)


def test_the_whole_site_is_one_section() -> None:
    assert table.popular_key("shop") == table.popular_key("shop", table.ALL_SECTIONS) == b"shop\0p\0all"


def test_a_field_that_a_later_version_adds_is_ignored() -> None:
    found = StoredList("m", "2026-11-28", "r", 1, (Entry("product", "p1", 0.5, "p2"),), (("product", "p2"),))
    newer = [*msgspec.to_builtins(found), "more"]
    newer[4] = [[*newer[4][0], 7]]
    assert table.decode_list(msgspec.msgpack.encode(newer)) == found


def test_a_list_without_used_items_is_read_as_well() -> None:
    cell = msgspec.msgpack.encode(["m", "2026-11-28", "r", 1, [["product", "p1"]]])
    assert table.decode_list(cell) == StoredList("m", "2026-11-28", "r", 1, (Entry("product", "p1"),))


@pytest.mark.parametrize("cell", [b"", b"\x00", b"{}", msgspec.msgpack.encode(["m", "d", "r", "no time", []])])
def test_a_damaged_cell_is_a_sentence(cell: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        table.decode_list(cell)

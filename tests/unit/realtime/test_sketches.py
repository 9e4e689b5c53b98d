"""Distinct visitors: exact while few, independent of the order of merging, and of limited size."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.realtime.sketches import EMPTY, Visitors, count, is_exact, merge

NOMINAL = 4096
NAMES = st.lists(st.text(max_size=6), max_size=30)


def numbered(first: int, end: int) -> list[str]:
    return [f"shop\0visitor-{number}" for number in range(first, end)]


def stored(visitors: list[str], base: bytes = EMPTY) -> bytes:
    growing = Visitors(base)
    growing.add(visitors)
    return growing.stored()


@given(NAMES, NAMES)
def test_few_visitors_are_counted_exactly(some: list[str], others: list[str]) -> None:
    # The library ignores an empty text. No visitor is one: each begins with an app and a NUL.
    some, others = [f"shop\0{name}" for name in some], [f"shop\0{name}" for name in others]
    sketch = stored(some + some)
    assert count(sketch) == len(set(some))
    assert count(stored(others, sketch)) == len({*some, *others})
    assert count(merge((sketch, stored(others)))) == len({*some, *others})


@pytest.mark.parametrize("many", [0, 3_000, 30_000])
def test_add_returns_whether_any_visitor_is_new(many: int) -> None:
    growing = Visitors()
    assert growing.add(["shop\0one", "shop\0two"])
    growing.add(numbered(0, many))
    before = growing.stored()
    assert not growing.add(["shop\0two", *numbered(0, many)])
    assert growing.stored() == before
    # An estimate keeps only a sample, so one more visitor may change nothing.
    assert growing.add(["shop\0two", *numbered(many, many + 200)])
    assert growing.stored() != before


def test_a_visitor_of_the_stored_sketch_may_count_as_new_once() -> None:
    growing = Visitors(stored(["shop\0one"]))
    growing.add(["shop\0one"])
    assert not growing.add(["shop\0one"])
    assert growing.stored() == stored(["shop\0one"])


@given(NAMES, NAMES, NAMES)
def test_a_sketch_does_not_depend_on_the_order_of_merging(
    first: list[str], second: list[str], third: list[str]
) -> None:
    parts = [[f"shop\0{name}" for name in names] for names in (first, second, third)]
    sketches = [stored(part) for part in parts if part]
    whole = stored([name for part in parts for name in part]) if sketches else EMPTY
    assert {merge(order) for order in permutations(sketches)} == {whole}


@pytest.mark.parametrize("visitors", [1, 2_000, NOMINAL])
def test_some_thousands_are_exact(visitors: int) -> None:
    sketch = stored(numbered(0, visitors))
    assert count(sketch) == visitors
    assert is_exact(sketch)


def test_halves_of_some_thousands_are_exact_together() -> None:
    # They overlap, as two partitions' visitors of one page do.
    sketch = merge((stored(numbered(0, 2_500)), stored(numbered(1_500, NOMINAL))))
    assert count(sketch) == NOMINAL
    assert is_exact(sketch)


def test_beyond_some_thousands_it_is_an_estimate() -> None:
    sketch = stored(numbered(0, 50_000))
    assert not is_exact(sketch)
    # 1/√4096 is 1.6 percent, the standard error; the names are fixed, so this never flickers.
    assert abs(count(sketch) - 50_000) < 3 * 50_000 / 64


def test_large_sketches_are_the_same_in_any_order() -> None:
    parts = [stored(numbered(first, first + 6_000)) for first in (0, 4_000, 9_000)]
    merged = {merge(order) for order in permutations(parts)}
    assert len(merged) == 1
    assert merged == {merge((merge(parts[:2]), parts[2])), merge((parts[0], merge(parts[1:])))}
    # 0 to 15,000 without a hole.
    assert abs(count(merged.pop()) - 15_000) < 3 * 15_000 / 64


def test_a_stored_sketch_is_trimmed_to_its_nominal_size() -> None:
    # Untrimmed, up to twice as many hashes of eight bytes are kept between two rebuilds.
    most = NOMINAL * 8 + 24
    grown = EMPTY
    for first in range(0, 21_000, 3_000):
        grown = stored(numbered(first, first + 3_000), grown)
        assert len(grown) <= most
    for visitors in (5_000, 6_000, 7_000, 20_000):
        assert len(stored(numbered(0, visitors))) <= most
    assert len(merge([stored(numbered(first, first + 7_000)) for first in (0, 7_000)])) <= most


def test_a_set_grows_after_it_was_stored() -> None:
    growing = Visitors()
    growing.add(numbered(0, 10))
    assert count(growing.stored()) == 10
    growing.add(numbered(5, 20))
    assert count(growing.stored()) == 20
    continued = Visitors(growing.stored())
    assert continued.stored() == growing.stored()
    continued.add(numbered(15, 30))
    assert count(continued.stored()) == 30


def test_an_empty_set_is_stored_as_nothing() -> None:
    assert Visitors().stored() == EMPTY == merge(()) == merge((EMPTY, EMPTY))
    assert count(EMPTY) == 0
    assert is_exact(EMPTY)
    some = stored(numbered(0, 3))
    assert merge((EMPTY, some, EMPTY)) == some

"""UUIDv7: its form, its time, its order."""

import uuid
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.identity import CountedIds, made_uuid7, new_uuid7, uuid7_ms

MS = st.integers(min_value=0, max_value=(1 << 48) - 1)


@given(MS, st.integers())
def test_the_time_survives_and_the_form_is_rfc_9562s(ms: int, seed: int) -> None:
    text = new_uuid7(ms, Random(seed))
    parsed = uuid.UUID(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert uuid7_ms(text) == ms


@given(MS, MS)
def test_text_order_is_time_order(one: int, other: int) -> None:
    if one != other:
        assert (new_uuid7(one) < new_uuid7(other)) == (one < other)


def test_a_seed_repeats_and_the_system_does_not() -> None:
    assert new_uuid7(5, Random(1)) == new_uuid7(5, Random(1))
    assert len({new_uuid7(5) for _ in range(1000)}) == 1000


def test_all_random_bits_vary() -> None:
    numbers = [uuid.UUID(new_uuid7(0, Random(seed))).int for seed in range(200)]
    ones = zeros = 0
    for number in numbers:
        ones |= number
        zeros |= ~number
    assert (ones & zeros & (1 << 128) - 1).bit_count() == 74


@pytest.mark.parametrize("ms", [-1, 1 << 48])
def test_a_time_that_does_not_fit_is_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="48"):
        new_uuid7(ms)


@pytest.mark.parametrize(("ms", "bits"), [(-1, 0), (1 << 48, 0), (0, -1), (0, 1 << 74)])
def test_values_that_do_not_fit_are_refused(ms: int, bits: int) -> None:
    with pytest.raises(ValueError, match=r"48|74"):
        made_uuid7(ms, bits)


def test_given_bits_stand_where_they_should() -> None:
    assert made_uuid7(0, 0) == "00000000-0000-7000-8000-000000000000"
    assert made_uuid7((1 << 48) - 1, (1 << 74) - 1) == "ffffffff-ffff-7fff-bfff-ffffffffffff"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "019aef00-0000-4000-8000-000000000000",
        "019aef00-0000-7000-c000-000000000000",
        "019AEF00-0000-7000-8000-000000000000",
        "019aef0000007000800000000000000",
        "019aef00-0000-7000-8000-000000000000\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UUIDv7"):
        uuid7_ms(text)


@given(st.lists(MS, min_size=1, max_size=20), st.integers())
def test_counted_identities_are_such_and_no_two_are_alike(times: list[int], seed: int) -> None:
    ids = CountedIds(Random(seed))
    made = [ids(ms) for ms in times]
    assert len(set(made)) == len(made)
    assert [uuid7_ms(text) for text in made] == times
    assert all(str(uuid.UUID(text)) == text and text[13:24] == ids.middle for text in made)
    assert [ids.number(text) for text in made] == list(range(1, len(made) + 1))
    assert [ids.at(ms, number) for number, ms in enumerate(times, 1)] == made


def test_counting_goes_on_after_the_last_number() -> None:
    class Ones(Random):
        def getrandbits(self, k: int) -> int:
            return (1 << k) - 1

    ids = CountedIds(Ones())
    assert [ids.number(ids(5)) for _ in range(3)] == [1, 2, 3]

"""Identities survive their storage in columns; a session's partition is the one that Kafka's clients choose."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.verification.identity import Identities, event_bytes, key_of, murmur2, name_of, partition_of

UUIDS = st.uuids().map(str)


# From the unit tests of Kafka's own Java client, where the hash is signed.
@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_as_kafka_does(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


@pytest.mark.parametrize("partitions", [1, 3, 8, 64])
def test_a_session_has_one_of_the_partitions(partitions: int) -> None:
    assert partition_of("abc", partitions) == 479470107 % partitions
    # The sign is dropped before the division.
    assert partition_of("21", partitions) == (-973932308 & 0x7FFFFFFF) % partitions


@given(st.lists(st.tuples(st.text(min_size=1), UUIDS), max_size=20))
def test_columns_hold_what_was_added(pairs: list[tuple[str, str]]) -> None:
    identities = Identities()
    for session, event in pairs:
        identities.add(session, event_bytes(event))
    assert [identities.name(index) for index in range(len(identities))] == [f"{s}/{e}" for s, e in pairs]
    assert [identities.key(index) for index in range(len(identities))] == [key_of(s, UUID(e).bytes) for s, e in pairs]
    assert all(identities.has_session(session) for session, _ in pairs)
    assert not identities.has_session("")


@given(UUIDS)
def test_an_events_id_survives_its_bytes(event_id: str) -> None:
    assert name_of("s", event_bytes(event_id)) == f"s/{event_id}"


@pytest.mark.parametrize("text", ["", "abc", "01a20c91-9e0c-7bd6-9e7d-00000000000", "g" * 32])
def test_a_text_that_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        event_bytes(text)

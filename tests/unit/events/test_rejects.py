"""Rejects: the record keeps the bytes, and each reason has its stage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.rejects import (
    REASONS,
    STAGE_OF,
    Reason,
    Reject,
    Via,
    read_reject_record,
    reject_record,
)


@given(
    st.sampled_from(REASONS),
    st.text(max_size=50),
    st.none() | st.text(max_size=64),
    st.binary(),
    st.integers(0, 10**14),
    st.booleans(),
    st.sampled_from([None, "server"]),
)
def test_a_record_is_read_back_as_written(
    reason: Reason,
    detail: str,
    event_id: str | None,
    original: bytes,
    rejected_at_ms: int,
    denied: bool,
    via: Via | None,
) -> None:
    reject = Reject(reason, detail, event_id)
    record = read_reject_record(reject_record(reject, original, "shop", rejected_at_ms, denied, via))
    assert (record.original, record.denied, record.via) == (original, denied, via)
    assert (record.reason, record.stage, record.detail) == (reason, STAGE_OF[reason], detail)
    assert (record.event_id, record.app_id, record.rejected_at_ms) == (event_id, "shop", rejected_at_ms)


def test_each_reason_has_a_stage() -> None:
    assert set(STAGE_OF) == set(REASONS)


@given(st.binary() | st.sampled_from([b"{}", b"[]", b"null", b'"x"', b'{"event_id":null,"app_id":"shop"}']))
def test_malformed_records_are_refused_in_a_sentence(value: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_reject_record(value)

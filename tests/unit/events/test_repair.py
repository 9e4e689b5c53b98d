"""A repaired reject: changed as asked, received when it was rejected, with the same event_id at each replay."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.identity import uuid7_ms
from footfall.events.rejects import Reject, RejectRecord
from footfall.events.repair import COLLECTORS_FIELDS, Changes, NoEvent, Repaired, repair
from footfall.events.stamp import MAX_AGE_MS
from footfall.events.times import format_rfc3339_ms
from footfall.events.validate import check_stored
from tests.support.events import ABSENT, NOW_MS, example_event
from tests.support.server_events import server_event

HOUR_MS = 3_600_000


def reject_of(event: object, **overrides: Any) -> RejectRecord:
    original = event if isinstance(event, bytes) else orjson.dumps(event)
    known = {"event_id": None, "app_id": "shop", "reason": "wrong_type", "stage": "schema", "detail": "A sentence."}
    return RejectRecord(**{**known, "rejected_at_ms": NOW_MS, "original": original, **overrides})


def repaired(record: RejectRecord, offset: int = 7, now_ms: int = NOW_MS + HOUR_MS, **changes: Any) -> Repaired:
    done = repair(record, offset, Changes(**changes), now_ms)
    assert isinstance(done, Repaired), done
    assert check_stored(done.stored) is None
    return done


def test_it_is_received_when_it_was_rejected_and_changed_only_as_asked() -> None:
    sent = example_event(seq=-1, colour="blue")
    done = repaired(reject_of(sent), unset=frozenset({"colour", "item_id", "never_there"}), set={"seq": 4})
    whole = {name: value for name, value in sent.items() if name not in ("colour", "item_id")}
    assert done.stored == {
        **whole,
        "seq": 4,
        "received_at": format_rfc3339_ms(NOW_MS),
        "event_time": format_rfc3339_ms(NOW_MS - 500),
        "is_bot": False,
    }
    assert not done.identity_made


def test_a_remaining_fault_is_reported() -> None:
    record = reject_of(example_event(seq=-1, viewport_w="wide"))
    still = repair(record, 7, Changes(set={"seq": 1}), NOW_MS)
    assert isinstance(still, Reject)
    assert (still.reason, "viewport_w" in still.detail) == ("wrong_type", True)
    foreign = repair(reject_of(example_event(app_id="news")), 7, Changes(), NOW_MS)
    assert isinstance(foreign, Reject)
    assert foreign.reason == "foreign_app"


def test_what_a_server_sent_is_repaired_in_its_own_words() -> None:
    record = reject_of(server_event(currency="euro"), via="server")
    done = repaired(record, set={"currency": "EUR"})
    assert (done.stored["via"], done.stored["currency"], done.identity_made) == ("server", "EUR", False)
    assert done.stored["event_time"] == format_rfc3339_ms(NOW_MS - 120_000)
    by_browser = repair(reject_of(server_event()), 7, Changes(), NOW_MS)
    assert isinstance(by_browser, Reject)
    assert by_browser.reason == "missing_field"


def test_what_a_server_sent_without_an_id_counts_once_too() -> None:
    record = reject_of(server_event(id=ABSENT), via="server")
    first, second = (repaired(record, now_ms=NOW_MS + later) for later in (0, HOUR_MS))
    assert (first.identity_made, first.stored) == (True, second.stored)
    assert repaired(record, offset=8).stored["event_id"] != first.stored["event_id"]
    assert not repaired(record, set={"id": "order-paid-1001"}).identity_made


def test_a_refusal_of_consent_stays_with_what_a_server_sent() -> None:
    done = repaired(reject_of(server_event(), via="server", denied=True))
    assert done.stored["consent"] == "denied"
    assert "user_id" not in done.stored


@pytest.mark.parametrize(("waited_ms", "backfill"), [(0, False), (MAX_AGE_MS, False), (MAX_AGE_MS + 1, True)])
def test_only_rejects_older_than_three_days_are_backfill(waited_ms: int, backfill: bool) -> None:
    done = repaired(reject_of(example_event()), now_ms=NOW_MS + waited_ms)
    assert done.stored.get("backfill", False) is backfill
    assert done.stored["received_at"] == format_rfc3339_ms(NOW_MS)


def test_age_is_judged_at_the_rejection() -> None:
    old = example_event(occurred_at=format_rfc3339_ms(NOW_MS - MAX_AGE_MS - 1), sent_at=format_rfc3339_ms(NOW_MS))
    still = repair(reject_of(old), 7, Changes(), NOW_MS + 30 * 24 * HOUR_MS)
    assert isinstance(still, Reject)
    assert still.reason == "too_old"


@pytest.mark.parametrize(
    "event_id",
    [ABSENT, None, 17, "", "abc", "019AEF00-0000-7000-8000-000000000000", "f47ac10b-58cc-4372-a567-0e02b2c3"],
)
def test_an_event_without_an_identity_is_given_the_same_one_each_time(event_id: Any) -> None:
    record = reject_of(example_event(event_id=event_id))
    first = repaired(record)
    again = repaired(record, now_ms=NOW_MS + 100 * 24 * HOUR_MS, set={"seq": 9, "page_title": "Repaired otherwise"})
    assert first.identity_made
    assert first.stored["event_id"] == again.stored["event_id"]
    others = [repaired(record, offset=8), repaired(reject_of(example_event(event_id=event_id)))]
    assert len({first.stored["event_id"], *(other.stored["event_id"] for other in others)}) == 3


def test_an_identity_is_fixed_for_ever() -> None:
    # An event that an earlier version stored must be a repeat in a later one.
    record = reject_of(example_event(event_id=ABSENT), original=b'{"seq": 1}')
    replacement = orjson.dumps(example_event(event_id=ABSENT))
    assert repaired(record, replacement=replacement).stored["event_id"] == "01a2076b-4400-74a9-80a5-acde7b36db99"


@given(st.integers(0, MAX_AGE_MS))
def test_a_new_event_id_fits_every_acceptable_event_time(waited_ms: int) -> None:
    event = example_event(event_id=ABSENT, occurred_at=format_rfc3339_ms(NOW_MS - waited_ms))
    event["sent_at"] = format_rfc3339_ms(NOW_MS)
    assert repaired(reject_of(event)).identity_made


def test_a_set_event_id_is_accepted_or_refused_unchanged() -> None:
    record = reject_of(example_event(event_id="abc"))
    wanted = example_event()["event_id"]
    done = repaired(record, set={"event_id": wanted})
    assert (done.stored["event_id"], done.identity_made) == (wanted, False)
    still = repair(record, 7, Changes(set={"event_id": "def"}), NOW_MS)
    assert isinstance(still, Reject)
    assert still.reason == "bad_format"


def test_an_identity_of_a_wrong_clock_can_be_left_out() -> None:
    record = reject_of(example_event(event_id="00000000-0000-7000-8000-000000000000"))
    still = repair(record, 7, Changes(), NOW_MS)
    assert isinstance(still, Reject)
    assert still.reason == "bad_clock"
    done = repaired(record, unset=frozenset({"event_id"}))
    assert abs(uuid7_ms(done.stored["event_id"]) - NOW_MS) <= 24 * HOUR_MS


def test_a_replacement_takes_the_place_of_what_was_sent() -> None:
    other = example_event(page_title="Other")
    done = repaired(reject_of(example_event(seq=-1)), replacement=orjson.dumps(other), set={"seq": 2})
    assert {name: done.stored[name] for name in other} == {**other, "seq": 2}


def test_several_events_of_one_invalid_body_get_different_event_ids() -> None:
    body = reject_of(b'[{"seq": 1}, {"seq": 2')
    one, two = (orjson.dumps(example_event(event_id=ABSENT, session_id="s", seq=seq)) for seq in (1, 2))
    ids = [repaired(body, replacement=text).stored["event_id"] for text in (one, two, one)]
    assert ids[0] == ids[2] != ids[1]
    # If the body was one event, any replacement is the same event.
    single = reject_of(example_event(event_id=ABSENT))
    assert len({repaired(single, replacement=text).stored["event_id"] for text in (one, two)}) == 1


@pytest.mark.parametrize("original", [b"\xff{", b"[1]", b'"text"', b"", b"[" * 2000])
def test_a_body_that_is_not_an_object_must_be_replaced(original: bytes) -> None:
    with pytest.raises(NoEvent):
        repair(reject_of(original), 7, Changes(set={"seq": 1}), NOW_MS)
    assert repaired(reject_of(original), replacement=orjson.dumps(example_event())).stored["seq"] == 3


def test_a_sender_cannot_set_the_collectors_fields() -> None:
    claimed: dict[str, Any] = dict.fromkeys(COLLECTORS_FIELDS, "claimed")
    assert {"received_at", "event_time", "is_bot", "backfill", "country"} <= COLLECTORS_FIELDS
    stored = repaired(reject_of(example_event() | claimed)).stored
    assert {name for name in COLLECTORS_FIELDS if name in stored} == {"received_at", "event_time", "is_bot"}
    assert "claimed" not in stored.values()


@pytest.mark.parametrize(("denied", "said"), [(False, {"consent": "denied"}), (True, {})])
def test_denied_consent_is_kept_whether_by_field_or_header(denied: bool, said: dict[str, str]) -> None:
    reject = reject_of(example_event(user_id="u1", search_term="tea"), denied=denied)
    stored = repaired(reject, set=said).stored
    assert stored["consent"] == "denied"
    assert "user_id" not in stored
    assert "search_term" not in stored
    assert stored["anonymous_id"] == stored["session_id"]

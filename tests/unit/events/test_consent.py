"""With consent denied, only the fields of one list are kept, of accepted events and of rejects."""

from typing import Any

import orjson
import pytest

from footfall.events.consent import KEPT, Refused, refused
from footfall.events.geo import Location
from footfall.events.rejects import Reject, RejectRecord
from footfall.events.repair import Changes, Repaired, repair
from footfall.events.stamp import Context, accept
from footfall.events.validate import SCHEMA, check_stored
from tests.support.events import NOW_MS, example_event

SECRET = "a-secret"
# Fields of free text, each with something that says who somebody is or what they looked for.
TELLING: dict[str, Any] = {
    **dict.fromkeys(("user_id", "search_term", "order_id", "variant", "error_message"), SECRET),
    **dict.fromkeys(("language", "timezone"), SECRET),
    **dict.fromkeys((f"utm_{name}" for name in ("source", "medium", "campaign", "term", "content")), SECRET),
    "referrer": f"https://search.example/?q={SECRET}",
    "properties": {SECRET: SECRET},
}
FULL: dict[str, Any] = {
    **TELLING,
    **{
        "element": "buy",
        "list_id": "for-you",
        "results_count": 3,
        "quantity": 2,
        "value_cents": 4_000,
        "currency": "EUR",
    },
    **{"engaged_ms": 4_000, "scroll_pct": 40, "error_code": "TypeError"},
    **{"schema_version": "1.1", "event_name": "signup", "lcp_ms": 1_800, "inp_ms": 90, "ttfb_ms": 200, "cls_milli": 30},
}
CONTEXT = Context(
    "shop", NOW_MS, "203.0.113.0/24", user_agent="curl/8", place=Location("GB", "England", "London", 51.5, -0.1)
)
UNASKED = Reject("out_of_range", "The field seq must be a position.", "an-id")


def taken(**overrides: Any) -> dict[str, Any]:
    stored = accept(example_event(**{**FULL, "consent": "denied", **overrides}), CONTEXT)
    assert not isinstance(stored, Reject), stored
    assert check_stored(stored) is None
    return stored


def left_of(event: Any, by_headers: bool = False) -> Refused:
    return refused(UNASKED, orjson.dumps(event), event, by_headers)


def test_an_event_keeps_the_fields_of_the_list_and_no_other() -> None:
    stored = taken()
    assert set(stored) == KEPT - {"backfill", "via"}
    assert SECRET not in orjson.dumps(stored).decode()
    assert stored["anonymous_id"] == stored["session_id"]
    assert (stored["page_path"], stored["page_section"]) == ("/product/blue-kettle", "kitchen")
    assert (stored["page_title"], stored["response_ms"]) == ("Blue kettle – Shop", 35)
    assert stored["consent"] == "denied"


def test_the_list_names_fields_that_exist() -> None:
    assert set(SCHEMA["$defs"]["stored"]["properties"]) >= KEPT


def test_with_consent_everything_is_kept() -> None:
    stored = taken(consent="granted")
    assert {name: stored[name] for name in TELLING} == TELLING


@pytest.mark.parametrize("version", ["1.2", "1.999"])
def test_fields_of_a_later_version_are_dropped(version: str) -> None:
    assert "extra" not in taken(schema_version=version, mood=SECRET)


def test_the_title_of_a_search_page_is_dropped() -> None:
    assert "page_title" not in taken(page_type="search", page_title=f"Results for {SECRET}")


def test_the_lines_of_an_order_stay_together_under_their_page_view() -> None:
    lines = [taken(event_type="purchase", page_view_id="view-1", order_id="order-7") for _ in range(2)]
    assert [line["order_id"] for line in lines] == ["view-1", "view-1"]
    no_page = dict.fromkeys(("page_view_id", "page_path", "page_section", "page_type"))
    assert "order_id" not in taken(event_type="login", **no_page)


@pytest.mark.parametrize(
    ("consent", "by_headers"), [("denied", False), ("granted", True), (None, True), ("no", False), (["denied"], False)]
)
def test_a_reject_keeps_the_valid_fields_of_the_list(consent: Any, by_headers: bool) -> None:
    event = example_event(**FULL, consent=consent, seq=-1, mood=SECRET, page_path=f"/search?q={SECRET}")
    left = left_of(event, by_headers)
    assert SECRET not in left.original.decode()
    assert left.denied
    assert left.reject.event_id is None
    kept = orjson.loads(left.original)
    missing = (
        KEPT - set(kept) - {name for name, shape in SCHEMA["$defs"]["sent"]["properties"].items() if shape is True}
    )
    assert missing == {"seq", "page_path"}
    assert kept["anonymous_id"] == event["session_id"]


def test_what_is_left_of_a_reject_can_be_mended() -> None:
    left = left_of(example_event(**FULL, consent="denied", seq=-1))
    record = RejectRecord(None, "shop", "out_of_range", "schema", "", NOW_MS, left.original, left.denied)
    mended = repair(record, 5, Changes(set={"seq": 4}), NOW_MS)
    assert isinstance(mended, Repaired)
    assert (mended.stored["seq"], mended.stored["page_path"]) == (4, "/product/blue-kettle")
    assert mended.stored["consent"] == "denied"


@pytest.mark.parametrize("consent", ["granted", "unknown", None])
def test_a_reject_keeps_its_bytes_unless_consent_is_denied(consent: str | None) -> None:
    event = example_event(**FULL, consent=consent, seq=-1)
    assert left_of(event) == (UNASKED, orjson.dumps(event), False)


@pytest.mark.parametrize("body", [b'{"consent":"denied","user_id":"a-sec', b'[[{"consent":"denied"}]]', b'"denied"'])
def test_nothing_is_left_of_bytes_that_are_no_event(body: bytes) -> None:
    assert refused(UNASKED, body, None, False)[1:] == (b"", True)
    assert refused(UNASKED, b"a-secret", None, True)[1:] == (b"", True)
    assert refused(UNASKED, b"a-secret", None, False) == (UNASKED, b"a-secret", False)


def test_the_identity_of_a_reject_is_kept_if_it_is_one() -> None:
    event = example_event(seq=-1, consent="denied")
    reject = Reject("out_of_range", "", event["event_id"])
    assert refused(reject, b"", event, False).reject == reject

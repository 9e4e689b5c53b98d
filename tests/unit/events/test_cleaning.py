"""What is no identity identifies nobody, and no text says who somebody is."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.cleaning import is_placeholder, without_emails
from footfall.events.identity import new_uuid7
from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.events.validate import check_stored
from tests.support.events import NOW_MS, example_event

PLACEHOLDERS = ["undefined", "null", "NULL", "0", "NaN", "None", "-1", "anonymous", "[object Object]", "{{user.id}}"]


def _stored(**fields: Any) -> dict[str, Any]:
    stored = accept(example_event(**fields), Context("shop", NOW_MS))
    assert isinstance(stored, dict), stored
    assert check_stored(stored) is None
    return stored


@pytest.mark.parametrize("name", [*PLACEHOLDERS, "00000000-0000-0000-0000-000000000000"])
def test_a_placeholder_is_recognised(name: str) -> None:
    assert is_placeholder(name)


@pytest.mark.parametrize("name", ["u000123", "1", "10", "nullify", "guest-7", "Annan", "0000"])
def test_an_identity_is_none(name: str) -> None:
    assert not is_placeholder(name)
    assert not is_placeholder(new_uuid7())


def test_placeholders_join_no_visitors() -> None:
    first = _stored(user_id="undefined", anonymous_id="null", session_id="visit-1")
    second = _stored(user_id="0", anonymous_id="null", session_id="visit-2")
    assert "user_id" not in {**first, **second}
    assert (first["anonymous_id"], second["anonymous_id"]) == ("visit-1", "visit-2")
    assert _stored(user_id="u1", anonymous_id="a1")["user_id"] == "u1"


def test_a_visit_needs_an_identity() -> None:
    refused = accept(example_event(session_id="undefined"), Context("shop", NOW_MS))
    assert isinstance(refused, Reject)
    assert refused.reason == "not_allowed"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("/reset/jane.doe@example.org/now", "/reset/(email)/now"),
        ("/reset/jane%40example.co.uk", "/reset/(email)"),
        ("/u/jane+shop@example.org", "/u/(email)"),
        ("/u/jane%2Bshop%40example.org", "/u/(email)"),
        ("/@jane/photos", "/@jane/photos"),
        ("/tickets/2@home", "/tickets/2@home"),
        ("/npm/lib@1.2", "/npm/lib@1.2"),
    ],
)
def test_no_path_holds_an_address(written: str, stored: str) -> None:
    event = _stored(page_path=written, previous_path=written)
    assert (event["page_path"], event["previous_path"]) == (stored, stored)


def test_no_other_text_does() -> None:
    text = "Welcome back, Jane.Doe@Example.org (and bob@example.com)"
    fields = (
        "page_title",
        "element",
        "search_term",
        "error_message",
        "utm_term",
        "utm_content",
        "referrer",
        "event_name",
    )
    event = _stored(schema_version="1.1", **dict.fromkeys(fields, text), properties={"note": text, "n": 1, "yes": True})
    for name in fields:
        assert event[name] == "Welcome back, (email) (and (email))"
    assert event["properties"] == {"note": "Welcome back, (email) (and (email))", "n": 1, "yes": True}


def test_no_text_takes_long() -> None:
    hostile = [f"{part * 2_048}"[:2_048] for part in ("a", "a@", "a.", "%40", "a%40", "@a.", "+", "a@a.")]
    began_s = time.process_time()
    for text in hostile * 50:
        without_emails({"error_message": f"{text[:-1]}@"})
    # Some 0.02 s. A pattern that begins anew at each character takes minutes.
    assert time.process_time() - began_s < 5


@given(st.text(st.sampled_from("a.@%40+-_ /é")))
def test_any_text_is_cleaned_quickly_and_for_good(text: str) -> None:
    event = {"page_title": text}
    without_emails(event)
    again = dict(event)
    without_emails(again)
    assert again == event

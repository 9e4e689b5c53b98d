"""Bodies: valid JSON, and the original bytes of each element."""

import json
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events import bodies
from footfall.events.bodies import element_bytes, parse_body
from footfall.events.rejects import Reject

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"event", "not_json"),
        (b"NaN", "not_json"),
        (b'{"a": 1e999}', "not_json"),
        (b'"\xff\xfe"', "not_json"),
        (b'"a\x00b"', "not_json"),
        (b'"\\ud800"', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"),
    ],
)
def test_invalid_json_is_rejected(body: bytes, reason: str) -> None:
    parsed = parse_body(body)
    assert isinstance(parsed, Reject)
    assert parsed.reason == reason


def test_one_value_is_one_event_and_an_array_is_its_elements() -> None:
    assert parse_body(b'{"a":1}') == [{"a": 1}]
    assert parse_body(b" [1, {}] ") == [1, {}]
    assert parse_body(b"[]") == []
    assert parse_body(b"7") == [7]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"a": "\\ud83d"}', "not_json"),
        (b'{"a": 1e999}', "not_json"),
        (b'{"a": "\xff"}', "not_json"),
        (b"{a: 1}", "not_json"),
        (b"", "not_json"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "too_deep"),
        (b'"\\udc00\\ud800"', "not_json"),
    ],
)
def test_a_broken_element_takes_no_other_along(broken: bytes, reason: str | None) -> None:
    body = b'[{"a": 1}, ' + broken + b', {"a": 2}]'
    parsed = parse_body(body)
    assert isinstance(parsed, list)
    assert parsed[::2] == [{"a": 1}, {"a": 2}]
    assert (parsed[1].reason if isinstance(parsed[1], Reject) else None) == reason
    assert element_bytes(body)[1] == broken


@pytest.mark.parametrize(
    "cut", [b'[{"a": 1}, {"a": ', b'[{"a": 1}, {"a": 2}', b'[{"a": 1}, {"a": 2}}]', b'[{"a": 1}] [1]']
)
def test_an_array_without_its_end_is_broken_as_a_whole(cut: bytes) -> None:
    assert isinstance(parse_body(cut), Reject)


def test_the_last_of_repeated_keys_counts() -> None:
    assert parse_body(b'{"a":1,"a":2}') == [{"a": 2}]


def test_elements_keep_their_bytes() -> None:
    body = b' [ {"a" : 1.0, "a": "x,]}\\"" } ,\n[1,[2]],"\xc3\xa9" , 3 ]\n'
    assert element_bytes(body) == [b'{"a" : 1.0, "a": "x,]}\\"" }', b"[1,[2]]", b'"\xc3\xa9"', b"3"]
    assert element_bytes(b" [ ] ") == []
    assert element_bytes(b' {"a":[1]} ') == [b'{"a":[1]}']


@given(JSON, st.sampled_from([None, 0, 2]), st.booleans())
def test_elements_are_those_that_were_parsed(value: Any, indent: int | None, ascii_only: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert [orjson.loads(element) for element in element_bytes(body)] == parse_body(body)


@given(JSON)
def test_both_ways_to_split_agree(value: Any) -> None:
    body = json.dumps([value, value], indent=1).encode()
    assert element_bytes(body) == bodies._split(body)


def test_deep_elements_keep_their_bytes() -> None:
    deep = b"[" * 1000 + b"]" * 1000
    assert element_bytes(b'["]", ' + deep + b" ]") == [b'"]"', deep]


@pytest.mark.parametrize("element", [b"[" + b"[]," * 80_000 + b"[]]", b'{"a":"' + b'\\"' * 120_000 + b'"}'])
def test_a_body_made_for_it_is_split_fast(element: bytes) -> None:
    """The loop that reads all connections does it. Compared with the slow way, since machines differ."""

    def taken_s(split: Callable[[bytes], list[bytes]]) -> float:
        began = time.thread_time()
        assert split(b"[" + element + b"]") == [element]
        return time.thread_time() - began

    fast_s = min(taken_s(element_bytes) for _ in range(3))
    assert fast_s * 4 < min(taken_s(bodies._split) for _ in range(3))


@given(st.binary(max_size=200))
def test_no_body_makes_it_raise(body: bytes) -> None:
    parsed = parse_body(body)
    if not isinstance(parsed, Reject):
        assert len(element_bytes(body)) == len(parsed)

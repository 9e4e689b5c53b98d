import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_web.log_escaping import loggable, target_of, without_query


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)"),
        ('say "hi"', "say \\x22hi\\x22"),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("back\\slash", "back\\x5cslash"),
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("\xc3\xa9", "\\xc3\\xa9"),  # é, as WSGI gives it
        ("\u2028", "\\xe2\\x80\\xa8"),
    ],
)
def test_what_could_end_a_field_or_a_line_is_escaped(text: str, logged: str) -> None:
    assert loggable(text, 100) == logged


@given(st.text(max_size=300), st.integers(1, 200))
def test_any_text_becomes_a_bounded_piece_of_one_quoted_field(text: str, longest: int) -> None:
    logged = loggable(text, longest)
    assert len(logged) <= longest
    assert re.fullmatch(r"[ !#-~]*", logged)


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"REQUEST_URI": "/search?q=secret&page=2", "QUERY_STRING": "q=secret&page=2"}, "/search?q&page"),
        ({"REQUEST_URI": "/reset", "QUERY_STRING": "token-without-equals"}, "/reset"),
        ({"REQUEST_URI": "/x", "QUERY_STRING": "jo@example.org=1&ok=1"}, "/x?ok"),
        (
            {"PATH_INFO": "/x", "QUERY_STRING": "&".join(f"a{i}=1" for i in range(99))},
            "/x?" + "&".join(f"a{i}" for i in range(16)),
        ),
        ({"REQUEST_URI": "/a%0d%0ab"}, "/a%0d%0ab"),
        ({"REQUEST_URI": '/a b"c'}, "/a\\x20b\\x22c"),
        ({"PATH_INFO": "/from/wsgi", "QUERY_STRING": "q=1"}, "/from/wsgi?q"),
        ({"REQUEST_URI": "http://elsewhere.example/a"}, "/a"),
        ({}, "/"),
    ],
)
def test_a_target_keeps_names_of_parameters_and_no_values(environ: dict[str, str], target: str) -> None:
    assert target_of(environ) == target


@given(st.text(max_size=200))
def test_any_target_is_one_word(path: str) -> None:
    assert re.fullmatch(r"[!#-~]*", target_of({"REQUEST_URI": path}))


def test_a_referrer_loses_its_query_and_fragment() -> None:
    assert without_query("https://x.example/a?b=c#d") == "https://x.example/a"
    assert without_query("https://x.example/a#d?e") == "https://x.example/a"

"""Values in statements: nothing that a value contains ends its literal or is replaced by Hive."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.hive.literals import bind, literal

# What Hive makes of a literal's inside.
_HIVES = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


def _read_by_hive(text: str) -> str:
    assert text[0] == text[-1] == "'"
    inside = text[1:-1]
    # An apostrophe that no backslash escapes would end the literal.
    assert not re.search(r"(?<!\\)(?:\\\\)*'", inside)
    # Hive replaces variables before it parses.
    assert "${" not in inside
    return _HIVES.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], inside)


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_text_stays_what_it_is(text: str) -> None:
    assert _read_by_hive(literal(text)) == text


@pytest.mark.parametrize("text", ["a'b", "\\", "\\'", "' OR '1'='1", "${env:HOME}", "\0", "a\\u0041", "%s", "ü€😀"])
def test_a_hostile_text_stays_what_it_is(text: str) -> None:
    assert _read_by_hive(literal(text)) == text


def test_half_a_character_is_replaced() -> None:
    assert literal("a\ud800") == "'a\ufffd'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (False, "FALSE"),
        (-5, "-5"),
        (2**63 - 1, "9223372036854775807"),
        (1.5, "1.5D"),
        (date(2026, 11, 24), "'2026-11-24'"),
        (["a", 1], "('a', 1)"),
        ((), "(NULL)"),
    ],
)
def test_other_values(value: object, expected: str) -> None:
    assert literal(value) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [2**63, float("nan"), float("inf")])
def test_a_number_that_hive_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is no"):
        literal(value)


def test_values_replace_the_placeholders_in_their_order() -> None:
    sql = bind("SELECT a % 2 FROM t WHERE x = %s AND y IN %s", ["%s", [1, 2]])
    assert sql == "SELECT a % 2 FROM t WHERE x = '%s' AND y IN (1, 2)"


@pytest.mark.parametrize("values", [["a"], ["a", "b", "c"]])
def test_a_wrong_number_of_values_is_refused(values: list[str]) -> None:
    with pytest.raises(ValueError, match="2 placeholders"):
        bind("SELECT %s, %s", values)

"""Errors that differ in numbers and ids alone are of one kind."""

import hashlib

import pytest

from footfall.metrics.fingerprints import client_fingerprint, pattern


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("item 17 of 3 is gone", "item # of # is gone"),
        ("order 01a213bf-fb7f-77f3-8ce0-b1a4ea94a2c1 failed", "order # failed"),
        ("deadbeef01, DEADBEEF, 0xdeadbeef", "#, #, #"),
        ("01a213bf-fb7f is part of one", "#-fb#f is part of one"),
        ("a faded cafe", "a faded cafe"),
        ("v1.2.3", "v#.#.#"),
        ("", ""),
    ],
)
def test_numbers_and_ids_are_replaced(message: str, found: str) -> None:
    assert pattern(message) == found


def test_site_code_and_pattern_make_the_fingerprint() -> None:
    one = client_fingerprint("shop", "TypeError", "item 1")
    assert one == client_fingerprint("shop", "TypeError", "item 22")
    assert one == hashlib.sha256(b"shop\nTypeError\nitem #").hexdigest()[:16]
    others = {client_fingerprint("news", "TypeError", "item 1"), client_fingerprint("shop", None, "item 1")}
    others.add(client_fingerprint("shop", "TypeError", None))
    assert len({one, *others}) == 4

"""UUIDv7 (RFC 9562): the first 48 bits are the milliseconds since 1970, so an identity carries its own time."""

import re
import secrets
import time
from random import Random
from typing import Final

UUID7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_uuid7(ms: int | None = None, rng: Random | None = None) -> str:
    """A new identity.

    ms: its time in milliseconds since 1970, now if None; ValueError unless it fits 48 bits.
    rng: source of the 74 random bits, for repeatable worlds; the system's if None.
    """
    if ms is None:
        ms = time.time_ns() // 1_000_000
    return made_uuid7(ms, rng.getrandbits(74) if rng is not None else secrets.randbits(74))


def made_uuid7(ms: int, bits: int) -> str:
    """The identity of that time with these 74 bits; ValueError unless both fit."""
    if not 0 <= ms < 1 << 48:
        raise ValueError("the time of a UUIDv7 must be from 0 to 2^48 - 1 milliseconds")
    if not 0 <= bits < 1 << 74:
        raise ValueError("a UUIDv7 has 74 bits beside its time")
    number = ms << 80 | 0x7 << 76 | bits >> 62 << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7_ms(text: str) -> int:
    """The milliseconds since 1970 inside a UUIDv7; ValueError if it is none in lower case."""
    if UUID7.fullmatch(text) is None:
        raise ValueError("not a UUIDv7 in lower case")
    return shaped_uuid7_ms(text)


def shaped_uuid7_ms(text: str) -> int:
    """As `uuid7_ms` for a text already known to be a UUIDv7."""
    return int(text[:8] + text[9:13], 16)

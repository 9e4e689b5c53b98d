"""Event ids: UUIDv7 (RFC 9562). The first 48 bits are milliseconds since 1970, so an id contains its own time."""

import re
import secrets
import time
from random import Random
from typing import Final

UUID7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LAST: Final = (1 << 48) - 1


def new_uuid7(ms: int | None = None, rng: Random | None = None) -> str:
    """Returns a new UUIDv7.

    ms: its time in milliseconds since 1970; now if None. ValueError unless it fits 48 bits.
    rng: source of the 74 random bits, for reproducible simulations; the system's if None.
    """
    if ms is None:
        ms = time.time_ns() // 1_000_000
    return made_uuid7(ms, rng.getrandbits(74) if rng is not None else secrets.randbits(74))


class CountedIds:
    """Generates the ids of one source, such as a visit, from a random start and a counter (RFC 9562, 6.2, method 2).

    A random number for each id would take several times as long.
    middle: the part between the time and the last twelve digits, which is the same in all ids.
    """

    def __init__(self, rng: Random) -> None:
        bits = rng.getrandbits(74)
        self.middle = f"-7{bits >> 62:03x}-{0x8000 | bits >> 48 & 0x3FFF:04x}-"
        self._first = bits & _LAST
        self._made = 0

    def __call__(self, ms: int) -> str:
        """Returns the next id, with this time in milliseconds since 1970, which must fit 48 bits."""
        self._made += 1
        return self.at(ms, self._made)

    def at(self, ms: int, number: int) -> str:
        """Returns the id with this number, starting from 1."""
        digits = f"{ms:012x}"
        return f"{digits[:8]}-{digits[8:]}{self.middle}{self._first + number & _LAST:012x}"

    def number(self, made: str) -> int:
        """Returns the number of an id of this source."""
        return int(made[-12:], 16) - self._first & _LAST


def made_uuid7(ms: int, bits: int) -> str:
    """Returns the UUIDv7 with this time and these 74 bits; ValueError unless both fit."""
    if not 0 <= ms < 1 << 48:
        raise ValueError("the time of a UUIDv7 must be from 0 to 2^48 - 1 milliseconds")
    if not 0 <= bits < 1 << 74:
        raise ValueError("a UUIDv7 has 74 bits in addition to its time")
    number = ms << 80 | 0x7 << 76 | bits >> 62 << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7_ms(text: str) -> int:
    """The time in a UUIDv7 in milliseconds since 1970; ValueError if it is not a UUIDv7 in lower case."""
    if UUID7.fullmatch(text) is None:
        raise ValueError("not a UUIDv7 in lower case")
    return shaped_uuid7_ms(text)


def shaped_uuid7_ms(text: str) -> int:
    """Like `uuid7_ms`, for a text that is known to be a UUIDv7."""
    return int(text[:8] + text[9:13], 16)

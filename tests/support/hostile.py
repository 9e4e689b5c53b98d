"""Bytes that nobody should send: valid ones that are spoilt, and garbage. The same seed gives the same bytes."""

import os
from collections.abc import Sequence
from random import Random
from typing import Final

from tests.support.long_tests import LONG

# Of each run without `test all`; a run of it begins elsewhere each time, and says where.
SEED: Final = int.from_bytes(os.urandom(4), "big") if LONG else 13
# Values that often break parsers and stores, and that random generation would rarely find.
SPLICES: Final = [
    b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b",",
    b":", b"null", b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"\r\n", b"<script>", b"[" * 3000,
    b'{"a":' * 3000,
    b"\xe2\x80\xa8", b"\x1b[2J", b"'; DROP TABLE events; --", b"../../etc/passwd", b"${jndi:ldap://x}", b"true",
    b"\xef\xbb\xbf", b"\xd9\xa1\xd9\xa2", b"%00", b"%", b"::ffff:1.2.3.4", b"[::1", b"@", b"#", b"?", b";", b"=", b" ",
    b"0001-01-01T00:00:00.000Z", b"9999-12-31T23:59:59.999Z", b"-1", b"18446744073709551616", b"x" * 5000,
]  # fmt: skip


def spoilt(rng: Random, sample: bytes) -> bytes:
    """A sample with up to four changes: put in, cut out, a bit flipped, the end cut off; at times it is garbage."""
    if rng.random() < 0.03:
        return rng.randbytes(rng.randrange(80))
    made = bytearray(sample)
    for _ in range(rng.randrange(5)):
        at, kind = rng.randrange(len(made) + 1), rng.random()
        if kind < 0.5:
            made[at : at + rng.choice((0, 0, 1, 30))] = rng.choice(SPLICES)
        elif kind < 0.7:
            other = rng.randrange(len(made) + 1)
            made[at:at] = made[other : other + rng.randrange(60)]
        elif kind < 0.9 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        elif kind > 0.95:
            del made[at:]
    return bytes(made)


def some_spoilt(rng: Random, samples: Sequence[bytes], number: int) -> list[bytes]:
    """The samples themselves, and this many spoilt ones."""
    return [*samples, *(spoilt(rng, rng.choice(samples)) for _ in range(number))]

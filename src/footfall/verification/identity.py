"""Compact identities: a 64-bit key for comparing, columns for their names, and the partition of each session."""

from array import array
from functools import lru_cache
from typing import Final
from uuid import UUID

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF
_ID_BYTES: Final = 16


def key_of(session_id: str, event_id: bytes) -> int:
    """A 64-bit key of an identity, valid within this process.

    Among ten million identities, the probability that two share a key is about 1 in 400,000.
    """
    return hash((session_id, event_id))


def event_bytes(event_id: str) -> bytes:
    """The sixteen bytes of an event_id. Raises ValueError if the text is no UUID."""
    found = bytes.fromhex(event_id.replace("-", ""))
    if len(found) != _ID_BYTES:
        raise ValueError("not a UUID")
    return found


def name_of(session_id: str, event_id: bytes) -> str:
    """The name of an identity in messages: `SESSION/EVENT`."""
    return f"{session_id}/{UUID(bytes=event_id)}"


@lru_cache(maxsize=100_000)
def partition_of(session_id: str, partitions: int) -> int:
    """The partition of `events` that must hold every record of the session. partitions: how many the topic has."""
    return (murmur2(session_id.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Kafka's hash of a key, unsigned. Source: MurmurHash2 by Austin Appleby, with the seed of Kafka's clients."""
    value = _SEED ^ len(data)
    whole = len(data) & ~3
    for begin in range(0, whole, 4):
        block = int.from_bytes(data[begin : begin + 4], "little") * _FACTOR & _MASK
        block = (block ^ block >> 24) * _FACTOR & _MASK
        value = (value * _FACTOR & _MASK) ^ block
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _MASK
    value = (value ^ value >> 13) * _FACTOR & _MASK
    return value ^ value >> 15


class Identities:
    """Identities in columns: twenty bytes each in addition to their sessions. A dict of strings would need hundreds."""

    def __init__(self) -> None:
        self._sessions: list[str] = []
        self._numbers: dict[str, int] = {}
        self._session = array("I")
        self._ids = bytearray()

    def __len__(self) -> int:
        return len(self._session)

    def add(self, session_id: str, event_id: bytes) -> None:
        """Appends an identity; its index is the length before. event_id: sixteen bytes."""
        number = self._numbers.get(session_id)
        if number is None:
            number = self._numbers[session_id] = len(self._sessions)
            self._sessions.append(session_id)
        self._session.append(number)
        self._ids += event_id

    def has_session(self, session_id: str) -> bool:
        """Whether any identity of the session was added."""
        return session_id in self._numbers

    def key(self, index: int) -> int:
        """`key_of` the identity at that index."""
        return key_of(*self._at(index))

    def name(self, index: int) -> str:
        """`name_of` the identity at that index."""
        return name_of(*self._at(index))

    def session(self, index: int) -> str:
        """The session of the identity at that index."""
        return self._sessions[self._session[index]]

    def _at(self, index: int) -> tuple[str, bytes]:
        begin = index * _ID_BYTES
        return self.session(index), bytes(self._ids[begin : begin + _ID_BYTES])


class Rows:
    """A store's rows of one partition, in columns: identities with their offsets, hours since 1970 and apps."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.offsets = array("q")
        self.hours = array("i")
        self.apps: list[str] = []  # references to a few shared strings

"""Reads and writes Hadoop's SequenceFile, version 6, without compression, as Mahout uses it.

The format is that of `org.apache.hadoop.io.SequenceFile`. Keys and values are the bytes of a Writable.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from footfall.learning.errors import MahoutFailed

_MAGIC: Final = b"SEQ\x06"
# In place of a record's length: a sync marker follows.
_ESCAPE: Final = -1
_SYNC_LENGTH: Final = 16
# Hadoop itself writes a marker after this many bytes. A reader that begins in the middle seeks the next one.
_SYNC_EVERY: Final = 2000


class Record(NamedTuple):
    """A key and a value, each as the bytes of its Writable."""

    key: bytes
    value: bytes


def write(key_class: str, value_class: str, records: Iterable[Record]) -> bytes:
    """The bytes of a file. key_class, value_class: Java classes. The same records are the same bytes."""
    names = text(key_class) + text(value_class)
    # Hadoop takes a random marker; any that the data does not contain by chance serves.
    sync = hashlib.sha256(names).digest()[:_SYNC_LENGTH]
    out = bytearray(_MAGIC + names + b"\x00\x00" + (0).to_bytes(4, "big") + sync)
    last = len(out)
    for key, value in records:
        if len(out) - last >= _SYNC_EVERY:
            out += _ESCAPE.to_bytes(4, "big", signed=True) + sync
            last = len(out)
        out += (len(key) + len(value)).to_bytes(4, "big") + len(key).to_bytes(4, "big") + key + value
    return bytes(out)


def read(content: bytes, key_class: str, value_class: str) -> Iterator[Record]:
    """The records of a file. Raises MahoutFailed if it is none, is cut off, or has other classes."""
    try:
        yield from _read(content, key_class, value_class)
    except (IndexError, UnicodeDecodeError) as error:
        raise MahoutFailed(
            f"A SequenceFile is damaged or cut off ({type(error).__name__}). Run the job again."
        ) from None


def _read(content: bytes, key_class: str, value_class: str) -> Iterator[Record]:
    data = Reader(content)
    if data.take(4) != _MAGIC:
        raise MahoutFailed("A file of Mahout is no SequenceFile of version 6. Run the job again.")
    found = data.text(), data.text()
    if found != (key_class, value_class):
        raise MahoutFailed(f"A file of Mahout holds {found[0]} and {found[1]}, not {key_class} and {value_class}.")
    if data.take(2) != b"\x00\x00":
        raise MahoutFailed("A file of Mahout is compressed, which this reader does not expect.")
    for _ in range(2 * data.int32()):
        data.text()
    sync = data.take(_SYNC_LENGTH)
    while data:
        length = data.int32()
        if length == _ESCAPE:
            if data.take(_SYNC_LENGTH) != sync:
                raise MahoutFailed("A SequenceFile of Mahout is damaged. Run the job again.")
            continue
        key = data.take(data.int32())
        yield Record(key, data.take(length - len(key)))


class Reader:
    """Reads big-endian values of Java's DataOutput from bytes. All methods raise IndexError at the end."""

    __slots__ = ("_at", "_content")

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def __bool__(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._content)

    def take(self, length: int) -> bytes:
        """The next bytes."""
        end = self._at + length
        if length < 0 or end > len(self._content):
            raise IndexError(end)
        found = self._content[self._at : end]
        self._at = end
        return found

    def int32(self) -> int:
        """A signed integer of four bytes."""
        return int.from_bytes(self.take(4), "big", signed=True)

    def text(self) -> str:
        """A `Text`: its length as a VInt, then UTF-8."""
        return self.take(self.vint()).decode()

    def utf(self) -> str:
        """A string of `writeUTF`: its length in two bytes, then UTF-8. Characters beyond the BMP are not expected."""
        return self.take(int.from_bytes(self.take(2), "big")).decode()

    def vint(self) -> int:
        """Hadoop's VInt or VLong."""
        first = int.from_bytes(self.take(1), "big", signed=True)
        if first >= -112:
            return first
        negative, length = first < -120, (-120 if first < -120 else -112) - first
        value = int.from_bytes(self.take(length), "big")
        return ~value if negative else value

    def unsigned_varint(self) -> int:
        """Mahout's unsigned Varint: seven bits a byte, the lowest first."""
        value = shift = 0
        while (byte := self.take(1)[0]) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift


def vint(value: int) -> bytes:
    """Hadoop's VInt of a value that is not negative."""
    if value <= 127:
        return bytes([value])
    length = (value.bit_length() + 7) // 8
    return bytes([256 - 112 - length]) + value.to_bytes(length, "big")


def text(value: str) -> bytes:
    """A `Text`."""
    encoded = value.encode()
    return vint(len(encoded)) + encoded


def utf(value: str) -> bytes:
    """A string as `writeUTF` writes it. value: without NUL and without characters beyond the BMP."""
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def unsigned_varint(value: int) -> bytes:
    """Mahout's unsigned Varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])

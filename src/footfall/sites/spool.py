"""An on-disk queue for events while Kafka is unavailable: appended, fsynced, read in order, deleted once in Kafka.

A folder of segments, `NUMBER.spool`. A record is length, CRC-32, topic, time of receipt, key and value. One process
owns the folder through a lock that ends with the process. Records for which `append` returned survive a crash.
"""

import errno
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from threading import Condition
from typing import Final, NamedTuple

from filelock import FileLock, Timeout

from footfall.errors import FootfallError

log = logging.getLogger(__name__)

_FRAME: Final = struct.Struct(">II")  # bytes that follow, and their CRC-32
_HEAD: Final = struct.Struct(">BqH")  # topic, received_at in ms, bytes of the key
# A body is at most 256 KiB, and a reject stores it in base64; a larger length means that the file is damaged.
_MAX_PAYLOAD: Final = 2**24
# About a thousand events. A drain holds one segment in memory, and may send one twice after a restart.
SEGMENT_BYTES: Final = 2**20


class Topic(IntEnum):
    """The topic of a record; the numbers are part of the stored format."""

    EVENTS = 1
    REJECTED = 2


class Record(NamedTuple):
    """One record for Kafka. received_ms: when its request arrived, epoch milliseconds. key: may be empty."""

    topic: Topic
    received_ms: int
    key: bytes
    value: bytes


class SpoolLocked(FootfallError):
    """Another process owns the folder; the message is one sentence."""


class SpoolFull(OSError):
    """The spool has reached its size limit."""


@dataclass(eq=False, slots=True)
class _Segment:
    """One file. The offsets size, synced, read and delivered are in bytes, each at the end of a whole record.

    descriptor: open only while something is to be written or fsynced, since a full spool has a thousand segments.
    """

    path: Path
    descriptor: int | None = None
    size: int = 0
    synced: int = 0
    read: int = 0
    delivered: int = 0
    records: int = 0
    taken: int = 0
    oldest_ms: int | None = None
    syncing: bool = False
    fault: OSError | None = field(default=None, repr=False)


class Spool:
    """The spool of one site. Any thread may append; one thread drains it with `take`, `delivered` and `hand_over`."""

    def __init__(self, folder: Path, limit_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        """folder: created if missing. limit_bytes: size limit of all segments together.

        Raises SpoolLocked if another process owns the folder, OSError if it cannot be used.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit_bytes
        self._segment_bytes = segment_bytes
        self._changed = Condition()
        self._lock_file = FileLock(folder / "lock")
        try:
            self._lock_file.acquire(timeout=0)
        except Timeout:
            raise SpoolLocked(f"Another process already spools in {folder}; one site has one process.") from None
        self._active: _Segment | None = None
        self._segments: list[_Segment] = []
        self._number = 0
        for path in sorted(path for path in folder.glob("*.spool") if path.stem.isdigit()):
            self._number = int(path.stem)
            self._adopt(path)
        self._behind = bool(self._segments)
        self._closed = False

    @property
    def behind(self) -> bool:
        """Whether the spool holds records that the producer does not have yet; new ones must then queue behind them."""
        return self._behind

    @property
    def records(self) -> int:
        """Records not yet known to be in Kafka."""
        with self._changed:
            return sum(segment.records for segment in self._segments)

    @property
    def oldest_ms(self) -> int | None:
        """A lower bound for the oldest waiting record's time of receipt, exact to one segment; None if none waits."""
        with self._changed:
            return min((s.oldest_ms for s in self._segments if s.records and s.oldest_ms is not None), default=None)

    def append(self, records: Sequence[Record]) -> None:
        """Stores the records; they are fsynced when this returns. Threads that append at the same time share an fsync.

        Raises SpoolFull at the size limit, and OSError after `close` or if the disk fails; some records may be stored
        even then.
        """
        block = b"".join(map(_encode, records))
        with self._changed:
            if self._closed:
                # This request outlived the shutdown. Another process may own the folder by now, and would not notice a
                # new file until its own end.
                raise OSError(errno.EBADF, "the spool is closed")
            if sum(segment.size for segment in self._segments) + len(block) > self._limit:
                raise SpoolFull("the spool is full")
            segment, descriptor = self._writable()
            try:
                _write_all(descriptor, block)
            except OSError:
                # A partly written record is not valid, and nothing may be written after it.
                self._retire(segment)
                if segment.size == 0:
                    # Otherwise a full disk would leave one more empty file at each attempt.
                    self._segments.remove(segment)
                    segment.path.unlink(missing_ok=True)
                raise
            segment.size += len(block)
            segment.records += len(records)
            oldest = min(record.received_ms for record in records)
            segment.oldest_ms = oldest if segment.oldest_ms is None else min(segment.oldest_ms, oldest)
            end = segment.size
            self._behind = True
            self._changed.notify_all()
        self._sync(segment, end)

    def take(self) -> list[Record]:
        """The next records in order, at most one segment; OSError if they cannot be read.

        Empty if all were taken, or if the next ones are damaged; those are logged and lost.
        """
        with self._changed:
            segment = next((s for s in self._segments if s.read < s.size), None)
            if segment is None:
                return []
            begin, end = segment.read, segment.size
            held = segment.records - segment.taken
        records = [record for record, _ in _decode(_read(segment.path, begin, end - begin)) if record is not None]
        if len(records) < held:
            log.error("%s: %d records are damaged and lost", segment.path, held - len(records))
        with self._changed:
            segment.read = end
            segment.taken += held
        return records

    def delivered(self) -> None:
        """Marks all taken records as stored in Kafka; deletes the segments that are complete."""
        with self._changed:
            for segment in list(self._segments):
                segment.delivered = segment.read
                segment.records -= segment.taken
                segment.taken = 0
                if segment.delivered == segment.size:
                    self._drop(segment)

    def hand_over(self) -> bool:
        """Lets new events bypass the spool if all records were taken; returns whether they may."""
        with self._changed:
            if all(segment.read == segment.size for segment in self._segments):
                self._behind = False
            return not self._behind

    def fall_behind(self) -> None:
        """Makes new events queue in the spool again, since records that were taken did not reach Kafka."""
        with self._changed:
            self._behind = True

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for a record to take; returns whether there is one."""
        with self._changed:
            return self._changed.wait_for(lambda: any(s.read < s.size for s in self._segments), seconds)

    def close(self) -> None:
        """Releases the folder. Stored records stay for the next process."""
        with self._changed:
            for segment in self._segments:
                _close(segment)
            self._segments = []
            self._active = None
            self._closed = True
            self._lock_file.release()

    def _adopt(self, path: Path) -> None:
        """Takes over a segment of an earlier process; an unfinished record at its end is cut off."""
        segment = _Segment(path)
        length = path.stat().st_size
        damaged = 0
        for record, end in _decode(_read(path, 0, length)):
            if record is None:
                damaged += 1
                continue
            segment.records += 1
            segment.size = end
            if segment.oldest_ms is None or record.received_ms < segment.oldest_ms:
                segment.oldest_ms = record.received_ms
        segment.synced = segment.size
        if damaged:
            log.error("%s: %d records are damaged and lost", path, damaged)
        if segment.size < length:
            log.warning("%s: cut %d bytes that are no whole record", path, length - segment.size)
            os.truncate(path, segment.size)
        if segment.records:
            self._segments.append(segment)
        else:
            path.unlink()

    def _writable(self) -> tuple[_Segment, int]:
        """The segment to write to, and its descriptor."""
        active = self._active
        if active is not None and active.descriptor is not None and active.size < self._segment_bytes:
            return active, active.descriptor
        if active is not None:
            self._retire(active)
        self._number += 1
        path = self._folder / f"{self._number:012d}.spool"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self._active = _Segment(path, descriptor)
        self._segments.append(self._active)
        return self._active, descriptor

    def _retire(self, segment: _Segment) -> None:
        """Ends writing to the segment; closes it unless a thread still waits for its fsync."""
        if self._active is segment:
            self._active = None
        if not segment.syncing and (segment.fault is not None or segment.synced == segment.size):
            _close(segment)

    def _sync(self, segment: _Segment, end: int) -> None:
        """Returns once the segment is on disk up to `end`; one of the waiting threads fsyncs for all of them."""
        with self._changed:
            while segment.synced < end and segment.syncing:
                self._changed.wait()
            if segment.fault is not None and segment.synced < end:
                raise OSError(segment.fault.errno, f"the spool could not be written: {segment.fault.strerror}")
            if segment.synced >= end:
                return
            assert segment.descriptor is not None, "a segment is open until all of it is fsynced"
            segment.syncing = True
            reached = segment.size
            descriptor = segment.descriptor
        fault: OSError | None = None
        try:
            os.fsync(descriptor)
        except OSError as error:
            fault = error
        with self._changed:
            segment.syncing = False
            if fault is None:
                segment.synced = max(segment.synced, reached)
            else:
                # After a failed fsync the kernel may have dropped the pages, so this file is not written any more.
                segment.fault = fault
            if segment is not self._active or fault is not None:
                self._retire(segment)
            self._changed.notify_all()
        if fault is not None:
            raise fault

    def _drop(self, segment: _Segment) -> None:
        while segment.syncing:
            self._changed.wait()
        if segment.delivered < segment.size:
            return
        # Threads that still wait for its fsync may go on: Kafka has the records.
        segment.synced = segment.size
        segment.fault = None
        self._segments.remove(segment)
        if self._active is segment:
            self._active = None
        segment.path.unlink(missing_ok=True)
        _close(segment)


_TOPICS: Final = frozenset(Topic)


def _encode(record: Record) -> bytes:
    payload = _HEAD.pack(record.topic, record.received_ms, len(record.key)) + record.key + record.value
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _decode(content: bytes) -> Iterator[tuple[Record | None, int]]:
    """Yields each record, or None for damaged bytes, with the offset of its end; stops at an unfinished record.

    The damage may be in a length, so after it comes the next record whose checksum is right, wherever that begins.
    """
    begin = 0
    while begin < len(content):
        end = _end(content, begin)
        if end is not None and _checks(content, begin, end):
            payload = content[begin + _FRAME.size : end]
            topic, received_ms, key_length = _HEAD.unpack_from(payload)
            key_end = _HEAD.size + key_length
            yield Record(Topic(topic), received_ms, payload[_HEAD.size : key_end], payload[key_end:]), end
        elif (found := _next(content, begin + 1)) is not None:
            end = found
            yield None, end
        elif end is not None:
            yield None, end
        else:
            return
        begin = end


def _end(content: bytes, begin: int) -> int | None:
    """The end of the record that begins here, by its length; None if there is no such record."""
    if begin + _FRAME.size > len(content):
        return None
    length, _ = _FRAME.unpack_from(content, begin)
    end: int = begin + _FRAME.size + length
    return end if _HEAD.size <= length <= _MAX_PAYLOAD and end <= len(content) else None


def _checks(content: bytes, begin: int, end: int) -> bool:
    start = begin + _FRAME.size
    checksum: int = _FRAME.unpack_from(content, begin)[1]
    # A topic that this version does not know is damage, too.
    return content[start] in _TOPICS and zlib.crc32(memoryview(content)[start:end]) == checksum


def _next(content: bytes, begin: int) -> int | None:
    """Where the next record begins whose checksum is right; None if there is none."""
    # The first byte of a length is zero, and text has no such byte, so only few places have to be checked.
    while (begin := content.find(b"\0", begin)) >= 0:
        end = _end(content, begin)
        if end is not None and _checks(content, begin, end):
            return begin
        begin += 1
    return None


def _write_all(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(path: Path, begin: int, length: int) -> bytes:
    """Up to `length` bytes from offset `begin`; fewer or none if the file no longer holds them."""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return file.read(length)
    except FileNotFoundError:
        return b""


def _close(segment: _Segment) -> None:
    if segment.descriptor is not None:
        os.close(segment.descriptor)
        segment.descriptor = None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

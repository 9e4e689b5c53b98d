"""Events that wait on disk while Kafka is away: appended, fsynced, read again in order, deleted when Kafka has them.

A folder of segments, `NUMBER.spool`; a record is length, CRC-32, topic, time of receipt, key and value. One process
owns the folder, by a lock that dies with it. What `append` returned from survives the death of the process.
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
# A body is at most 256 KiB and a reject keeps it in base64; more than this is no length but damage.
_MAX_PAYLOAD: Final = 2**24
# About a thousand events: what a drain holds in memory, and what it sends twice after a restart in its middle.
SEGMENT_BYTES: Final = 2**20


class Topic(IntEnum):
    """Where a record goes; the number is what stands on disk."""

    EVENTS = 1
    REJECTED = 2


class Record(NamedTuple):
    """One record on its way to Kafka. received_ms: when its request came, ms since 1970. key: may be empty."""

    topic: Topic
    received_ms: int
    key: bytes
    value: bytes


class SpoolLocked(FootfallError):
    """Another process owns the folder; the message is one sentence."""


class SpoolFull(OSError):
    """The spool has reached its bound."""


@dataclass(eq=False, slots=True)
class _Segment:
    """One file. Offsets in bytes, each at the end of a whole record: written, fsynced, read, delivered.

    descriptor: open only while something is to be written or fsynced; a full spool has a thousand segments.
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
    """The spool of one site. Any thread may append; one thread drains by `take`, `delivered` and `hand_over`."""

    def __init__(self, folder: Path, limit_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        """folder: made if it is missing. limit_bytes: bound of all segments together.

        Raises SpoolLocked if another process has the folder, OSError if it cannot be used.
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
        """Whether records wait that Kafka's producer has not yet been given: new ones must go behind them."""
        return self._behind

    @property
    def records(self) -> int:
        """Records not yet known to be in Kafka."""
        with self._changed:
            return sum(segment.records for segment in self._segments)

    @property
    def oldest_ms(self) -> int | None:
        """A lower bound of the times of receipt of what waits, exact to one segment; None if nothing waits."""
        with self._changed:
            return min((s.oldest_ms for s in self._segments if s.records and s.oldest_ms is not None), default=None)

    def append(self, records: Sequence[Record]) -> None:
        """Stores the records; they are fsynced when this returns. Threads that append together share an fsync.

        Raises SpoolFull at the bound, and OSError after `close` or if the disk fails; then some may be stored all the
        same.
        """
        block = b"".join(map(_encode, records))
        with self._changed:
            if self._closed:
                # A request that outlived the shutdown: the folder may be another process's by now, which would not
                # see a new file before its own end.
                raise OSError(errno.EBADF, "the spool is closed")
            if sum(segment.size for segment in self._segments) + len(block) > self._limit:
                raise SpoolFull("the spool is full")
            segment, descriptor = self._writable()
            try:
                _write_all(descriptor, block)
            except OSError:
                # What was half written is no record, and nothing may be written behind it.
                self._retire(segment)
                if segment.size == 0:
                    # Else a full disk would leave one more empty file with each attempt.
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
        """The next records in order, at most a segment's; OSError if they cannot be read.

        Empty if all were taken, or if what was next is damaged: that is logged and gone.
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
        """Kafka has all that was taken: whole segments of it are deleted."""
        with self._changed:
            for segment in list(self._segments):
                segment.delivered = segment.read
                segment.records -= segment.taken
                segment.taken = 0
                if segment.delivered == segment.size:
                    self._drop(segment)

    def hand_over(self) -> bool:
        """If all was taken, says that new events need not go behind it any more; returns whether that is so."""
        with self._changed:
            if all(segment.read == segment.size for segment in self._segments):
                self._behind = False
            return not self._behind

    def fall_behind(self) -> None:
        """What was taken is not in Kafka after all: new events go behind it again."""
        with self._changed:
            self._behind = True

    def wait(self, seconds: float) -> bool:
        """Waits at most so long for something to take; returns whether there is something."""
        with self._changed:
            return self._changed.wait_for(lambda: any(s.read < s.size for s in self._segments), seconds)

    def close(self) -> None:
        """Gives the folder up. What is stored stays for the next process."""
        with self._changed:
            for segment in self._segments:
                _close(segment)
            self._segments = []
            self._active = None
            self._closed = True
            self._lock_file.release()

    def _adopt(self, path: Path) -> None:
        """Takes over what an earlier process left; a record that it did not finish is cut off."""
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
        """Nothing more is written to the segment; it is closed as soon as nothing waits for its fsync either."""
        if self._active is segment:
            self._active = None
        if not segment.syncing and (segment.fault is not None or segment.synced == segment.size):
            _close(segment)

    def _sync(self, segment: _Segment, end: int) -> None:
        """Returns when the segment is on disk up to `end`: one of the waiting threads fsyncs for all."""
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
                # After a failed fsync the kernel may have dropped the pages: this file is not written again.
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
        # Whoever still waits for its fsync need not: Kafka has the record.
        segment.synced = segment.size
        segment.fault = None
        self._segments.remove(segment)
        if self._active is segment:
            self._active = None
        segment.path.unlink(missing_ok=True)
        _close(segment)


def _encode(record: Record) -> bytes:
    payload = _HEAD.pack(record.topic, record.received_ms, len(record.key)) + record.key + record.value
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _decode(content: bytes) -> Iterator[tuple[Record | None, int]]:
    """Each record with the offset of its end, None for one that is damaged; stops at one that is not finished."""
    begin = 0
    while begin + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, begin)
        end = begin + _FRAME.size + length
        if not _HEAD.size <= length <= _MAX_PAYLOAD or end > len(content):
            return
        payload = content[begin + _FRAME.size : end]
        if zlib.crc32(payload) == checksum:
            topic, received_ms, key_length = _HEAD.unpack_from(payload)
            key_end = _HEAD.size + key_length
            yield Record(Topic(topic), received_ms, payload[_HEAD.size : key_end], payload[key_end:]), end
        else:
            yield None, end
        begin = end


def _write_all(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(path: Path, begin: int, length: int) -> bytes:
    """At most so many bytes from there; fewer, or none, if the file does not hold them any more."""
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

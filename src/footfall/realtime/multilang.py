"""Storm's multilang protocol from the side of a Python bolt: MessagePack frames over stdin and stdout.

A frame is a length (four bytes, big-endian) and that many bytes of MessagePack. One thread reads: it answers Storm's
heartbeats at once, however long the main thread is in a database call, and hands everything else over through a queue.
The main thread calls the bolt. Storm halts the worker when a child is silent for `topology.subprocess.timeout.secs`,
so the reader stops answering once the main thread has shown no progress for longer than it may.
"""

import contextlib
import fcntl
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import msgpack

# Nothing that a bolt does between two steps of its own should take this long undeclared.
STALL_LIMIT_S: Final = 60.0
# Longer than HBase needs after a region server's death (40 s), shorter than the message timeout (180 s).
SLOW_CALL_LIMIT_S: Final = 150.0
LONGEST_WAIT_S: Final = 1.0
LONGEST_FRAME: Final = 256 * 1024 * 1024
_READ_SIZE: Final = 1024 * 1024
_STORM_LEVELS: Final = ((logging.ERROR, 4), (logging.WARNING, 3), (logging.INFO, 2), (logging.DEBUG, 1))

log = logging.getLogger(__name__)


class ProtocolError(Exception):
    """What came through the pipe is not the protocol; the stream cannot be read any further."""


class StateBroken(Exception):
    """Raised by a bolt whose memory no longer agrees with its store: the process must end and begin anew."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What Storm says once, before the first message: the topology's configuration and this task's place in it."""

    conf: dict[str, Any]
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One tuple. `id` is what to ack or fail; `values` are its fields in the order that the sender declared."""

    id: str
    component: str | None
    stream: str
    values: list[Any]


class Bolt(Protocol):
    """What `run` calls, always on the main thread."""

    def prepare(self, pipe: "Pipe", setup: Setup) -> None:
        """Called once. May take up to SLOW_CALL_LIMIT_S. An exception ends the process."""

    def process(self, message: Message) -> None:
        """Takes one message; acks it now or later. An exception fails the message, unless it is StateBroken."""

    def drained(self) -> None:
        """Nothing more is at hand: time to flush what is due. Called after every batch and after every wait.

        An exception ends the process, so expected failures (the store is away) are for the bolt to catch and retry.
        """

    def patience_s(self) -> float:
        """Seconds that `run` may wait for input before it calls `drained` again; at most LONGEST_WAIT_S is taken."""


class Frames:
    """Cuts a stream of bytes into decoded frames, wherever the reads happened to end."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """Takes the next bytes and returns the frames that they complete.

        Raises ProtocolError for a length that cannot be meant, or for a frame that is not MessagePack.
        """
        buffer = self._buffer
        buffer += data
        frames = []
        at, end = 0, len(buffer)
        view = memoryview(buffer)
        try:
            while end - at >= 4:
                length = int.from_bytes(view[at : at + 4], "big")
                if length > LONGEST_FRAME:
                    raise ProtocolError(f"A frame claims {length} bytes; the longest allowed is {LONGEST_FRAME}.")
                if end - at - 4 < length:
                    break
                try:
                    frames.append(msgpack.unpackb(view[at + 4 : at + 4 + length]))
                except (ValueError, msgpack.UnpackException) as error:
                    raise ProtocolError(f"A frame of {length} bytes is not MessagePack: {error}.") from None
                at += 4 + length
        finally:
            view.release()
        del buffer[:at]
        return frames


def frame(message: Any) -> bytes:
    """One message as its frame."""
    body: bytes = msgpack.packb(message)
    return len(body).to_bytes(4, "big") + body


class Pipe:
    """The way back to Storm, and the proof of life. Acks, fails and tuples wait for `flush`; the rest goes at once."""

    def __init__(self, sink: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Arguments: sink, the file descriptor written to; clock, seconds that never go back."""
        self._sink = sink
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: list[bytes] = []
        self._open: set[str] = set()
        self._alive_until = clock() + STALL_LIMIT_S

    def ack(self, message_id: str) -> None:
        """Says that a message is done for good. Storm halts the worker on a second answer to one id, so a second
        answer is left out here and logged."""
        self._answer("ack", message_id)

    def fail(self, message_id: str) -> None:
        """Asks for a message once more, as a new one with another id."""
        self._answer("fail", message_id)

    def emit(self, stream: str, values: list[Any]) -> None:
        """Sends a tuple on a stream that the bolt's wiring declares; nobody replays it if it is lost."""
        # Without ids of tasks to be told: nobody here asks for them.
        self._answers.append(frame({"command": "emit", "stream": stream, "tuple": values, "need_task_ids": False}))

    def log(self, text: str, level: int = logging.INFO) -> None:
        """Writes to the worker's log; `level` is one of `logging`'s."""
        storm_level = next((storm for least, storm in _STORM_LEVELS if level >= least), 0)
        self._write(frame({"command": "log", "msg": text, "level": storm_level}))

    def error(self, text: str) -> None:
        """Shows `text` as this component's last error in Storm, and in the worker's log."""
        self._write(frame({"command": "error", "msg": text}))

    def flush(self) -> None:
        """Sends the buffered acks, fails and tuples in one write."""
        if self._answers:
            data = b"".join(self._answers)
            self._answers.clear()
            self._write(data)

    @contextlib.contextmanager
    def slow(self, limit_s: float = SLOW_CALL_LIMIT_S) -> Iterator[None]:
        """Declares a call that may take up to `limit_s` seconds (at most SLOW_CALL_LIMIT_S): heartbeats go on for so
        long, and no longer."""
        self._alive_until = self._clock() + min(limit_s, SLOW_CALL_LIMIT_S)
        try:
            yield
        finally:
            self.progressed()

    def progressed(self) -> None:
        """The main thread is at work; `run` calls it for every message, a bolt may within a long step."""
        self._alive_until = self._clock() + STALL_LIMIT_S

    def took(self, message: Message) -> None:
        """A message was handed to the bolt and wants one answer."""
        self._open.add(message.id)

    def unanswered(self) -> int:
        """How many messages were taken and neither acked nor failed."""
        return len(self._open)

    def beat(self) -> None:
        """Answers a heartbeat, if the main thread still shows life. For the reading thread."""
        if self._clock() <= self._alive_until:
            self._write(frame({"command": "sync"}))

    def introduce(self, pid: int) -> None:
        """The child's first word."""
        self._write(frame({"pid": pid}))

    def _answer(self, command: str, message_id: str) -> None:
        if message_id not in self._open:
            log.error("%s of message %s is left out: it is not open.", command, message_id)
            return
        self._open.discard(message_id)
        self._answers.append(frame({"command": command, "id": message_id}))

    def _write(self, data: bytes) -> None:
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self._sink, view) :]


class PipeLogHandler(logging.Handler):
    """Sends Python's log records to the worker's log."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        # An OSError means that the worker is gone; the reading thread then ends this process.
        with contextlib.suppress(OSError):
            self._pipe.log(self.format(record), record.levelno)


def serve(bolt: Bolt) -> NoReturn:
    """Runs a bolt on this process's stdin and stdout until Storm closes them; never returns.

    Afterwards file descriptor 1 is stderr and 0 is empty, so that a stray print or input cannot break the protocol.
    """
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    pipe = Pipe(sink)
    logging.basicConfig(level=logging.INFO, handlers=[PipeLogHandler(pipe)], format="%(name)s: %(message)s")
    _widen(source)
    run(bolt, source, pipe)
    # Not sys.exit: whatever the bolt's libraries would do at exit, the worker is gone and nothing may be kept waiting.
    os._exit(0)


def run(bolt: Bolt, source: int, pipe: Pipe, exit_process: Callable[[int], Any] = os._exit) -> None:
    """The main loop: reads from the file descriptor `source`, calls the bolt, answers through `pipe`.

    `exit_process` is called with 0 when Storm closes the pipe (by the reading thread, at once: a child without its
    worker must not write on), and with 1 when the bolt cannot go on. Returns after it, if it returns.
    """
    inbox: queue.SimpleQueue[Setup | Message | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(source, pipe, inbox, exit_process), name="multilang", daemon=True)
    reader.start()
    try:
        setup = inbox.get()
        if setup is None:
            return
        if not isinstance(setup, Setup):
            raise ProtocolError("The first frame is not Storm's setup.")
        with pipe.slow():
            bolt.prepare(pipe, setup)
        _loop(bolt, pipe, inbox)
    except Exception as error:
        with contextlib.suppress(OSError):
            pipe.error(f"The bolt ends, and its worker with it: {_told(error)}")
        exit_process(1)


def _loop(bolt: Bolt, pipe: Pipe, inbox: "queue.SimpleQueue[Setup | Message | None]") -> None:
    while True:
        pipe.progressed()
        try:
            item = inbox.get(timeout=max(0.0, min(bolt.patience_s(), LONGEST_WAIT_S)))
            while True:
                if item is None:
                    return
                if isinstance(item, Message):
                    _process(bolt, pipe, item)
                item = inbox.get_nowait()
        except queue.Empty:
            bolt.drained()
            pipe.flush()


def _process(bolt: Bolt, pipe: Pipe, message: Message) -> None:
    pipe.progressed()
    pipe.took(message)
    try:
        bolt.process(message)
    except StateBroken:
        raise
    except Exception as error:
        pipe.error(f"A message of {message.component} is failed and will come again: {_told(error)}")
        pipe.fail(message.id)


def _read(
    source: int,
    pipe: Pipe,
    inbox: "queue.SimpleQueue[Setup | Message | None]",
    exit_process: Callable[[int], Any],
) -> None:
    frames = Frames()
    code = 0
    try:
        while data := os.read(source, _READ_SIZE):
            for received in frames.feed(data):
                _receive(received, pipe, inbox)
    except BrokenPipeError:
        pass
    except Exception as error:
        code = 1
        with contextlib.suppress(OSError):
            pipe.error(f"The pipe from Storm cannot be read: {_told(error)}")
    exit_process(code)
    inbox.put(None)


def _receive(received: Any, pipe: Pipe, inbox: "queue.SimpleQueue[Setup | Message | None]") -> None:
    if isinstance(received, list):
        return  # the task ids of an emit; nobody asks for them
    if "pidDir" in received:
        # The supervisor ends the children of a dead worker by the names of these files.
        (Path(received["pidDir"]) / str(os.getpid())).touch()
        pipe.introduce(os.getpid())
        inbox.put(Setup(received["conf"], received["context"]))
    elif received["stream"] == "__heartbeat":
        pipe.beat()
    else:
        inbox.put(Message(received["id"], received["comp"], received["stream"], received["tuple"]))


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).strip()


def _widen(source: int) -> None:
    """Makes the kernel's buffer of the pipe 1 MiB instead of 64 KiB: a pack is read in one call, not in four."""
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(source, command, _READ_SIZE)

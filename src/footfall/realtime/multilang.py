"""Storm's multilang protocol for a Python bolt: MessagePack frames over stdin and stdout.

A frame is a length (four bytes, big-endian) and that many bytes of MessagePack. A reader thread answers Storm's
heartbeats at once, even during a long database call, and passes all other messages to the main thread through a queue.
The main thread calls the bolt. Storm halts the worker when a child is silent for `topology.subprocess.timeout.secs`,
so the reader stops answering when the main thread has made no progress for longer than its limit.
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

# The longest time that a bolt may take for one call without declaring it (`Pipe.slow`).
STALL_LIMIT_S: Final = 60.0
# Longer than HBase needs after the death of a region server (40 s), shorter than the message timeout (180 s).
SLOW_CALL_LIMIT_S: Final = 150.0
MAX_WAIT_S: Final = 1.0
MAX_FRAME_BYTES: Final = 256 * 1024 * 1024
_READ_SIZE: Final = 1024 * 1024
_STORM_LEVELS: Final = ((logging.ERROR, 4), (logging.WARNING, 3), (logging.INFO, 2), (logging.DEBUG, 1))

log = logging.getLogger(__name__)


class ProtocolError(Exception):
    """The input violates the protocol; the stream cannot be read any further."""


class StateBroken(Exception):
    """Raised by a bolt whose memory no longer agrees with its store; the process must be restarted."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The handshake that Storm sends before the first message: the topology's configuration and this task's context."""

    conf: dict[str, Any]
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One tuple. `id` is acked or failed; `values` are its fields in the order that the sender declared."""

    id: str
    component: str | None
    stream: str
    values: list[Any]


class Bolt(Protocol):
    """The interface of a bolt. `run` makes all calls on the main thread."""

    def prepare(self, pipe: "Pipe", setup: Setup) -> None:
        """Called once. May take up to SLOW_CALL_LIMIT_S. An exception ends the process."""

    def process(self, message: Message) -> None:
        """Takes one message and acks it now or later. Any exception but StateBroken fails the message."""

    def drained(self) -> None:
        """Called when the input queue is empty, after every batch and every wait: time to flush what is due.

        An exception ends the process, so the bolt must catch and retry expected failures (an unavailable store).
        """

    def max_wait_s(self) -> float:
        """Seconds that `run` may wait for input before it calls `drained` again; capped at MAX_WAIT_S."""


class Frames:
    """Splits a stream of bytes into decoded frames, whatever the sizes of the reads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """Takes the next bytes and returns the frames that they complete.

        Raises ProtocolError for an impossible length, or for a frame that is not MessagePack.
        """
        buffer = self._buffer
        buffer += data
        frames = []
        at, end = 0, len(buffer)
        view = memoryview(buffer)
        try:
            while end - at >= 4:
                length = int.from_bytes(view[at : at + 4], "big")
                if length > MAX_FRAME_BYTES:
                    raise ProtocolError(f"A frame claims {length} bytes; the longest allowed is {MAX_FRAME_BYTES}.")
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
    """Encodes one message as a frame."""
    body: bytes = msgpack.packb(message)
    return len(body).to_bytes(4, "big") + body


class Pipe:
    """The output to Storm. Acks, fails and tuples are buffered until `flush`; everything else is sent at once.

    It also keeps the deadline up to which heartbeats are answered.
    """

    def __init__(self, sink: int, clock: Callable[[], float] = time.monotonic) -> None:
        """sink: the file descriptor to write to. clock: a monotonic clock, in seconds."""
        self._sink = sink
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: list[bytes] = []
        self._open: set[str] = set()
        self._alive_until = clock() + STALL_LIMIT_S

    def ack(self, message_id: str) -> None:
        """Acknowledges a message. A second answer to one id is logged, not sent: Storm would halt the worker."""
        self._answer("ack", message_id)

    def fail(self, message_id: str) -> None:
        """Fails a message. The spout sends it again with another id."""
        self._answer("fail", message_id)

    def emit(self, stream: str, values: list[Any]) -> None:
        """Sends an unanchored tuple on a declared stream. It is not replayed if it is lost."""
        # Storm would otherwise return the ids of the receiving tasks.
        self._answers.append(frame({"command": "emit", "stream": stream, "tuple": values, "need_task_ids": False}))

    def log(self, text: str, level: int = logging.INFO) -> None:
        """Writes to the worker's log; `level` is a level of `logging`."""
        storm_level = next((storm for least, storm in _STORM_LEVELS if level >= least), 0)
        self._write(frame({"command": "log", "msg": text, "level": storm_level}))

    def error(self, text: str) -> None:
        """Reports `text` as this component's last error in Storm, and in the worker's log."""
        self._write(frame({"command": "error", "msg": text}))

    def flush(self) -> None:
        """Sends the buffered acks, fails and tuples in one write."""
        if self._answers:
            data = b"".join(self._answers)
            self._answers.clear()
            self._write(data)

    @contextlib.contextmanager
    def slow(self, limit_s: float = SLOW_CALL_LIMIT_S) -> Iterator[None]:
        """Declares a slow call: heartbeats are answered for `limit_s` seconds, at most SLOW_CALL_LIMIT_S."""
        self._alive_until = self._clock() + min(limit_s, SLOW_CALL_LIMIT_S)
        try:
            yield
        finally:
            self.progressed()

    def progressed(self) -> None:
        """Extends the heartbeat deadline. `run` calls it for every message, a bolt during long work."""
        self._alive_until = self._clock() + STALL_LIMIT_S

    def mark_open(self, message: Message) -> None:
        """Notes that the bolt has a message that it must ack or fail once."""
        self._open.add(message.id)

    def unanswered(self) -> int:
        """The number of messages that are neither acked nor failed."""
        return len(self._open)

    def answer_heartbeat(self) -> None:
        """Answers a heartbeat, unless the main thread is past its deadline. Called by the reader thread."""
        if self._clock() <= self._alive_until:
            self._write(frame({"command": "sync"}))

    def send_pid(self, pid: int) -> None:
        """Sends the process id, the first message of the protocol."""
        self._write(frame({"pid": pid}))

    def _answer(self, command: str, message_id: str) -> None:
        if message_id not in self._open:
            log.error("%s of message %s is not sent: the message is not open.", command, message_id)
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
        # An OSError means that the worker is gone; the reader thread then ends this process.
        with contextlib.suppress(OSError):
            self._pipe.log(self.format(record), record.levelno)


def serve(bolt: Bolt) -> NoReturn:
    """Runs a bolt on this process's stdin and stdout until Storm closes them; never returns.

    It redirects file descriptor 1 to stderr and 0 to /dev/null, so that a stray print or input cannot break the
    protocol.
    """
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    pipe = Pipe(sink)
    logging.basicConfig(level=logging.INFO, handlers=[PipeLogHandler(pipe)], format="%(name)s: %(message)s")
    _enlarge_pipe_buffer(source)
    run(bolt, source, pipe)
    # Not sys.exit: exit handlers of the libraries could block, and the worker is already gone.
    os._exit(0)


def run(bolt: Bolt, source: int, pipe: Pipe, exit_process: Callable[[int], Any] = os._exit) -> None:
    """The main loop: reads from the file descriptor `source`, calls the bolt, answers through `pipe`.

    `exit_process` is called with 0 when Storm closes the pipe, and with 1 when the bolt cannot continue. The reader
    thread makes the first call at once, since a child without its worker must not write any more. If `exit_process`
    returns, so does this function.
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
            pipe.error(f"The bolt ends, and its worker with it: {_traceback_text(error)}")
        exit_process(1)


def _loop(bolt: Bolt, pipe: Pipe, inbox: "queue.SimpleQueue[Setup | Message | None]") -> None:
    while True:
        pipe.progressed()
        try:
            item = inbox.get(timeout=max(0.0, min(bolt.max_wait_s(), MAX_WAIT_S)))
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
    pipe.mark_open(message)
    try:
        bolt.process(message)
    except StateBroken:
        raise
    except Exception as error:
        pipe.error(f"A message of {message.component} failed and will be sent again: {_traceback_text(error)}")
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
            pipe.error(f"The pipe from Storm cannot be read: {_traceback_text(error)}")
    exit_process(code)
    inbox.put(None)


def _receive(received: Any, pipe: Pipe, inbox: "queue.SimpleQueue[Setup | Message | None]") -> None:
    if isinstance(received, list):
        return  # the task ids of an emit, which are not used
    if "pidDir" in received:
        # The supervisor kills the children of a dead worker by the names of these files.
        (Path(received["pidDir"]) / str(os.getpid())).touch()
        pipe.send_pid(os.getpid())
        inbox.put(Setup(received["conf"], received["context"]))
    elif received["stream"] == "__heartbeat":
        pipe.answer_heartbeat()
    else:
        inbox.put(Message(received["id"], received["comp"], received["stream"], received["tuple"]))


def _traceback_text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).strip()


def _enlarge_pipe_buffer(source: int) -> None:
    """Sets the kernel's pipe buffer to 1 MiB instead of 64 KiB, so that one call reads a pack instead of four."""
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(source, command, _READ_SIZE)

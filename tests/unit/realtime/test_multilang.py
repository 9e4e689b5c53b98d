"""The multilang client over real pipes: the test plays Storm at the other end."""

import logging
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.realtime import multilang
from footfall.realtime.multilang import Frames, Message, Pipe, ProtocolError, Setup, StateBroken, frame, run

PATIENCE_S = 10.0


class Storm:
    """Storm's end of the two pipes."""

    def __init__(self) -> None:
        self._to_child: int | None
        self.source, self._to_child = os.pipe()
        self._from_child, self.sink = os.pipe()
        self._frames = Frames()
        self._received: list[dict[str, Any]] = []
        self.child: list[threading.Thread] = []

    def send(self, message: Any) -> None:
        assert self._to_child is not None
        os.write(self._to_child, frame(message))

    def setup(self, folder: Path) -> None:
        self.send({"pidDir": str(folder), "conf": {"a": 1}, "context": {"taskid": 5}})

    def tuple(self, id_: str, *values: Any, stream: str = "default") -> None:
        self.send({"id": id_, "comp": "kafka", "stream": stream, "task": 3, "tuple": list(values)})

    def heartbeat(self) -> None:
        self.send({"id": "h", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []})

    def receive(self, want: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The next message that `want` accepts; fails after ten seconds."""
        while True:
            while self._received:
                message = self._received.pop(0)
                if want(message):
                    return message
            ready, _, _ = select.select([self._from_child], [], [], PATIENCE_S)
            assert ready, "the child said nothing for ten seconds"
            self._received += self._frames.feed(os.read(self._from_child, 65536))

    def silent(self) -> bool:
        return not self._received and not select.select([self._from_child], [], [], 0)[0]

    def hang_up(self) -> None:
        # Once: afterwards the number may be another file's.
        if self._to_child is not None:
            os.close(self._to_child)
            self._to_child = None

    def close(self) -> None:
        self.hang_up()
        # A thread that goes on would use the pipes of the next test, which get the same numbers.
        for thread in (*self.child, *(found for found in threading.enumerate() if found.name == "multilang")):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"the thread {thread.name} did not end"
        # Nobody else has closed them: a number that is closed twice may be another file's by then.
        for descriptor in (self.source, self._from_child, self.sink):
            os.close(descriptor)


class Recorder:
    """A bolt that keeps what it is given and acks it when drained."""

    def __init__(self, max_wait_s: float = 1.0) -> None:
        self.setup: Setup | None = None
        self.messages: list[Message] = []
        self.drains = 0
        self.patience = max_wait_s
        self.acked = 0
        self.pipe: Pipe | None = None

    def prepare(self, pipe: Pipe, setup: Setup) -> None:
        self.pipe, self.setup = pipe, setup

    def process(self, message: Message) -> None:
        self.messages.append(message)

    def drained(self) -> None:
        assert self.pipe is not None
        self.drains += 1
        for message in self.messages[self.acked :]:
            self.pipe.ack(message.id)
        self.acked = len(self.messages)

    def max_wait_s(self) -> float:
        return self.patience


@pytest.fixture
def storm() -> Iterator[Storm]:
    ends = Storm()
    yield ends
    ends.close()


class Running:
    """`run` in its own thread, with the exit codes that it passed on."""

    def __init__(self, bolt: multilang.Bolt, storm: Storm, pipe: Pipe | None = None) -> None:
        self.codes: list[int] = []
        self.pipe = pipe or Pipe(storm.sink)
        self._thread = threading.Thread(
            target=run, args=(bolt, storm.source, self.pipe, self.codes.append), daemon=True
        )
        storm.child.append(self._thread)
        self._thread.start()

    def end(self) -> list[int]:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the main loop did not end"
        return self.codes


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
        max_size=5,
    ),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_frames_survive_any_cut(messages: list[Any], cuts: list[int]) -> None:
    stream = b"".join(frame(message) for message in messages)
    frames = Frames()
    received: list[Any] = []
    at = 0
    while at < len(stream):
        size = cuts[at % len(cuts)]
        received += frames.feed(stream[at : at + size])
        at += size
    assert received == messages


def test_frames_refuse_an_absurd_length_and_garbage() -> None:
    with pytest.raises(ProtocolError, match="claims 4294967295 bytes"):
        Frames().feed(b"\xff\xff\xff\xff")
    with pytest.raises(ProtocolError, match="is not MessagePack"):
        Frames().feed(b"\x00\x00\x00\x01\xc1")


def test_a_pack_is_processed_and_acked_once_the_input_is_drained(storm: Storm, tmp_path: Path) -> None:
    bolt = Recorder()
    running = Running(bolt, storm)
    storm.setup(tmp_path)
    assert storm.receive() == {"pid": os.getpid()}
    assert (tmp_path / str(os.getpid())).exists()
    storm.tuple("1", "events", 3, 10, 12, 0, None, [b"{}", b"\xff\x00"])
    assert storm.receive() == {"command": "ack", "id": "1"}
    assert bolt.setup == Setup({"a": 1}, {"taskid": 5})
    assert bolt.messages == [Message("1", "kafka", "default", ["events", 3, 10, 12, 0, None, [b"{}", b"\xff\x00"]])]
    assert running.pipe.unanswered() == 0
    storm.hang_up()
    assert running.end() == [0]


def test_acks_of_one_batch_leave_together(storm: Storm, tmp_path: Path) -> None:
    go = threading.Event()

    class Waiting(Recorder):
        def prepare(self, pipe: Pipe, setup: Setup) -> None:
            super().prepare(pipe, setup)
            assert go.wait(PATIENCE_S)

    bolt = Waiting()
    Running(bolt, storm)
    storm.setup(tmp_path)
    for number in range(50):
        storm.tuple(str(number), number)
    storm.heartbeat()
    # The heartbeat comes after the tuples, so its answer shows that all of them are in the inbox.
    storm.receive(lambda message: message.get("command") == "sync")
    go.set()
    assert [storm.receive()["id"] for _ in range(50)] == [str(number) for number in range(50)]
    assert bolt.drains == 1


def test_the_bolt_is_woken_without_input(storm: Storm, tmp_path: Path) -> None:
    woken = threading.Event()

    class Impatient(Recorder):
        def drained(self) -> None:
            super().drained()
            if self.drains >= 3:
                woken.set()

    Running(Impatient(max_wait_s=0.001), storm)
    storm.setup(tmp_path)
    assert woken.wait(PATIENCE_S)


def test_heartbeats_are_answered_during_a_slow_call_and_not_beyond_its_limit(storm: Storm, tmp_path: Path) -> None:
    now = [0.0]
    inside, go = threading.Event(), threading.Event()

    class Flushing(Recorder):
        def process(self, message: Message) -> None:
            super().process(message)
            assert self.pipe is not None
            with self.pipe.slow(100.0):
                inside.set()
                assert go.wait(PATIENCE_S)

    pipe = Pipe(storm.sink, clock=lambda: now[0])
    Running(Flushing(), storm, pipe)
    storm.setup(tmp_path)
    storm.receive()
    storm.tuple("1")
    assert inside.wait(PATIENCE_S)
    now[0] = 100.0
    storm.heartbeat()
    assert storm.receive() == {"command": "sync"}
    now[0] = 100.5
    pipe.answer_heartbeat()
    assert storm.silent()
    go.set()
    assert storm.receive() == {"command": "ack", "id": "1"}
    storm.heartbeat()
    assert storm.receive() == {"command": "sync"}


def test_a_main_thread_that_hangs_undeclared_looks_dead(storm: Storm) -> None:
    now = [0.0]
    pipe = Pipe(storm.sink, clock=lambda: now[0])
    now[0] = multilang.STALL_LIMIT_S + 1
    pipe.answer_heartbeat()
    assert storm.silent()
    pipe.progressed()
    pipe.answer_heartbeat()
    assert storm.receive() == {"command": "sync"}


def test_no_slow_call_may_outlast_the_message_timeout(storm: Storm) -> None:
    now = [0.0]
    pipe = Pipe(storm.sink, clock=lambda: now[0])
    with pipe.slow(10_000.0):
        now[0] = multilang.SLOW_CALL_LIMIT_S + 1
        pipe.answer_heartbeat()
    assert storm.silent()


def test_a_bad_message_is_failed_and_the_bolt_lives(storm: Storm, tmp_path: Path) -> None:
    class Picky(Recorder):
        def process(self, message: Message) -> None:
            if message.values == ["bad"]:
                raise ValueError("cannot read this")
            super().process(message)

    Running(Picky(), storm)
    storm.setup(tmp_path)
    storm.tuple("1", "bad")
    storm.tuple("2", "good")
    error = storm.receive(lambda message: message.get("command") == "error")
    assert "cannot read this" in error["msg"]
    assert storm.receive() == {"command": "fail", "id": "1"}
    assert storm.receive() == {"command": "ack", "id": "2"}


@pytest.mark.parametrize("where", ["prepare", "process", "drained"])
def test_broken_state_ends_the_process_with_a_reason(storm: Storm, tmp_path: Path, where: str) -> None:
    class Broken(Recorder):
        def prepare(self, pipe: Pipe, setup: Setup) -> None:
            super().prepare(pipe, setup)
            if where == "prepare":
                raise StateBroken("no table")

        def process(self, message: Message) -> None:
            if where == "process":
                raise StateBroken("no table")

        def drained(self) -> None:
            if where == "drained":
                raise StateBroken("no table")

    running = Running(Broken(), storm)
    storm.setup(tmp_path)
    storm.tuple("1")
    assert "no table" in storm.receive(lambda message: message.get("command") == "error")["msg"]
    assert running.end()[0] == 1


def test_garbage_from_storm_ends_the_process(storm: Storm, tmp_path: Path) -> None:
    running = Running(Recorder(), storm)
    storm.setup(tmp_path)
    storm.receive()
    os.write(storm._to_child, b"\x00\x00\x00\x01\xc1")
    assert "is not MessagePack" in storm.receive()["msg"]
    assert running.end() == [1]


def test_a_second_answer_to_one_message_is_left_out(storm: Storm, caplog: pytest.LogCaptureFixture) -> None:
    pipe = Pipe(storm.sink)
    pipe.mark_open(Message("1", "kafka", "default", []))
    pipe.ack("1")
    with caplog.at_level(logging.ERROR):
        pipe.ack("1")
        pipe.fail("1")
    pipe.flush()
    assert storm.receive() == {"command": "ack", "id": "1"}
    assert storm.silent()
    assert len(caplog.records) == 2


def test_a_frame_longer_than_the_pipes_buffer_is_written_whole(storm: Storm) -> None:
    pipe = Pipe(storm.sink)
    text = "x" * 300_000
    writer = threading.Thread(target=pipe.log, args=(text,))
    writer.start()
    assert storm.receive() == {"command": "log", "msg": text, "level": 2}
    writer.join(PATIENCE_S)


@pytest.mark.parametrize(("level", "storms"), [(logging.DEBUG, 1), (logging.WARNING, 3), (logging.CRITICAL, 4), (5, 0)])
def test_levels_are_storms(storm: Storm, level: int, storms: int) -> None:
    Pipe(storm.sink).log("hot", level)
    assert storm.receive() == {"command": "log", "msg": "hot", "level": storms}


CHILD = """
import logging, os, sys
from footfall.realtime.multilang import serve

class Noisy:
    def prepare(self, pipe, setup):
        self.pipe = pipe
        print("stray print")
        os.write(1, b"stray write")
        logging.getLogger("footfall").warning("prepared")
    def process(self, message):
        assert sys.stdin.read() == ""
        self.pipe.ack(message.id)
    def drained(self): pass
    def max_wait_s(self): return 1.0

serve(Noisy())
"""


def test_a_childs_stray_output_stays_out_of_the_protocol_and_it_dies_with_storm(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(frame({"pidDir": str(tmp_path), "conf": {}, "context": {}}))
    child.stdin.write(frame({"id": "1", "comp": "kafka", "stream": "default", "task": 1, "tuple": []}))
    child.stdin.flush()
    frames, received = Frames(), []
    while len(received) < 3:
        data = os.read(child.stdout.fileno(), 65536)
        assert data, child.stderr.read().decode()
        received += frames.feed(data)
    assert received == [
        {"pid": child.pid},
        {"command": "log", "msg": "footfall: prepared", "level": 3},
        {"command": "ack", "id": "1"},
    ]
    child.stdin.close()
    assert child.wait(PATIENCE_S) == 0
    assert child.stderr.read().decode().replace("\n", "") in ("stray printstray write", "stray writestray print")
    child.stdout.close()
    child.stderr.close()

"""The reader against a Thrift server in this process, which can be slow, silent and gone when a test wants it to be."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import happybase  # noqa: F401  # makes Hbase_thrift
import pytest
from Hbase_thrift import Hbase, IOError, TCell, TRowResult  # type: ignore[import-not-found]
from thriftpy2.protocol import TBinaryProtocolFactory
from thriftpy2.server import TThreadedServer
from thriftpy2.thrift import TProcessor
from thriftpy2.transport import TBufferedTransportFactory, TServerSocket

from footfall.hosts import Address
from footfall.recommendations.reader import Reader
from footfall.recommendations.reads import ListsUnavailable
from footfall.recommendations.table import LIST_COLUMN, Entry, StoredList, encode_list, subject_key

KEY = subject_key("shop", "somebody")
LIST = StoredList("m", "2026-11-28", "run", 1, (Entry("product", "a", 0.5, "b"),))


class Handler:
    """Answers reads as HBase's Thrift server does."""

    def __init__(self) -> None:
        self.cells = {KEY: encode_list(LIST), b"damaged": b"\xc1"}
        self.calls = 0
        self.at_once = self.most_at_once = 0
        self.patience_s = 0.0
        self.refuses = b""

    def getRowsWithColumns(self, table: bytes, keys: list[bytes], columns: list[bytes], _: Any) -> list[Any]:
        assert (table, columns) == (b"recommendations", [LIST_COLUMN])
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.patience_s)
        self.at_once -= 1
        if self.refuses:
            raise IOError(message=self.refuses)
        return [
            TRowResult(row=key, columns={LIST_COLUMN: TCell(value=self.cells[key], timestamp=1)})
            for key in keys
            if key in self.cells
        ]


class Served(TThreadedServer):
    """A Thrift server on a port of its own; `stop` also ends its connections."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        listening = TServerSocket(host="127.0.0.1", port=port)
        super().__init__(
            TProcessor(Hbase, handler),
            listening,
            iprot_factory=TBinaryProtocolFactory(decode_response=False),
            itrans_factory=TBufferedTransportFactory(),
        )
        self.clients: list[tuple[socket.socket, threading.Thread]] = []
        listening.listen()
        self.port: int = listening.sock.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client = self.trans.accept()
            except (OSError, AssertionError):  # thriftpy2 asserts that the socket is not closed
                return
            handling = threading.Thread(target=self.handle, args=(client,), daemon=True)
            self.clients.append((client.sock, handling))
            handling.start()

    def stop(self) -> None:
        self.trans.sock.shutdown(socket.SHUT_RDWR)
        self.trans.close()
        self.thread.join(5)
        for connection, handling in self.clients:
            # The thread closes it, possibly at this moment.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            handling.join(5)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@contextmanager
def served(handler: Handler, port: int = 0) -> Iterator[int]:
    server = Served(handler, port)
    try:
        yield server.port
    finally:
        server.stop()


def address(port: int) -> Address:
    return Address("127.0.0.1", port)


def test_the_lists_that_exist_are_read_in_one_call(handler: Handler) -> None:
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=5)
        assert reader.read([KEY, b"unknown", b"damaged"]) == {KEY: LIST}
        assert reader.read([KEY]) == {KEY: LIST}
        reader.close()
    assert handler.calls == 2


def test_a_server_that_is_silent_is_left_within_the_time_limit(handler: Handler) -> None:
    handler.patience_s = 2.0
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=0.1)
        began = time.monotonic()
        with pytest.raises(ListsUnavailable, match="did not answer in time") as caught:
            reader.read([KEY])
        assert time.monotonic() - began < 0.5
        assert caught.value.why == "late"


@contextmanager
def answering(answer: bytes, pause_s: float = 0.0) -> Iterator[int]:
    """A server that sends these bytes to whoever connects, with a pause after each."""

    def send() -> None:
        with suppress(OSError):
            client, _ = listening.accept()
            with client:
                for byte in answer:
                    client.send(bytes((byte,)))
                    time.sleep(pause_s)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=send)
        thread.start()
        yield listening.getsockname()[1]
    thread.join(10)


def test_a_server_that_sends_byte_after_byte_is_left_as_well() -> None:
    # The beginning of a proper answer, whose name has 4,096 letters.
    with answering(b"\x80\x01\x00\x02\x00\x00\x10\x00" + 40 * b"a", pause_s=0.05) as port:
        reader = Reader(address(port), time_limit_s=0.3)
        began = time.monotonic()
        with pytest.raises(ListsUnavailable) as caught:
            reader.read([KEY])
        assert time.monotonic() - began < 1
        assert caught.value.why == "late"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x80\x01\x00\x02\xff\xff\xff\xff"])
def test_a_strange_answer_is_a_failure(answer: bytes) -> None:
    with answering(answer) as port, pytest.raises(ListsUnavailable) as caught:
        Reader(address(port), time_limit_s=1).read([KEY])
    assert caught.value.why in ("failed", "late")


def test_nobody_listens(handler: Handler) -> None:
    with served(handler) as port:
        pass
    with pytest.raises(ListsUnavailable, match="could not do it") as caught:
        Reader(address(port), time_limit_s=1).read([KEY])
    assert caught.value.why == "failed"


def test_three_failures_pause_reads_and_a_success_ends_the_pause(handler: Handler) -> None:
    now = [0.0]
    handler.refuses = b"no region"
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=5, clock=lambda: now[0])
        for _ in range(3):
            with pytest.raises(ListsUnavailable, match="no region"):
                reader.read([KEY])
        calls = handler.calls
        with pytest.raises(ListsUnavailable) as caught:
            reader.read([KEY])
        assert (caught.value.why, handler.calls) == ("paused", calls)
        handler.refuses = b""
        now[0] += 1.5
        assert reader.read([KEY]) == {KEY: LIST}
        assert reader.read([KEY]) == {KEY: LIST}
        reader.close()


def test_without_the_table_there_is_no_list(handler: Handler) -> None:
    handler.refuses = b"org.apache.hadoop.hbase.TableNotFoundException: recommendations"
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=5)
        assert [reader.read([KEY]) for _ in range(5)] == [{}] * 5
    assert handler.calls == 5


def test_a_restart_of_the_server_costs_no_read(handler: Handler) -> None:
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=5)
        assert reader.read([KEY]) == {KEY: LIST}
    with served(handler, port):
        assert reader.read([KEY]) == {KEY: LIST}
        reader.close()


def test_any_number_of_threads_share_four_connections(handler: Handler) -> None:
    handler.patience_s = 0.02
    results: list[Any] = []
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=10)
        threads = [threading.Thread(target=lambda: results.append(reader.read([KEY]))) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        reader.close()
    assert results == [{KEY: LIST}] * 40
    assert 2 <= handler.most_at_once <= 4


def test_a_read_does_not_wait_for_a_connection_beyond_its_limit(handler: Handler) -> None:
    handler.patience_s = 1.0
    why: list[str] = []
    with served(handler) as port:
        reader = Reader(address(port), time_limit_s=0.3)

        def read() -> None:
            began = time.monotonic()
            try:
                reader.read([KEY])
            except ListsUnavailable as unavailable:
                why.append(unavailable.why)
            assert time.monotonic() - began < 0.9

        threads = [threading.Thread(target=read) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert len(why) == 12
    assert set(why) <= {"busy", "late", "paused"}
    assert "busy" in why or "late" in why

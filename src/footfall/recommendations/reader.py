"""Reads lists from HBase through its Thrift server for a site: quickly, or not at all.

A site's threads serve pages, so none of them may wait for HBase for long. A read has a time limit, connecting included.
A few connections are kept, and no read waits for a free one beyond its limit. After some failures in a row, a circuit
breaker refuses reads at once instead of letting each wait for its time limit.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

# happybase generates the module Hbase_thrift from a Thrift definition at import, so no type checker finds it.
import happybase  # noqa: F401
from Hbase_thrift import Hbase  # type: ignore[import-not-found]
from thriftpy2.protocol import TBinaryProtocol
from thriftpy2.thrift import TClient, TException
from thriftpy2.transport import TBufferedTransport, TSocket

from footfall import names
from footfall.hosts import Address
from footfall.recommendations.breaker import Breaker
from footfall.recommendations.reads import Lists, ListsUnavailable
from footfall.recommendations.table import LIST_COLUMN, decode_list

# An ordinary read takes a few milliseconds, and sometimes a tenth of a second on a machine that batches keep busy. The
# visitor sees the rest of the page meanwhile, but a thread of the site is occupied.
TIME_LIMIT_S: Final = 0.5
# Each is a thread of the Thrift server. At 20 ms a read, four of them serve 200 reads a second, and a site with a
# thousand visitors asks for some ten.
_CONNECTIONS: Final = 4
_NO_TABLE: Final = "TableNotFoundException"


class Reader:
    """Reads lists for one process. Safe for any thread. It connects when it is first used."""

    def __init__(
        self,
        address: Address,
        time_limit_s: float = TIME_LIMIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """address: of HBase's Thrift server. time_limit_s: of one read, in seconds. clock: seconds, for the breaker."""
        self._address = address
        self._time_limit_s = time_limit_s
        self._breaker = Breaker(clock)
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        self._idle: deque[_Connection] = deque()

    def read(self, keys: Sequence[bytes]) -> Lists:
        """The lists of these rows that exist; cells that cannot be read are left out. Raises ListsUnavailable."""
        until = time.monotonic() + self._time_limit_s
        if not self._breaker.admits():
            raise ListsUnavailable("paused", "HBase did not answer lately; it is asked again in a while.")
        if not self._slots.acquire(timeout=self._time_limit_s):
            # Those who hold the connections report how HBase is.
            self._breaker.failed()
            raise ListsUnavailable("busy", "All connections to HBase are in use.")
        try:
            found = self._read(list(keys), until)
        except ListsUnavailable:
            self._breaker.failed()
            raise
        finally:
            self._slots.release()
        self._breaker.succeeded()
        return found

    def close(self) -> None:
        """Closes the connections that are not in use."""
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().close()

    def _read(self, keys: list[bytes], until: float) -> Lists:
        try:
            # The newest of the idle connections: the others may have been closed by the server, which tires of them.
            connection, used = self._idle.pop(), True
        except IndexError:
            connection, used = _Connection(self._address), False
        try:
            return self._rows(connection, keys, until)
        except ListsUnavailable as error:
            if not used or error.why == "late":
                raise
        # A connection that was good once may be stale, such as after a restart of the server. A new one decides.
        self.close()
        return self._rows(_Connection(self._address), keys, until)

    def _rows(self, connection: "_Connection", keys: list[bytes], until: float) -> Lists:
        try:
            rows = connection.rows(keys, until)
        except Exception as error:  # thriftpy2 raises many kinds of errors, and a strange answer even more
            # The stream may hold half an answer, so the connection is not used again.
            connection.close()
            if _NO_TABLE in _reason(error):
                # `up` of an older Footfall made no such table. That HBase works is what matters here.
                return {}
            raise _unavailable(self._address, error) from None
        self._idle.append(connection)
        found = {}
        for key, cell in rows:
            with contextlib.suppress(ValueError):
                found[key] = decode_list(cell)
        return found


class _Connection:
    """A connection to the Thrift server. For use by one thread at a time."""

    def __init__(self, address: Address) -> None:
        self._socket = _Socket(host=address.host, port=address.port)
        self._transport = TBufferedTransport(self._socket)
        self._client = TClient(Hbase, TBinaryProtocol(self._transport, decode_response=False))

    def rows(self, keys: list[bytes], until: float) -> list[tuple[bytes, bytes]]:
        """The rows that exist, with their cell. until: the end of the time limit, monotonic seconds.

        Raises OSError and TException.
        """
        self._socket.until = until
        if not self._transport.is_open():
            self._transport.open()
        found = self._client.getRowsWithColumns(names.TABLE_RECOMMENDATIONS.encode(), keys, [LIST_COLUMN], {})
        return [(row.row, row.columns[LIST_COLUMN].value) for row in found if LIST_COLUMN in row.columns]

    def close(self) -> None:
        with contextlib.suppress(OSError, TException):
            self._transport.close()


class _Socket(TSocket):
    """A socket whose operations together end at an instant; a timeout of thriftpy2 is one of each operation."""

    until = 0.0

    def open(self) -> None:
        self.connect_timeout = self._left()
        super().open()

    def read(self, size: int) -> Any:
        self.sock.settimeout(self._left())
        return super().read(size)

    def write(self, data: bytes) -> None:
        self.sock.settimeout(self._left())
        super().write(data)

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _unavailable(address: Address, error: Exception) -> ListsUnavailable:
    if isinstance(error, TimeoutError):
        return ListsUnavailable("late", f"HBase's Thrift server on port {address.port} did not answer in time.")
    reason = _reason(error).splitlines()[0][:200]
    return ListsUnavailable("failed", f"HBase's Thrift server on port {address.port} could not do it: {reason}.")


def _reason(error: Exception) -> str:
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)

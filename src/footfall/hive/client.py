"""A client of HiveServer2: SQL with parameters, time limits, and connections that are reused and replaced."""

import json
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from footfall.hive.errors import HiveRefused, HiveUnavailable, failure
from footfall.hive.literals import Value, bind
from footfall.hive.login import READER, Login, password, password_file
from footfall.hosts import Address
from footfall.settings import Settings

if TYPE_CHECKING:
    from impala.hiveserver2 import HiveServer2Cursor

# HiveServer2 answers a request about a running statement after 5 s at the latest.
_ANSWER_S: Final = 15.0
# An idle session keeps a Tez session alive in HiveServer2.
_IDLE_S: Final = 300.0
_MOST_IDLE: Final = 4


class _SessionLost(HiveUnavailable):
    """The connection or its session has ended; another one may work."""


class _Idle(NamedTuple):
    """A connection that no thread uses. since_s: on the monotonic clock."""

    connection: "_Connection"
    since_s: float


class Hive:
    """The client. It is thread-safe: each statement uses a connection of its own while it runs."""

    def __init__(
        self, settings: Settings, timeout_s: float = 120.0, database: str = "footfall", login: Login = READER
    ) -> None:
        """timeout_s: the time limit of one statement. database: in which names without a database are looked up.
        login: `READER` can only read.
        """
        self._settings = settings
        self._timeout_s = timeout_s
        self._database = database
        self._login = login
        self._idle: list[_Idle] = []
        self._lock = threading.Lock()

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Runs a statement and returns its rows, an array as a list. Raises HiveUnavailable or HiveRefused.

        sql: one statement without a semicolon. values: for its placeholders `%s`; a sequence becomes a list for `IN`.
        """
        statement = bind(sql, values) if values else sql
        connection, reused = self._take()
        try:
            return self._rows(connection, statement)
        except _SessionLost:
            if not reused:
                raise
        # HiveServer2 was restarted, or closed a session that had been idle for too long.
        return self._rows(self._connect(), statement)

    def run(self, sql: str, values: Sequence[Value] = ()) -> None:
        """Runs a statement that returns no rows. It may run twice if HiveServer2 dies meanwhile, so it should be
        idempotent. Raises HiveUnavailable or HiveRefused.
        """
        self.rows(sql, values)

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.connection.close()

    def __enter__(self) -> "Hive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, connection: "_Connection", statement: str) -> list[tuple[Any, ...]]:
        """Runs a statement, and keeps the connection unless something happened to it."""
        try:
            rows = connection.rows(statement, self._timeout_s)
        except HiveRefused:
            self._give(connection)
            raise
        except BaseException:
            connection.abort()
            raise
        self._give(connection)
        return rows

    def _take(self) -> "tuple[_Connection, bool]":
        """A connection, and whether it was used before."""
        now = time.monotonic()
        with self._lock:
            old = [one for one in self._idle if now - one.since_s > _IDLE_S]
            self._idle = [one for one in self._idle if now - one.since_s <= _IDLE_S]
            found = self._idle.pop().connection if self._idle else None
        for one in old:
            one.connection.close()
        return (found, True) if found is not None else (self._connect(), False)

    def _connect(self) -> "_Connection":
        return _Connection(self._settings, self._database, self._login)

    def _give(self, connection: "_Connection") -> None:
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(_Idle(connection, time.monotonic()))
                return
        connection.close()


class _Connection:
    """One session of HiveServer2. Only one thread at a time may use it."""

    def __init__(self, settings: Settings, database: str, login: Login) -> None:
        from impala.error import HiveServer2Error
        from impala.hiveserver2 import HiveServer2Connection, connect
        from thrift.Thrift import TException

        # They log each error, with a traceback, before they raise it.
        for name in ("impala", "thrift"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._address = settings.address("hive_server2")
        try:
            service = connect(
                *self._address,
                timeout=_ANSWER_S,
                user=login.user,
                password=password(settings, login),
                auth_mechanism="PLAIN",
                retries=1,
            )
            self._connection = HiveServer2Connection(service)
            self._cursor: HiveServer2Cursor = self._connection.cursor(
                user=login.user, configuration={"use:database": database}
            )
        except (TException, OSError, EOFError) as error:
            raise HiveUnavailable(_no_login(settings, login, error)) from None
        except HiveServer2Error as error:
            raise failure(str(error), "HiveServer2 opened no session") from None

    def rows(self, statement: str, timeout_s: float) -> list[tuple[Any, ...]]:
        """Raises HiveRefused if the connection is still of use, else HiveUnavailable."""
        from impala.error import Error
        from thrift.Thrift import TException

        until = time.monotonic() + timeout_s
        try:
            self._cursor.execute_async(statement)
            while self._cursor.is_executing():
                if time.monotonic() > until:
                    raise HiveUnavailable(f"Hive did not finish the statement within {timeout_s:g} s.")
            if not self._cursor.has_result_set and not self._cursor.execution_failed():
                self._cursor.close_operation()
                return []
            found = self._cursor.fetchall()
            description = self._cursor.description or []
            self._cursor.close_operation()
        except (TException, OSError, EOFError) as error:
            if _timed_out(error):
                raise HiveUnavailable(_no_answer(self._address)) from None
            raise _SessionLost(f"HiveServer2 at {self._address} ended the connection.") from None
        except Error as error:
            if "SessionHandle" in str(error):
                raise _SessionLost("HiveServer2 no longer knows the session. Try again.") from None
            raise failure(str(error), "Hive refused the statement") from None
        arrays = [index for index, column in enumerate(description) if column[1] == "ARRAY"]
        return [_decoded(row, arrays) for row in found] if arrays else found

    def abort(self) -> None:
        """Ends the connection without a word, whereupon HiveServer2 ends what it runs. Never raises."""
        # Without attempts left, neither this nor a destructor asks the server anything.
        self._cursor.session.retries = 0
        if self._cursor._last_operation is not None:
            self._cursor._last_operation.retries = 0
        self.close()

    def close(self) -> None:
        """Never raises."""
        for end in (self._cursor.close, self._connection.close):
            with suppress(Exception):  # whatever happened to it, it is not used again
                end()


def _decoded(row: tuple[Any, ...], arrays: Sequence[int]) -> tuple[Any, ...]:
    """HiveServer2 sends an array as JSON."""
    values = list(row)
    for index in arrays:
        if values[index] is not None:
            values[index] = json.loads(values[index])
    return tuple(values)


def _timed_out(error: Exception) -> bool:
    from thrift.transport.TTransport import TTransportException

    return isinstance(error, TimeoutError) or (
        isinstance(error, TTransportException) and error.type == TTransportException.TIMED_OUT
    )


def _no_answer(address: Address) -> str:
    return (
        f"HiveServer2 at {address} did not answer within {_ANSWER_S:g} s. The metastore, PostgreSQL or HDFS may be "
        "away."
    )


def _no_login(settings: Settings, login: Login, error: Exception) -> str:
    message, where = str(error), settings.address("hive_server2")
    if _timed_out(error):
        return _no_answer(where)
    if "Bad status: 3" in message or "Error validating the login" in message:
        return (
            f"HiveServer2 refuses the password in {password_file(settings, login)}. Restart it: "
            "`./footfall down`, then `./footfall up`."
        )
    return f"HiveServer2 does not answer at {where}. See `./footfall status`; `./footfall up` starts it."

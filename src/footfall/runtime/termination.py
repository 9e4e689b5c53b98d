"""Lets a process that gets SIGTERM clean up before it ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Terminated(BaseException):
    """SIGTERM arrived."""


@contextmanager
def terminable() -> Iterator[None]:
    """Inside the block, SIGTERM raises Terminated. If it leaves the block, the process ends with status 143."""

    def raise_terminated(*_: object) -> None:
        # A second signal must not interrupt the cleaning up after the first.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, raise_terminated)
    except ValueError:  # not in the main thread: the process's own handler stays
        yield
        return
    try:
        yield
    except Terminated:
        raise SystemExit(143) from None
    finally:
        signal.signal(signal.SIGTERM, before)

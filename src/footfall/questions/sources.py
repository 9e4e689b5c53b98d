"""The stores that questions read. Each is opened when a question first needs it."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from footfall.hdfs import Hdfs
from footfall.settings import Settings

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """A kind of store. open: creates a reader, which may connect later. close: closes its connection."""

    name: str
    open: Callable[[Settings], T]
    close: Callable[[T], None] | None = None


# HDFS belongs to no station, so it is defined here. A station that has a store defines it in its `questions/`.
HDFS: Final = Source("hdfs", lambda settings: Hdfs(settings))


@dataclass(frozen=True, slots=True)
class Context(Generic[T_co]):
    """The input of a question. store: the reader of its source. now_ms: the time of the request, epoch ms."""

    settings: Settings
    store: T_co
    now_ms: int


class Sources:
    """The stores of one platform, with at most one reader each; closing it closes the readers.

    It may be used from any thread. But if a reader is not thread-safe, only one thread at a time may use it.
    """

    def __init__(
        self,
        settings: Settings,
        given: Mapping[Source[Any], Any] | None = None,
        clock_ms: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        """given: readers to use instead of opening the sources; they are closed as well."""
        self._settings = settings
        self._open: dict[Source[Any], Any] = dict(given or {})
        self._clock_ms = clock_ms
        self._lock = threading.Lock()

    def context(self, source: Source[T]) -> Context[T]:
        """The context of a question that reads this source and is asked now."""
        with self._lock:
            if source not in self._open:
                self._open[source] = source.open(self._settings)
            return Context(self._settings, self._open[source], self._clock_ms())

    def close(self) -> None:
        """Closes all open readers. A later question opens its reader again."""
        with self._lock:
            while self._open:
                source, reader = self._open.popitem()
                if source.close is not None:
                    source.close(reader)

    def __enter__(self) -> "Sources":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""The stores that questions read, each opened when a question first needs it."""

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
    """A kind of store. open: makes a reader of it, which may connect later; close: ends its connection."""

    name: str
    open: Callable[[Settings], T]
    close: Callable[[T], None] | None = None


# It lies below every station, so it stands here; a station that has a store of its own names it in its `questions/`.
HDFS: Final = Source("hdfs", lambda settings: Hdfs(settings))


@dataclass(frozen=True, slots=True)
class Context(Generic[T_co]):
    """All that a question is answered from. store: of the question's source; now_ms: the instant of asking, epoch ms"""

    settings: Settings
    store: T_co
    now_ms: int


class Sources:
    """The stores of one platform; at most one reader of each, closed when this is. May be used from any thread, but
    one store's questions only from one thread at a time if its reader is for one."""

    def __init__(
        self,
        settings: Settings,
        given: Mapping[Source[Any], Any] | None = None,
        clock_ms: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        """given: readers to be used instead of those that their sources would open; closed like them."""
        self._settings = settings
        self._open: dict[Source[Any], Any] = dict(given or {})
        self._clock_ms = clock_ms
        self._lock = threading.Lock()

    def context(self, source: Source[T]) -> Context[T]:
        """What a question about that source is answered from now."""
        with self._lock:
            if source not in self._open:
                self._open[source] = source.open(self._settings)
            return Context(self._settings, self._open[source], self._clock_ms())

    def close(self) -> None:
        """Closes what is open; a later question opens it anew."""
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

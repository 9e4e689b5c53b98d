"""The answers that pages show. All open pages share them; reading one never waits long and never fails.

A question is asked again when its answer is older than its time to live, no matter how many pages are open. It is asked
in the background. A page waits a moment; then it shows the last known answer, with a sentence about the trouble.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from footfall import question_registry
from footfall.dashboard.data.errors import NotFound, Unavailable
from footfall.dashboard.data.recent_views import PageView
from footfall.lags import ConsumerLag
from footfall.questions.model import Row
from footfall.site_registry import Site
from footfall.warehouse.published import Published

log = logging.getLogger(__name__)
T = TypeVar("T")

# A page shows no answer older than this, and ten open pages cost as much as one.
FRESH_S = 1.0
# Lists of all pages and sections read a hundred times as many cells as the figures of the sites, and change slowly.
LISTS_FRESH_S = 4.0
# An hour of all pages is six times as much again, and the visits of half an hour change even more slowly.
VISITS_FRESH_S = 15.0
# Each time, new clients ask Kafka, HDFS and HBase.
LAGS_FRESH_S = 6.0
# A small file in HDFS, which changes a few times a day.
PUBLISHED_FRESH_S = 5.0
# The tables of a run never change. Only what compares a day with all others does, when another day is published.
PAST_FRESH_S = 600.0
# After trouble, an answer is asked for again this soon, however long it would have stayed fresh.
RETRY_S = 5.0
# After this, a page shows the trouble instead of waiting longer.
PATIENCE_S = 2.0
# Hive answers a page's questions one after the other, and the first one may take several seconds. Until then, a page
# shows what it has.
_SLOW_AFTER_S = {"hive": 20.0, "learned": 20.0}
# Answers kept per engine. Users may look up any number of sessions and persons.
_KEPT = 64
# A past day of one site has over a dozen answers.
_KEPT_OF = {"hive": 512}
# The minutes that are shown, and as many before them to compare with.
_LIST_MINUTES = 10
_CHART_MINUTES = 60
_LOG_LINES = 1_000


class Source(Protocol):
    """The origin of the answers. Methods raise Unavailable or NotFound."""

    def ask(self, question: str, **parameters: Any) -> list[Row]:
        """The rows of a question."""

    def latest(self) -> list[PageView]:
        """The newest page views of people on all sites, newest first."""

    def lags(self) -> list[ConsumerLag]:
        """How far each consumer is behind its source."""

    def sites(self) -> Sequence[Site]:
        """The sites as they are registered now. Asks no engine."""

    def published(self) -> dict[date, Published]:
        """The published days."""

    def learned(self) -> dict[str, Published]:
        """The newest published run of each kind of learning, by pointer."""


@dataclass(frozen=True)
class Reading(Generic[T]):
    """The newest known answer to a question.

    value: the newest answer, None if there never was one; read_at_ms: when it was read, epoch ms
    trouble: a sentence on why there is no newer answer; None if all is well
    missing: whether the trouble is that the requested thing does not exist
    """

    value: T | None
    read_at_ms: int | None
    trouble: str | None = None
    missing: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it has an answer and no trouble."""
        return self.value is not None and self.trouble is None


class Readings:
    """All answers that pages show, shared by every open page."""

    def __init__(self, source: Source, patience_s: float = PATIENCE_S) -> None:
        self._source = source
        # One thread per engine, so that a dead HBase does not delay answers from Kafka.
        stores = {question.source.name for question in question_registry.questions().values()}
        self._stores = {
            name: _Lane(name, patience_s, _SLOW_AFTER_S.get(name, 0.0), _KEPT_OF.get(name, _KEPT)) for name in stores
        }
        self._kafka = _Lane("kafka", patience_s)
        self._several = _Lane("several", patience_s)
        self._published = _Lane("published", patience_s)

    def sites(self) -> Sequence[Site]:
        """The sites as they are registered now."""
        return self._source.sites()

    def active(self) -> Reading[list[Row]]:
        """Rows of `live-active-users` by app."""
        return self._ask(FRESH_S, "live-active-users", by="app")

    def metrics(self) -> Reading[list[Row]]:
        """Rows of `live-metrics` by app over the last hour."""
        return self._ask(FRESH_S, "live-metrics", by="app", minutes=_CHART_MINUTES)

    def pages(self) -> Reading[list[Row]]:
        """Rows of `live-metrics` by page over the last minutes."""
        return self._ask(LISTS_FRESH_S, "live-metrics", by="page", minutes=_LIST_MINUTES)

    def sections(self) -> Reading[list[Row]]:
        """Rows of `live-metrics` by section over the last minutes."""
        return self._ask(LISTS_FRESH_S, "live-metrics", by="section", minutes=_LIST_MINUTES)

    def errors(self, app: str | None = None) -> Reading[list[Row]]:
        """Rows of `live-errors`, of one site or of all sites."""
        return self._ask(FRESH_S, "live-errors", app=app or "all")

    def countries(self) -> Reading[list[Row]]:
        """Rows of `live-active-users` by country."""
        return self._ask(LISTS_FRESH_S, "live-active-users", by="country")

    def cities(self) -> Reading[list[Row]]:
        """Rows of `live-cities`."""
        return self._ask(LISTS_FRESH_S, "live-cities")

    def visits(self) -> Reading[list[Row]]:
        """Rows of `live-visits`."""
        return self._ask(VISITS_FRESH_S, "live-visits")

    def vitals(self, by: str) -> Reading[list[Row]]:
        """Rows of `live-web-vitals` by app or device over the last hour."""
        return self._ask(LISTS_FRESH_S, "live-web-vitals", by=by, minutes=_CHART_MINUTES)

    def alerts(self) -> Reading[list[Row]]:
        """Rows of `live-alerts`."""
        return self._ask(FRESH_S, "live-alerts")

    def logged(self, app: str, kind: str) -> Reading[list[Row]]:
        """Rows of `log-tail`: the newest lines of a site's log of that kind."""
        return self._ask(LAGS_FRESH_S, "log-tail", app=app, kind=kind, limit=_LOG_LINES)

    def latest(self) -> Reading[list[PageView]]:
        """The newest page views."""
        return self._kafka.read(("latest",), FRESH_S, self._source.latest)

    def lags(self) -> Reading[list[ConsumerLag]]:
        """How far each consumer is behind."""
        return self._several.read(("lags",), LAGS_FRESH_S, self._source.lags)

    def session(self, session: str) -> Reading[list[Row]]:
        """Rows of `session`."""
        return self._ask(FRESH_S, "session", session=session)

    def recent_pages(self, user: str) -> Reading[list[Row]]:
        """Rows of `recent-pages`."""
        return self._ask(FRESH_S, "recent-pages", user=user)

    def published(self) -> Reading[dict[date, Published]]:
        """The published days."""
        return self._published.read(("published",), PUBLISHED_FRESH_S, self._source.published)

    def learned(self) -> Reading[dict[str, Published]]:
        """The newest published run of each kind of learning, by pointer."""
        return self._published.read(("learned",), PUBLISHED_FRESH_S, self._source.learned)

    def past(self, revision: str, question: str, **parameters: Any) -> Reading[list[Row]]:
        """Rows of a question about past days.

        revision: the published runs of these days; after a day was published again, the question is asked anew
        """
        return self._ask(PAST_FRESH_S, question, revision, **parameters)

    def _ask(self, fresh_s: float, question: str, revision: str = "", /, **parameters: Any) -> Reading[list[Row]]:
        key = (question, revision, *sorted(parameters.items()))
        lane = self._stores[question_registry.find(question).source.name]
        return lane.read(key, fresh_s, lambda: self._source.ask(question, **parameters))


@dataclass
class _Entry:
    reading: Reading[Any]
    asked_s: float = float("-inf")
    running: Future[None] | None = None


class _Lane:
    """The answers of one engine. A single thread asks for them one after the other."""

    def __init__(self, name: str, patience_s: float, slow_after_s: float = 0.0, kept: int = _KEPT) -> None:
        """patience_s: how long a page waits. slow_after_s: when waiting becomes trouble, if later than that."""
        self._patience_s = patience_s
        self._slow_after_s = max(slow_after_s, patience_s)
        self._kept = kept
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"readings-{name}")
        self._lock = threading.Lock()
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()

    def read(self, key: Any, fresh_s: float, fetch: Callable[[], T]) -> Reading[T]:
        """The answer under `key`, fetched again if it is older than `fresh_s` seconds."""
        now_s = time.monotonic()
        with self._lock:
            entry = self._entries.setdefault(key, _Entry(Reading(None, None)))
            self._entries.move_to_end(key)
            while len(self._entries) > self._kept:
                self._entries.popitem(last=False)
            due_s = fresh_s if entry.reading.trouble is None else min(fresh_s, RETRY_S)
            if entry.running is None and now_s - entry.asked_s >= due_s:
                entry.asked_s = now_s
                entry.running = self._pool.submit(self._fetch, entry, fetch)
            running = entry.running
            # Requests that wait for one thread share its patience, so a hanging engine delays a page only once.
            oldest_s = min((e.asked_s for e in self._entries.values() if e.running is not None), default=now_s)
            # How long the oldest of them will have waited after this.
            waited_s = max(self._patience_s, now_s - oldest_s)
        if running is not None:
            wait_for([running], waited_s - (now_s - oldest_s))
        with self._lock:
            is_unfinished = running is not None and entry.running is running
            if is_unfinished and entry.reading.trouble is None and waited_s >= self._slow_after_s:
                held = entry.reading
                return Reading(held.value, held.read_at_ms, "The engine that answers this is slow.")
            return entry.reading

    def _fetch(self, entry: _Entry, fetch: Callable[[], T]) -> None:
        held = entry.reading
        reading: Reading[T]
        try:
            reading = Reading(fetch(), int(time.time() * 1000))
        except NotFound as missing:
            reading = Reading(None, None, str(missing), missing=True)
        except Unavailable as trouble:
            if held.trouble != str(trouble):
                log.warning("%s", trouble)
            reading = Reading(held.value, held.read_at_ms, str(trouble))
        except Exception:
            log.exception("An answer for the dashboard could not be read")
            reading = Reading(
                held.value, held.read_at_ms, "These figures could not be read. `./footfall logs dashboard` shows why."
            )
        with self._lock:
            entry.reading = reading
            entry.running = None

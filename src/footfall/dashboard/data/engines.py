"""Answers from the running engines: to questions, and the newest page views from Kafka."""

import logging
from datetime import date
from typing import Any, Final

from footfall import question_registry, site_registry
from footfall.dashboard.data.errors import NotFound, Unavailable
from footfall.dashboard.data.recent_views import PageView, Tail
from footfall.errors import EngineUnavailable
from footfall.hdfs import Hdfs
from footfall.lags import ConsumerLag, lags
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENTS_POINTER
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.realtime.questions import HBASE
from footfall.realtime.store import HBaseStore, HBaseUnavailable
from footfall.runtime import requested
from footfall.settings import Settings
from footfall.site_registry import Site
from footfall.warehouse import published
from footfall.warehouse.published import Published

log = logging.getLogger(__name__)

# A call that takes longer is abandoned, so that the next one opens a new connection.
_TIMEOUT_S: Final = 5.0


class Engines:
    """The `Source` of the running platform.

    One thread at a time may call `ask` with the questions of one store. The same holds for `latest` and for `lags`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources = Sources(settings, {HBASE: HBaseStore(settings, _TIMEOUT_S)})
        self._tail = Tail(settings.kafka_bootstrap, settings.events_partitions)
        self._hdfs = Hdfs(settings, _TIMEOUT_S)

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a question. Raises Unavailable or NotFound."""
        try:
            return question_registry.ask(self._sources, question, **parameters)
        except UnknownValue as unknown:
            raise NotFound(str(unknown)) from None
        except HBaseUnavailable as away:
            log.debug("%s", away)
            port = self._settings.port("hbase_thrift")
            raise Unavailable(f"HBase does not answer on port {port}. It restarts by itself.") from None
        except EngineUnavailable as away:
            raise Unavailable(str(away)) from None

    def lags(self) -> list[ConsumerLag]:
        """How far each consumer that `up` started is behind. Its entry says so if it cannot be asked."""
        return lags(self._settings, requested.read(self._settings))

    def sites(self) -> tuple[Site, ...]:
        """The sites as they are registered now. Raises SitesError if their file could never be used."""
        return site_registry.sites(self._settings)

    def latest(self) -> list[PageView]:
        """The newest page views, newest first. Raises Unavailable."""
        return self._tail.latest()

    def published(self) -> dict[date, Published]:
        """The published days. Raises Unavailable."""
        try:
            return published.read(self._hdfs)
        except EngineUnavailable as away:
            raise Unavailable(str(away)) from None

    def learned(self) -> dict[str, Published]:
        """The newest published run of segments and of recommendations, by pointer. Raises Unavailable."""
        try:
            found = {one: published.read(self._hdfs, one) for one in (SEGMENTS_POINTER, RECOMMENDATIONS_POINTER)}
        except EngineUnavailable as away:
            raise Unavailable(str(away)) from None
        return {pointer: known[max(known)] for pointer, known in found.items() if known}

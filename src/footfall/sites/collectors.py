"""The collectors of all sites that have no server of their own, in one process: one per site, each with its spool.

A request names its site in the query of its address, `/collect?site=blog`: a browser's preflight request has no body.
Events of the site's own server come to `/v1/events?site=blog`, with the site's key. A site without an origin takes
only those.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from footfall import site_registry
from footfall.events.geo import Geography
from footfall.settings import Settings
from footfall.site_addresses import COLLECTOR, SERVERS_PATH, service_of
from footfall.site_registry import Site
from footfall.sites import server_events
from footfall.sites.collector import PATH, Collector, PendingRequest, Shared
from footfall.sites.producer import KafkaProducer
from footfall.sites.spool import SpoolLocked
from footfall_web import Answer
from footfall_web.weblogs import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_CLOSE_PATIENCE_S: Final = 5.0
# In a request's environment: what `begin` found for it, so that a key is compared once.
_FOUND: Final = "footfall.collector"


class Collectors:
    """Collects the events of many sites. One per process; safe for any thread."""

    def __init__(self, settings: Settings) -> None:
        """Raises SitesError."""
        self._settings = settings
        # An unusable list of sites must fail here, not at the first event.
        site_registry.sites(settings)
        self._shared = Shared(KafkaProducer(settings.kafka_bootstrap), Geography(settings.install / "geography"))
        self._collectors: dict[str, Collector] = {}
        self._opening = threading.Lock()

    def start(self) -> None:
        """Starts to send the records that an earlier process spooled."""
        self._open_all()

    def close(self) -> None:
        """Shuts down in order; records that are not in Kafka by then stay in the spools."""
        with self._opening:
            collectors = list(self._collectors.values())
        for collector in collectors:
            collector.stop()
        self._shared.producer.close(_CLOSE_PATIENCE_S)
        for collector in collectors:
            collector.close()

    def begin(self, environ: "WSGIEnvironment") -> PendingRequest | None:
        """Begins like `Collector.begin`; None also if the request names no site whose events are taken here.

        So it does for a request to the API that does not show the site's key.
        """
        try:
            collector = environ[_FOUND] = self._of(environ)
        except Exception:
            # `around` meets it again, and answers.
            return None
        return None if collector is None else _begun(collector, environ)

    def notify(self, begun: PendingRequest, ready: Callable[[], None]) -> None:
        """Calls `ready` once, on any thread, when the request no longer needs to wait for Kafka."""
        begun.notify(self._shared.producer, ready)

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wraps `application`: requests that post events of a known site are answered before they reach it.

        A failure is passed to the application as `footfall.failure`.
        """

        def collecting(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            try:
                collector = environ[_FOUND] if _FOUND in environ else self._of(environ)
                answer = None if collector is None else _answer(collector, environ)
            except Exception as failure:
                environ["footfall.failure"], answer = failure, None
            if answer is None:
                return application(environ, start_response)
            return answer.send(start_response, environ[REQUEST_ID])

        return collecting

    def site(self, query: str) -> Site | None:
        """The site that a query names, if its events are taken here. Raises SitesError."""
        site = site_registry.find(self._settings, _named(query))
        if site is None or service_of(self._settings, site.app_id) != COLLECTOR:
            return None
        return site

    def health(self) -> dict[str, Any]:
        """The content of `/healthz`: what each site's collector says, also a removed site's that has a spool."""
        self._open_all()
        return {"sites": {app_id: collector.health() for app_id, collector in sorted(self._collectors.items())}}

    def _of(self, environ: "WSGIEnvironment") -> Collector | None:
        """The collector of a request. Raises SpoolLocked and OSError if it cannot work."""
        path = environ["PATH_INFO"]
        if path not in (PATH, SERVERS_PATH) or environ["REQUEST_METHOD"] != "POST":
            return None
        site = self.site(environ.get("QUERY_STRING", ""))
        if site is None:
            return None
        if path == SERVERS_PATH and not server_events.has_key(environ, self._settings, site.app_id):
            return None
        return self._opened(site.app_id)

    def _opened(self, app_id: str) -> Collector:
        known = self._collectors.get(app_id)
        if known is not None:
            return known
        with self._opening:
            known = self._collectors.get(app_id)
            if known is None:
                known = Collector(self._settings, app_id, self._shared)
                known.start()
                # Replaced, not changed: others read it meanwhile.
                self._collectors = {**self._collectors, app_id: known}
        return known

    def _open_all(self) -> None:
        """Opens the collectors of all sites that are collected here, and of removed ones that left a spool."""
        for app_id in site_registry.names_and_folders(self._settings, self._settings.spool_dir):
            if service_of(self._settings, app_id) == COLLECTOR:
                try:
                    self._opened(app_id)
                except (SpoolLocked, OSError) as error:
                    log.error("the spool of %s cannot be used: %s", app_id, error)


def _answer(collector: Collector, environ: "WSGIEnvironment") -> Answer:
    if environ["PATH_INFO"] == SERVERS_PATH:
        return collector.collect_from_server(environ)
    return collector.collect(environ)


def _begun(collector: Collector, environ: "WSGIEnvironment") -> PendingRequest | None:
    if environ["PATH_INFO"] == SERVERS_PATH:
        return collector.begin_from_server(environ)
    return collector.begin(environ)


@lru_cache(maxsize=1024)
def _named(query: str) -> str:
    """The site in a query, the first one; empty if there is none."""
    try:
        return parse_qs(query, max_num_fields=16).get("site", [""])[0]
    except ValueError:
        return ""

"""The sink of a site that Footfall itself serves: the collector in its process, and the scripts of this package."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from werkzeug.exceptions import NotFound

from footfall.host_names import SENTENCE, STATUS, HostNames
from footfall.sites import assets, security
from footfall_web import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Collecting(Protocol):
    """What takes a site's events. See `Collector`."""

    def collect(self, environ: "WSGIEnvironment") -> Answer:
        """Answers a request that posts events."""

    def health(self) -> Mapping[str, object]:
        """The content of `/healthz`."""


class InProcess:
    """The sink. See `footfall_web.Sink`."""

    def __init__(self, collector: Collecting | None, names: HostNames) -> None:
        """collector: None: the site takes no events. names: the scripts are for these alone."""
        self._collector = collector
        self._names = names

    def collect(self, environ: "WSGIEnvironment") -> Answer:
        """Raises NotFound if the site takes no events."""
        if self._collector is None:
            raise NotFound
        return self._collector.collect(environ)

    def script(self, name: str, environ: "WSGIEnvironment") -> Answer:
        """A script, for good: a page's address of it changes with it."""
        if not self._names.admit(environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST")):
            return Answer(
                STATUS, (("Content-Type", "text/plain; charset=utf-8"), *security.HEADERS.items()), SENTENCE.encode()
            )
        headers = (("Content-Type", assets.TYPES[".js"]), ("Cache-Control", assets.FOR_GOOD), *security.HEADERS.items())
        return Answer(200, headers, assets.served(name))

"""The names under which sites, collector and dashboard answer, so that no other name reads what is on loopback.

A web page can point a name of its own at 127.0.0.1 (DNS rebinding). The browser then takes what listens there for a
part of that page's site, and lets it read everything. It still sends the name in `Host`, so an unknown one is refused.
"""

import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from footfall.names import ALL_APPS
from footfall.settings import Settings
from footfall.site_registry import sites

# 421 Misdirected Request: it was sent to a server that does not answer for this name.
STATUS: Final = 421
SENTENCE: Final = "This name is not one of ours. The setting host_names lists more names."
_LOCAL: Final = "localhost"
# A name has at most 253 characters. What is remembered must be short: it comes from strangers.
_LONGEST: Final = 300


class HostNames:
    """The names of one site, of the collector or of the dashboard. Safe for any thread."""

    def __init__(self, settings: Settings, app_id: str | None = None) -> None:
        """app_id: of a site, which also answers to the hosts of its registered origins; `all`: to those of all sites.

        None: to no origin's.
        """
        self._settings = settings
        self._app_id = app_id
        names = [_LOCAL, socket.gethostname(), *settings.host_names]
        for daemon in ("sites", "collector", "dashboard"):
            names += settings.hosts.of(daemon)
        self._own = frozenset(name.lower() for name in names)

    def admit(self, host: str | None, forwarded: str | None) -> bool:
        """Whether to answer a request with these values of `Host` and `X-Forwarded-Host`; raises SitesError.

        None means that the request has no such header. A browser always sends `Host`. A proxy may put a name of its own
        there, so what it says it was asked for must be one of the names, too.
        """
        if forwarded is not None and not all(self._knows(name.strip()) for name in forwarded.split(",")):
            return False
        return host is None or self._knows(host)

    def _knows(self, header: str) -> bool:
        name = _name(header) if len(header) <= _LONGEST else None
        return name is not None and (name == "" or name in self._own or name in self._registered())

    def _registered(self) -> Iterable[str]:
        if self._app_id is None:
            return ()
        known = (site for site in sites(self._settings) if self._app_id in (site.app_id, ALL_APPS))
        return (_name(urlsplit(origin).netloc) or "" for site in known for origin in site.origins)


@lru_cache(maxsize=1024)
def _name(header: str) -> str | None:
    """The name in a header `HOST[:PORT]`, in lower case; None if it is malformed.

    Empty for an address: nobody can point an address elsewhere, so it needs no check.
    """
    try:
        parts = urlsplit(f"//{header}")
        name = parts.hostname
        valid = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    if not valid or name is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    try:
        ip_address(name)
    except ValueError:
        return name.removesuffix(".")
    return ""

"""Who takes the events of a site, and where. Kept out of the registry, so that its readers depend on no port."""

from typing import Final

from footfall.hosts import Address
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, find

# The service that takes the events of all sites without a server of their own.
COLLECTOR: Final = "collector"
# Where a site's own server posts events to that service.
SERVERS_PATH: Final = "/v1/events"


def service_of(settings: Settings, app_id: str) -> str:
    """The service that takes a site's events: `site-APP` for a server of its own, whoever runs it. Raises SitesError.

    What a removed site left behind is the collector's.
    """
    return f"site-{app_id}" if _is_demo(settings, app_id) or _own_port(settings, app_id) else COLLECTOR


def address_of(settings: Settings, app_id: str) -> Address:
    """The host and port, with the port offset, at which that service is reached. Raises SitesError."""
    if _is_demo(settings, app_id):
        return settings.address(app_id)
    port = _own_port(settings, app_id)
    if port is None:
        return settings.address("collector")
    return Address(settings.hosts.of(app_id)[0], settings.with_offset(port))


def _is_demo(settings: Settings, app_id: str) -> bool:
    return settings.demo.enabled and app_id in DEMO_SITES


def _own_port(settings: Settings, app_id: str) -> int | None:
    site = find(settings, app_id)
    return None if site is None else site.port

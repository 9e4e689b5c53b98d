"""The address of a site. Kept out of the registry, so that code that reads only the registry depends on no port."""

from footfall.hosts import Address
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, find


def address_of(settings: Settings, app_id: str) -> Address | None:
    """The host and port of a site, with the port offset; None if it has no port here. Raises SitesError."""
    if app_id in DEMO_SITES:
        return settings.address(app_id)
    site = find(settings, app_id)
    if site is None or site.port is None:
        return None
    return Address(settings.hosts.of(app_id)[0], settings.with_offset(site.port))

"""The key of a site, by which the collector knows the site's own server, which passes on events of its visitors."""

import hmac
from pathlib import Path
from typing import Final

from footfall.secret_files import secret
from footfall.settings import Settings

# The request's header `X-Footfall-Key`, as WSGI names it.
HEADER: Final = "HTTP_X_FOOTFALL_KEY"
# The networks of all addresses.
ANYBODY: Final = ("0.0.0.0/0", "::/0")


def make(settings: Settings, app_id: str) -> Path:
    """Makes the site's key unless it has one. Returns its file. Raises EmptySecret."""
    secret(settings, _name(app_id))
    return settings.secrets_dir / _name(app_id)


def matches(settings: Settings, app_id: str, given: str) -> bool:
    """Whether this is the site's key; never if it has none."""
    try:
        key = (settings.secrets_dir / _name(app_id)).read_bytes().strip()
    except FileNotFoundError:
        return False
    return key != b"" and hmac.compare_digest(key, given.encode("utf-8", "replace"))


def _name(app_id: str) -> str:
    return f"site-key-{app_id}"

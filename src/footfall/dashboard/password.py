"""The dashboard's password: when it asks for one, and which."""

from typing import Final

from footfall.hosts import is_loopback
from footfall.secret_files import secret
from footfall.settings import Settings

USER: Final = "footfall"
FILE: Final = "dashboard-password"


def is_asked_for(settings: Settings) -> bool:
    """Whether the dashboard asks for a password: as soon as it can be reached from elsewhere, unless switched off."""
    return settings.dashboard_password and not is_loopback(settings.dashboard_bind)


def password(settings: Settings) -> str:
    """The password of the user `footfall`; the first call generates it. Raises EmptySecret."""
    return secret(settings, FILE).decode("ascii")

"""What a site depends on beside itself, and what becomes of a request when that fails or is slow.

Each page asks the site's content service first. It answers at once, except while an incident lasts: then it fails for
a share of the requests, or lets a share of them wait.
"""

import random
import time
from typing import Final

from flask import Flask, request

from footfall.settings import Settings
from footfall.sites.incidents import active

# How long a slow answer takes, in seconds: over the second from which a page counts as slow.
SLOW_S: Final = (1.2, 4.0)
# Not pages: the collector has to work when the site does not.
_APART: Final = frozenset(("assets", "collector"))


class ContentUnavailable(Exception):
    """The content service did not answer."""


def unavailable(app_id: str) -> ContentUnavailable:
    """The failure of a page whose content service did not answer."""
    return ContentUnavailable(f"The content service of {app_id} did not answer within 2 s.")


def bend(app: Flask, app_id: str, settings: Settings) -> None:
    """Has every page of `app` consult its content service."""

    @app.before_request
    def consult_content() -> None:
        if request.endpoint is None or request.blueprint in _APART or request.path in ("/collect", "/healthz"):
            return
        slow = active(settings, app_id, "slow")
        if slow is not None and random.random() < slow:  # noqa: S311 - chance, no secret
            time.sleep(random.uniform(*SLOW_S))  # noqa: S311
        errors = active(settings, app_id, "errors")
        if errors is not None and random.random() < errors:  # noqa: S311
            raise unavailable(app_id)

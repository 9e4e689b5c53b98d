"""The simulated content service that every page depends on, and its failures.

Each page asks its site's content service first. The service answers at once, except during an incident: then it fails,
or answers slowly, for a share of the requests.
"""

import random
import time
from typing import Final

from flask import Flask, request

from footfall.settings import Settings
from footfall.sites.incidents import active

# Range of a slow answer's duration, in seconds; above the one second from which a page counts as slow.
SLOW_S: Final = (1.2, 4.0)
# These are not pages: the collector has to work when the site does not.
_APART: Final = frozenset(("assets", "collector", "footfall", "for_you"))


class ContentUnavailable(Exception):
    """The content service did not answer."""


def unavailable(app_id: str) -> ContentUnavailable:
    """The failure of a page whose content service did not answer."""
    return ContentUnavailable(f"The content service of {app_id} did not answer within 2 s.")


def use_content_service(app: Flask, app_id: str, settings: Settings) -> None:
    """Makes every page of `app` ask the content service first."""

    @app.before_request
    def consult_content() -> None:
        if request.endpoint is None or request.blueprint in _APART:
            return
        slow = active(settings, app_id, "slow")
        if slow is not None and random.random() < slow:  # noqa: S311 - chance, no secret
            time.sleep(random.uniform(*SLOW_S))  # noqa: S311
        errors = active(settings, app_id, "errors")
        if errors is not None and random.random() < errors:  # noqa: S311
            raise unavailable(app_id)

"""The sites that the parameter `app` accepts. They are looked up each time, since sites may be added at run time."""

from collections.abc import Callable, Iterable

from footfall import site_registry
from footfall.names import ALL_APPS
from footfall.questions.model import check_known
from footfall.settings import Settings


def app_choices(settings: Settings) -> tuple[str, ...]:
    """The values that help lists for the parameter `app`: the sites that are registered now, then `all`."""
    return (*site_registry.names(settings), ALL_APPS)


def one_app(settings: Settings, app: str, stored: Callable[[], Iterable[str]]) -> str | None:
    """The app that the parameter `app` names; None for `all`. Raises UnknownValue and what `stored` raises.

    stored: returns the apps that have data. It is called only for a name that is not registered, since a removed site
    keeps its figures.
    """
    if app == ALL_APPS:
        return None
    choices = app_choices(settings)
    if app not in choices and not (site_registry.is_app_id(app) and app in stored()):
        check_known("app", app, choices)
    return app

"""The sites that a question's parameter `app` can name. They are looked up each time: one may come while others run."""

from collections.abc import Callable, Iterable

from footfall import site_registry
from footfall.names import ALL_APPS
from footfall.questions.model import check_known
from footfall.settings import Settings


def app_choices(settings: Settings) -> tuple[str, ...]:
    """The values that help offers for the parameter `app`: the sites as they are registered now, then `all`."""
    return (*site_registry.names(settings), ALL_APPS)


def one_app(settings: Settings, app: str, stored: Callable[[], Iterable[str]]) -> str | None:
    """The app that the parameter `app` names; None if it is `all`. Raises UnknownValue, and what `stored` does.

    stored: the apps that there is data of. It is asked only for a name that is not registered, since a site that was
    removed keeps its figures.
    """
    if app == ALL_APPS:
        return None
    choices = app_choices(settings)
    if app not in choices and not (site_registry.is_app_id(app) and app in stored()):
        check_known("app", app, choices)
    return app

"""The apps that a question about the live tables covers."""

from typing import Final

from footfall import site_registry
from footfall.questions import parameters
from footfall.questions.sources import Context
from footfall.realtime.apps import counted_apps
from footfall.realtime.store import HBaseStore

APP: Final = parameters.app(lambda context, _: counted_apps(context.store))


def apps(context: Context[HBaseStore], app: str | None) -> tuple[str, ...]:
    """The given app; for None all registered sites, then the counted ones that are no longer registered.

    Raises HBaseUnavailable.
    """
    if app is not None:
        return (app,)
    registered = site_registry.names(context.settings)
    return (*registered, *(other for other in counted_apps(context.store) if other not in registered))

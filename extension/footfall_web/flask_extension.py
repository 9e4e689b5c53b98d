"""The Flask extension: the middleware around the application, a function for its templates, and its errors' log."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from footfall_web.middleware import Middleware
from footfall_web.sink import Sink
from footfall_web.weblogs import ENDPOINT, REQUEST_ID, Logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask
    from markupsafe import Markup

_FAILURE: Final = "footfall.failure"


class Footfall:
    """Measures a Flask application: `Footfall(app, site="blog", collector="http://localhost:5010")`.

    `g.request_id` names each request, as its header `X-Request-Id` does. In templates, `{{ footfall() }}` makes
    the elements for the page's head; its arguments say what the page is about.
    """

    def __init__(
        self,
        app: "Flask | None" = None,
        *,
        site: str,
        collector: str | Sink,
        key: str | None = None,
        at: str = "/footfall",
        scripts: str | None = None,
        vitals: bool = True,
        logs: str | os.PathLike[str] | Logs | None = None,
    ) -> None:
        """app: None: `init_app` gets it later. All else: see `Middleware`."""
        self._options: dict[str, Any] = {
            "site": site,
            "collector": collector,
            "key": key,
            "at": at,
            "scripts": scripts,
            "vitals": vitals,
            "logs": logs,
        }
        if app is not None:
            self.init_app(app)

    def init_app(self, app: "Flask") -> None:
        """Adds the extension to an application. Raises ValueError if an argument cannot be used."""
        from flask import g, got_request_exception, request
        from markupsafe import Markup

        middleware = _Measured(app.wsgi_app, **self._options)
        # Flask's documented way to add middleware, which mypy sees as assigning to a method.
        app.wsgi_app = middleware  # type: ignore[method-assign]
        app.extensions["footfall"] = middleware

        @app.before_request
        def name_request() -> None:
            g.request_id = request.environ[REQUEST_ID]
            request.environ[ENDPOINT] = request.endpoint or "none"

        def footfall(**facts: object) -> "Markup":
            # Its attributes are escaped.
            return Markup(middleware.script(request.environ, **facts))  # noqa: S704

        app.jinja_env.globals["footfall"] = footfall

        def failed() -> NoReturn:
            # The middleware answers all other requests before Flask.
            failure: Exception = request.environ[_FAILURE]
            raise failure

        # Flask then handles a failure of the sink like any of its own, and refuses other methods.
        app.add_url_rule(middleware.collect_path, "footfall.collect", failed, methods=["POST"])
        for path, name in middleware.scripts.items():
            app.add_url_rule(path, f"footfall.{name.removesuffix('.js')}", failed, methods=["GET"])

        def log_failure(_app: "Flask", exception: BaseException) -> None:
            self.log_error(exception)

        # Not weakly, since nothing else holds the function.
        got_request_exception.connect(log_failure, app, weak=False)

    def log_error(self, failure: BaseException, status: int = 500) -> None:
        """Writes a failure of the current request to the error log, if there is one.

        Flask's own handling calls it. An application's error handler that answers a failure itself calls it, too.
        """
        from flask import current_app, request

        logs = current_app.extensions["footfall"].logs
        if logs is not None:
            logs.error(request.environ, _action(request.method, request.endpoint), failure, status)


class _Measured(Middleware):
    """The middleware of a Flask application, which handles the failures of its sink."""

    def _failed(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", failure: Exception
    ) -> Iterable[bytes]:
        environ[_FAILURE] = failure
        return self._pass_on(environ, start_response)


def _action(method: str, endpoint: str | None) -> str:
    """The visitor's action, derived from the view's name: `view product`, `send checkout`."""
    name = (endpoint or "nothing").rpartition(".")[2].replace("_", " ")
    return f"{'send' if method == 'POST' else 'view'} {name}"

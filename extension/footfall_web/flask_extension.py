"""The Flask extension: the middleware around the application, and a function for its templates."""

from typing import TYPE_CHECKING, Any

from footfall_web.middleware import REQUEST_ID, Middleware

if TYPE_CHECKING:
    from flask import Flask
    from markupsafe import Markup


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
        collector: str,
        key: str | None = None,
        at: str = "/footfall",
        vitals: bool = True,
    ) -> None:
        """app: None: `init_app` gets it later. All else: see `Middleware`."""
        self._options: dict[str, Any] = {"site": site, "collector": collector, "key": key, "at": at, "vitals": vitals}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: "Flask") -> None:
        """Adds the extension to an application. Raises ValueError if an argument cannot be used."""
        from flask import g, request
        from markupsafe import Markup

        middleware = Middleware(app.wsgi_app, **self._options)
        # Flask's documented way to add middleware, which mypy sees as assigning to a method.
        app.wsgi_app = middleware  # type: ignore[method-assign]
        app.extensions["footfall"] = middleware

        @app.before_request
        def name_request() -> None:
            g.request_id = request.environ[REQUEST_ID]

        def footfall(**facts: object) -> "Markup":
            # Its attributes are escaped.
            return Markup(middleware.script(request.environ, **facts))  # noqa: S704

        app.jinja_env.globals["footfall"] = footfall

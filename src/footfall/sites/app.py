"""Builds a demo site: the same security, logs, accounts, incidents and error pages around each site's own pages."""

import time
from datetime import timedelta
from typing import Final

from flask import Blueprint, Flask, Response, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as BaseResponse

from footfall.events.identity import new_uuid7
from footfall.host_names import HostNames
from footfall.recommendations.reads import Reads
from footfall.secret_files import secret
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite, demo_site
from footfall.sites import academy, accounts, assets, degradation, for_you, news, security, shop
from footfall.sites.catalogue import Catalogue
from footfall.sites.collector import Collector
from footfall.sites.collector import blueprint as collecting
from footfall.sites.outcome import LARGEST_BODY
from footfall.sites.pages import show
from footfall.sites.pictures import picture
from footfall.sites.stock import Stock
from footfall.sites.weblogs import Logs, WebLogs

_LARGEST_FORM: Final = 32 * 1024


_PAGES: Final[dict[DemoSite, Blueprint]] = {
    "shop": shop.blueprint,
    "news": news.blueprint,
    "academy": academy.blueprint,
}
_CATALOGUES: Final[dict[DemoSite, Catalogue]] = {
    "shop": shop.CATALOGUE,
    "news": news.CATALOGUE,
    "academy": academy.CATALOGUE,
}
_WORDS: Final = {
    400: "That did not arrive as it should",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "That was too much at once",
    500: "Something broke on our side",
}


def create_app(
    app_id: str,
    settings: Settings,
    collector: Collector | None,
    logs: Logs | None = None,
    lists: Reads | None = None,
) -> Flask:
    """The demo site `app_id`, ready for a WSGI server; its logs are open.

    collector: stores the events posted to `/collect`; None: the site takes no events. logs: replaces the site's own log
    files. lists: what learning found; None: the site's pages have no list "for you".
    Raises ValueError for an unknown `app_id`, and SitesError.
    """
    demo = next((name for name in DEMO_SITES if name == app_id), None)
    if demo is None:
        raise ValueError(f"There is no site {app_id!r}; there are: {', '.join(DEMO_SITES)}.")
    app = Flask("footfall.sites", static_folder=None)
    app.config.update(
        APP_ID=app_id,
        SITE_NAME=demo_site(settings, demo).title,
        SECRET_KEY=secret(settings, f"site-{app_id}-session-key"),
        # Browsers send a host's cookies to all of its ports, so each site needs its own cookie name.
        SESSION_COOKIE_NAME=f"footfall_{app_id}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        # `/collect` takes the largest bodies. Forms are far smaller.
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        # A simulated site replaces these: the stock, the delay of the bank (seconds), and the source of order ids.
        STOCK=Stock(),
        WAIT=time.sleep,
        NEW_ID=new_uuid7,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["picture"] = picture
    app.jinja_env.filters["euros"] = shop.euros
    written = WebLogs(settings, app_id) if logs is None else logs

    @app.before_request
    def begin() -> None:
        g.request_id = request.environ["footfall.request_id"]
        request.environ["footfall.endpoint"] = request.endpoint or "none"

    @app.after_request
    def name_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> BaseResponse:
        # Without a valid Host header, a page could not build its links.
        if error.response is not None or request_ctx.url_adapter is None:
            return error.get_response()
        status = error.code or 500
        answer = show(
            "error.html",
            "error",
            "error",
            status=status,
            heading=_WORDS.get(status, "This did not work"),
            sentence=error.description if status == 400 else None,
        )
        if status == 405:
            answer.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return answer

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        written.error(request.environ, _action(), error, 500)
        return show("error.html", "error", "error", status=500, heading=_WORDS[500], sentence=None)

    security.protect(app, HostNames(settings, app_id), settings.trusted_proxies)
    degradation.use_content_service(app, app_id, settings)
    app.register_blueprint(_PAGES[demo])
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(assets.blueprint)
    app.jinja_env.globals["asset"] = assets.address
    app.jinja_env.globals["shows_lists"] = lists is not None
    if lists is not None:
        app.register_blueprint(for_you.blueprint(app_id, settings, _CATALOGUES[demo], lists))
    if collector is not None:
        app.register_blueprint(collecting(collector))
    # Flask's documented way to add middleware, which mypy sees as assigning to a method.
    app.wsgi_app = written.around(app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


def _action() -> str:
    """The visitor's action, derived from the view's name: `view product`, `send checkout`."""
    name = (request.endpoint or "nothing").rpartition(".")[2].replace("_", " ")
    return f"{'send' if request.method == 'POST' else 'view'} {name}"

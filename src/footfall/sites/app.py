"""Builds a demo site: the same security, logs, accounts, incidents and error pages around each site's own pages."""

import time
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Flask, Response, jsonify
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as BaseResponse

from footfall.events.address import client_of, truncate
from footfall.events.identity import new_uuid7
from footfall.host_names import HostNames
from footfall.recommendations.reads import Reads
from footfall.secret_files import secret
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite, demo_site
from footfall.sites import academy, accounts, assets, degradation, for_you, news, security, shop
from footfall.sites.catalogue import Catalogue
from footfall.sites.in_process import Collecting, InProcess
from footfall.sites.outcome import LARGEST_BODY
from footfall.sites.pages import show
from footfall.sites.pictures import picture
from footfall.sites.stock import Stock
from footfall_web import Footfall
from footfall_web.weblogs import Logs, WebLogs

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LARGEST_FORM: Final = 32 * 1024
# The platform itself asks every 15 s; lines of it would only hide those of visitors.
_HEALTH: Final = "/healthz"

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
    collector: Collecting | None,
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
        # A simulated site replaces these: the stock, the delay of the bank (seconds), the source of order ids, and the
        # clock of the pages.
        STOCK=Stock(),
        WAIT=time.sleep,
        NEW_ID=new_uuid7,
        NOW=partial(datetime.now, timezone.utc),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["picture"] = picture
    app.jinja_env.filters["euros"] = shop.euros
    names = HostNames(settings, app_id)
    # Before everything else that looks at a request: each has its id then.
    measured = Footfall(
        app,
        site=app_id,
        collector=InProcess(collector, names),
        at="",
        scripts="/static",
        logs=_logs(settings, app_id) if logs is None else logs,
    )

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
        measured.log_error(error)
        return show("error.html", "error", "error", status=500, heading=_WORDS[500], sentence=None)

    security.protect(app, names, settings.trusted_proxies)
    degradation.use_content_service(app, app_id, settings)
    app.register_blueprint(_PAGES[demo])
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(assets.blueprint)
    app.jinja_env.globals["asset"] = assets.address
    app.jinja_env.globals["shows_lists"] = lists is not None
    if lists is not None:
        app.register_blueprint(for_you.blueprint(app_id, settings, _CATALOGUES[demo], lists))
    if collector is not None:
        app.register_blueprint(_health(collector))
    return app


def _logs(settings: Settings, app_id: str) -> WebLogs:
    def network(environ: "WSGIEnvironment") -> str | None:
        return truncate(client_of(environ, settings.trusted_proxies))

    return WebLogs(settings.logs_dir / "sites" / app_id, app_id, network, unlogged=(_HEALTH,))


def _health(collector: Collecting) -> Blueprint:
    made = Blueprint("collector", __name__)

    @made.get(_HEALTH)
    def healthz() -> Response:
        return jsonify(collector.health())

    return made

"""The pages of the collector: scripts, its health, what browsers ask before they post, and refusals. Nothing else.

A browser lets a page of another origin read an answer only if the answer names that origin. Those of the site are
named, and never `*`.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as BaseResponse

from footfall import site_registry
from footfall.events.identity import new_uuid7
from footfall.host_names import SENTENCE, HostNames
from footfall.names import ALL_APPS
from footfall.settings import Settings
from footfall.site_addresses import SERVERS_PATH
from footfall.sites import assets, security
from footfall.sites.collector import FOREIGN_ORIGIN, NO_ORIGIN, PATH
from footfall.sites.collectors import Collectors
from footfall.sites.outcome import LARGEST_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The tracker, and what measures how fast a page felt.
_SCRIPTS: Final = ("footfall.js", "footfall-vitals.js")
# A page that was cached with an older script works on; this only limits how long.
_SCRIPT_AGE_S: Final = 3600
_PREFLIGHT_AGE_S: Final = 7200
# The same for a site that does not exist: the answer tells nothing about sites.
_NO_KEY: Final = (
    "The address must name a site, /v1/events?site=NAME, and the header Authorization must hold its key: Bearer KEY."
)
_UNKNOWN_SITE: Final = "The address names no site whose events are taken here: /collect?site=NAME."


def create_app(settings: Settings, collectors: Collectors) -> Flask:
    """The collector's application, ready for a WSGI server."""
    app = Flask("footfall.sites", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    names = HostNames(settings, ALL_APPS)

    @app.before_request
    def refuse_other_names() -> Response | None:
        if names.admit(request.headers.get("Host"), request.headers.get("X-Forwarded-Host")):
            return None
        return _refusal(HTTPStatus.MISDIRECTED_REQUEST, "unknown_host", SENTENCE)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in security.HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = request.environ["footfall.request_id"]
        return response

    @app.get(f"/<any({', '.join(map(repr, _SCRIPTS))}):name>")
    def script(name: str) -> BaseResponse:
        response = Response(assets.served(name), mimetype="text/javascript")
        response.headers.update(security.FOREIGN_HEADERS)
        response.headers["Cache-Control"] = f"public, max-age={_SCRIPT_AGE_S}"
        origin = request.headers.get("Origin")
        # For pages that load it with `crossorigin`.
        response.headers["Vary"] = "Origin"
        if origin is not None and any(origin in site.origins for site in site_registry.sites(settings)):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.add_etag()
        return response.make_conditional(request)

    @app.route(PATH, methods=["OPTIONS"], provide_automatic_options=False)
    def preflight() -> Response:
        site = collectors.site(request.query_string.decode("latin-1"))
        if site is None:
            return _refusal(HTTPStatus.NOT_FOUND, "unknown_site", _UNKNOWN_SITE)
        origin = request.headers.get("Origin")
        if origin is None or origin not in site.origins:
            return _refusal(HTTPStatus.FORBIDDEN, "foreign_origin", FOREIGN_ORIGIN if site.origins else NO_ORIGIN)
        response = Response(status=HTTPStatus.NO_CONTENT)
        response.headers["Vary"] = "Origin"
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_AGE_S)
        return response

    @app.post(PATH)
    def collect() -> Response:
        # Only requests that no site's collector could take get here.
        failure: Exception | None = request.environ.get("footfall.failure")
        if failure is not None:
            raise failure
        return _refusal(HTTPStatus.NOT_FOUND, "unknown_site", _UNKNOWN_SITE)

    @app.route(SERVERS_PATH, methods=["POST"], provide_automatic_options=False)
    def events_of_servers() -> Response:
        # Only requests without the key of a site get here, and those that failed.
        failure: Exception | None = request.environ.get("footfall.failure")
        if failure is not None:
            raise failure
        response = _refusal(HTTPStatus.UNAUTHORIZED, "wrong_key", _NO_KEY)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(collectors.health())

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        response = _refusal(status, status.name.lower(), status.phrase)
        if valid := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(valid))
        return response

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        app.logger.error("a request failed", exc_info=error)
        return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_server_error", "Something broke on our side.")

    # Flask's documented way to add middleware, which mypy sees as assigning to a method.
    app.wsgi_app = _numbered(collectors.around(app.wsgi_app))  # type: ignore[method-assign,assignment]
    return app


def _numbered(application: "WSGIApplication") -> "WSGIApplication":
    """Gives each request its id."""

    def numbered(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["footfall.request_id"] = new_uuid7()
        return application(environ, start_response)

    return numbered


def _refusal(status: HTTPStatus, error: str, sentence: str) -> Response:
    content: dict[str, Any] = {"error": error, "detail": sentence}
    response = jsonify(content)
    response.status_code = status
    return response

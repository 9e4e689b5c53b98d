"""Protects a site's visitors: security headers on every response, and a CSRF token in every form that changes data."""

import hmac
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request, session
from flask.sessions import SecureCookieSessionInterface

from footfall.events.address import is_secure, is_trusted
from footfall.host_names import SENTENCE, STATUS, HostNames

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# All content comes from the site itself, and pages contain no inline scripts or styles.
CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Of what pages of other sites load.
FOREIGN_HEADERS: Final = HEADERS | {"Cross-Origin-Resource-Policy": "cross-origin"}
_DEFAULT_PORTS: Final = (80, 443)
_FORWARDED_HOST: Final = re.compile(r'(?:^|[;,])\s*host="?([^";,\s]+)', re.IGNORECASE)
_TOKEN: Final = "csrf"  # noqa: S105 - the name of a form's field, no secret


class _Sessions(SecureCookieSessionInterface):
    """Sessions whose cookie is `Secure` if the visitor speaks TLS, so that no browser sends it without."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = trusted

    def get_cookie_secure(self, app: Flask) -> bool:
        """Flask asks this for each cookie."""
        forwarded = request.headers.get("X-Forwarded-Proto")
        return is_secure(request.scheme, request.environ.get("REMOTE_ADDR"), forwarded, self._trusted)


def protect(app: Flask, names: HostNames, trusted: Sequence[str]) -> None:
    """Adds the headers to every response of `app`, and makes `csrf_token()` available to its templates.

    names: requests to others are refused. trusted: networks of proxies that may say that a visitor speaks TLS.
    """
    app.session_interface = _Sessions(trusted)

    @app.before_request
    def refuse_other_names() -> Response | None:
        if names.admit(request.headers.get("Host"), request.headers.get("X-Forwarded-Host")):
            return None
        return Response(SENTENCE, STATUS, mimetype="text/plain")

    app.after_request(_add_headers)
    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """This browser's CSRF token; created when a form is first shown, so most readers need no cookie."""
    token = session.get(_TOKEN)
    if not isinstance(token, str):
        token = secrets.token_urlsafe(16)
        session[_TOKEN] = token
        session.permanent = True
    return token


def check_token() -> None:
    """Ends the request with 400 unless its form carries the browser's token."""
    expected, given = session.get(_TOKEN), request.form.get(_TOKEN, "")
    if not isinstance(expected, str) or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        abort(400, "This form is from an earlier visit or from elsewhere. Please load the page again and repeat.")


def is_own(origin: str, environ: "WSGIEnvironment", trusted: Sequence[str]) -> bool:
    """Whether an `Origin` header names the host and port that the browser sent the request to.

    `Host` says it, or a trusted proxy in `X-Forwarded-Host` (with `X-Forwarded-Port`) or `Forwarded`. trusted: networks
    of such proxies.
    """
    named = _host_and_port(origin)
    if named is None:
        return False
    hosts = [environ.get("HTTP_HOST", "")]
    if named != _host_and_port(f"//{hosts[0]}") and is_trusted(environ.get("REMOTE_ADDR"), trusted):
        hosts += environ.get("HTTP_X_FORWARDED_HOST", "").split(",")
        hosts += _FORWARDED_HOST.findall(environ.get("HTTP_FORWARDED", ""))
        if port := environ.get("HTTP_X_FORWARDED_PORT"):
            hosts += [f"{host.strip()}:{port}" for host in hosts]
    return any(_host_and_port(f"//{host.strip()}") == named for host in hosts)


# Browsers send the same few values again and again.
@lru_cache(maxsize=1024)
def _host_and_port(url: str) -> tuple[str, int | None] | None:
    """The host in lower case and the port of a URL; None if it has no valid ones.

    A default port is left out, since browsers leave it out and proxies do not. Behind a proxy, the scheme of the
    connection does not tell which one is the default.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # such as `http://[`
        return None
    if not host or "@" in parts.netloc:
        return None
    return host, None if port in _DEFAULT_PORTS else port


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        # A page belongs to one request: a cache must not show its request id and token again.
        response.headers["Cache-Control"] = "no-store"
    return response

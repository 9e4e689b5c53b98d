"""What every request to the dashboard passes first: its name must be one of ours, and it may need a password.

The password is that of HTTP's basic authentication. A browser that gave it also gets a cookie, because not every
browser repeats the password when it opens the WebSocket.
"""

import base64
import binascii
import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footfall.dashboard.password import USER, is_asked_for, password
from footfall.events.address import is_secure
from footfall.host_names import SENTENCE, STATUS, HostNames
from footfall.settings import Settings

_COOKIE: Final = "footfall_dashboard"
# The probe of the platform asks here. It learns only that the process lives.
_HEALTH: Final = "/_stcore/health"


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = HostNames(settings)
        self._trusted = settings.trusted_proxies
        self._password = password(settings).encode() if is_asked_for(settings) else None
        self._token = "" if self._password is None else hmac.digest(self._password, b"cookie", hashlib.sha256).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._names.admit(headers.get("host"), headers.get("x-forwarded-host")):
            await _refuse(scope, receive, send, PlainTextResponse(SENTENCE, STATUS))
        elif self._password is None or scope["path"] == _HEALTH or self._knows_cookie(headers):
            await self._app(scope, receive, send)
        elif self._knows_password(headers):
            await self._app(scope, receive, self._with_cookie(scope, headers, send))
        else:
            asking = {"WWW-Authenticate": 'Basic realm="Footfall", charset="UTF-8"'}
            await _refuse(scope, receive, send, PlainTextResponse("A password is needed.", 401, asking))

    def _knows_password(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        try:
            user, _, word = base64.b64decode(given, validate=True).partition(b":")
        except (ValueError, binascii.Error):
            return False
        assert self._password is not None
        right = hmac.compare_digest(word, self._password)
        return kind.lower() == "basic" and user == USER.encode() and right

    def _knows_cookie(self, headers: Headers) -> bool:
        try:
            given = SimpleCookie(headers.get("cookie", "")).get(_COOKIE)
        except CookieError:
            return False
        return given is not None and hmac.compare_digest(given.value.encode(), self._token.encode())

    def _with_cookie(self, scope: Scope, headers: Headers, send: Send) -> Send:
        client = scope.get("client")
        secure = is_secure(scope["scheme"], client and client[0], headers.get("x-forwarded-proto"), self._trusted)
        cookie = f"{_COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, response: PlainTextResponse) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted, closing answers 403.
        await send({"type": "websocket.close", "code": 1008})
        return
    await response(scope, receive, send)

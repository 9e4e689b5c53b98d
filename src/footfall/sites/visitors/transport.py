"""One person's HTTP client: own address and agent in the headers, cookies kept, redirects followed, time measured."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3

from footfall.errors import FootfallError
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.gestures import Document, document
from footfall.sites.visitors.markup import page_of, parse
from footfall.sites.visitors.population import Person

_REDIRECTS: Final = 5
_TIMEOUT: Final = urllib3.Timeout(connect=2.0, read=30.0)


@dataclass(slots=True)
class Profile:
    """The state that a browser keeps between the visits of one person."""

    cookies: dict[str, str] = field(default_factory=dict)
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A loaded document: the path (with query) at which redirects ended, and the duration of the last request alone."""

    path: str
    status: int
    html: str
    response_ms: int

    def read(self, behaviour: Behaviour) -> Document:
        """Parses the document."""
        markup = parse(self.html, self.path.partition("?")[0])
        return document(markup, page_of(markup, self.path, self.status, behaviour))


class Unreachable(FootfallError):
    """The site accepted no connection or gave no answer; a real browser would show its own error page."""


class Transport:
    """Sends one person's requests to one site; `url` has no slash at its end."""

    def __init__(self, url: str, pool: urllib3.PoolManager, person: Person, profile: Profile) -> None:
        self._url = url
        self._pool = pool
        self._profile = profile
        self._base = {
            "X-Forwarded-For": person.address,
            "User-Agent": person.device.user_agent,
            "Accept-Language": person.country.accept_language(),
        }
        if person.gpc:
            self._base["Sec-GPC"] = "1"

    @property
    def tracker_headers(self) -> dict[str, str]:
        """The headers of a request to `/collect`."""
        return {**self._base, "Origin": self._url}

    def load(self, path: str, referrer: str | None = None, form: Mapping[str, str] | None = None) -> Answer:
        """Loads `path` (with query), or sends a form there, and follows redirects; raises Unreachable."""
        method = "GET" if form is None else "POST"
        body = None if form is None else urlencode(form)
        for _ in range(_REDIRECTS):
            headers = {**self._base, "Accept": "text/html"}
            if referrer is not None:
                headers["Referer"] = referrer
            if body is not None:
                headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._url}
            if self._profile.cookies:
                headers["Cookie"] = self._cookies()
            # Browsers, too, start the timing of a page after its redirects.
            started = time.perf_counter()
            try:
                response = self._pool.request(
                    method,
                    self._url + path,
                    body=body,
                    headers=headers,
                    timeout=_TIMEOUT,
                    retries=False,
                    redirect=False,
                )
            except urllib3.exceptions.HTTPError as error:
                raise Unreachable(str(error)) from None
            self._keep_cookies(response.headers.getlist("Set-Cookie"))
            location = response.headers.get("Location")
            if location is None or response.status not in (301, 302, 303, 307, 308):
                break
            target = urlsplit(location)
            path = target.path + (f"?{target.query}" if target.query else "")
            if response.status < 307:
                method, body = "GET", None
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return Answer(path, response.status, response.data.decode("utf-8", "replace"), elapsed_ms)

    def fetch_list(self, address: str, asked: Mapping[str, str], referrer: str) -> str | None:
        """Asks for the list of a loaded page; returns its markup, None if there is none."""
        headers = {**self.tracker_headers, "Content-Type": "application/json", "Referer": referrer}
        if self._profile.cookies:
            headers["Cookie"] = self._cookies()
        try:
            response = self._pool.request(
                "POST",
                self._url + address,
                body=orjson.dumps(asked),
                headers=headers,
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return None
        return response.data.decode("utf-8", "replace") if response.status == 200 else None

    def absolute(self, path: str) -> str:
        """The address of a page of the site, as in a referrer."""
        return self._url + path

    def is_own(self, address: str) -> bool:
        """Whether a complete address belongs to the site."""
        return address.startswith(self._url + "/")

    def _cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._profile.cookies.items())

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            try:
                parsed = SimpleCookie(line)
            except CookieError:
                continue
            for name, morsel in parsed.items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self._profile.cookies.pop(name, None)
                else:
                    # The encoded value: a value that arrived quoted is returned quoted.
                    self._profile.cookies[name] = morsel.coded_value

"""Requests to a site in this process instead of urllib3 connections: the same calls without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Flask
from urllib3 import HTTPHeaderDict
from werkzeug.test import Client

from tests.support.sites import Remembering


@dataclass(frozen=True)
class Answered:
    """The part of an answer that visitors read."""

    status: int
    headers: HTTPHeaderDict
    data: bytes


@dataclass(frozen=True)
class Asked:
    """One request and its answer; path without query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    status: int
    html: str


class WsgiPool:
    """Replaces a `urllib3.PoolManager`; `asked` lists the requests for pages in their order.

    Events go straight into the collector that remembers: they are most of all requests, and no page.
    """

    def __init__(self, app: Flask, collector: Remembering) -> None:
        self._client = Client(app, use_cookies=False)
        self._collector = collector
        self._lock = Lock()
        self.asked: list[Asked] = []

    def request(
        self, method: str, url: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> Answered:
        target = urlsplit(url)
        given = dict(headers or {})
        if target.path == "/collect":
            self._collector.requests.append((202, given["Content-Type"], orjson.loads(body or b"")))
            return Answered(202, HTTPHeaderDict(), b'{"rejected": []}')
        response = self._client.open(
            target.path,
            method=method,
            base_url=f"{target.scheme}://{target.netloc}",
            query_string=target.query,
            data=body,
            headers=given,
        )
        status, html = response.status_code, response.get_data(as_text=True)
        with self._lock:
            self.asked.append(Asked(method, target.path, target.query, given, status, html))
        return Answered(response.status_code, HTTPHeaderDict(response.headers.items()), response.get_data())

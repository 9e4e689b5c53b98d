"""Serves the styles and the tracker. A fingerprint in each address lets browsers cache the file for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, url_for

blueprint = Blueprint("assets", __name__)

_FOLDER: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
FOR_GOOD: Final = "public, max-age=31536000, immutable"


def address(name: str) -> str:
    """The address of the file `name`; it changes with the file."""
    return url_for("assets.serve", name=name, v=_fingerprint(name))


@lru_cache(maxsize=32)
def served(name: str) -> bytes:
    """The content of the file `name`; KeyError if there is no such file."""
    return _files()[name].read_bytes()


@blueprint.get("/static/<name>")
def serve(name: str) -> Response:
    try:
        content = served(name)
    except KeyError:
        abort(404)
    response = Response(content, content_type=TYPES[Path(name).suffix])
    response.headers["Cache-Control"] = FOR_GOOD
    return response


@blueprint.get("/favicon.ico")
def icon() -> Response:
    return serve("icon.svg")


@blueprint.get("/robots.txt")
def robots() -> Response:
    return Response("User-agent: *\nDisallow: /account\nDisallow: /cart\nDisallow: /checkout\n", mimetype="text/plain")


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    # Requests select from this list; a requested name never becomes part of a path.
    return {path.name: path for path in _FOLDER.iterdir() if path.suffix in TYPES}


@lru_cache(maxsize=32)
def _fingerprint(name: str) -> str:
    return hashlib.sha256(served(name)).hexdigest()[:12]

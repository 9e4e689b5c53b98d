"""The list "for you": a page loads without it, and its browser then asks its own site for it.

Only the browser knows its `anonymous_id`, and a page never waits for HBase. The id is in the request's body, so that it
is in no address and in no log, and no cache keeps the answer. A browser without consent sends no id.
"""

from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
import orjson
from flask import Blueprint, Response, render_template, request
from msgspec import Meta
from werkzeug.exceptions import RequestEntityTooLarge

from footfall.events.address import client_of, one_client
from footfall.recommendations.arms import LIST_ID
from footfall.recommendations.offer import Item, Shelf, Visitor, offer
from footfall.recommendations.reads import Reads
from footfall.settings import Settings
from footfall.sites import accounts
from footfall.sites.catalogue import Catalogue
from footfall.sites.rate_limit import FloodGate
from footfall.sites.security import is_own

PATH: Final = "/for-you"
# Several times the largest request of our own script.
_LARGEST_BODY: Final = 2 * 1024
_RETRY_AFTER_S: Final = 5
_JSON: Final = "application/json"

# The same values as in events: see `event.schema.json`.
_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}\Z")]
_Name = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request. anonymous_id: None without consent. The others describe the page, as its meta elements do."""

    anonymous_id: _Id | None = None
    page_section: _Name | None = None
    item_type: _Name | None = None
    item_id: _Name | None = None


def blueprint(app_id: str, settings: Settings, catalogue: Catalogue, reads: Reads) -> Blueprint:
    """`/for-you` of a site."""
    made = Blueprint("for_you", __name__)
    # The same as long as the process lives, and some sites have to look through all their goods for it.
    popular = cache(catalogue.popular)
    gate = FloodGate(settings.client_events_per_minute, settings.client_events_per_minute)

    @made.post(PATH)
    def show_list() -> Response:
        origin = request.headers.get("Origin")
        if origin is not None and not is_own(origin, request.environ, settings.trusted_proxies):
            return _refusal(HTTPStatus.FORBIDDEN, "Lists are for this site's own pages.")
        address = client_of(request.environ, settings.trusted_proxies)
        if not gate.admits(one_client(address), 1):
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests from this address.")
        if request.mimetype != _JSON:
            return _refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.")
        request.max_content_length = _LARGEST_BODY
        try:
            asked = msgspec.json.decode(request.get_data(cache=False), type=_Asked)
        except RequestEntityTooLarge:
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 2 KiB.")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refusal(HTTPStatus.BAD_REQUEST, f"The body is not as it should be: {error}")
        return _list(app_id, asked, catalogue, popular(), reads)

    return made


def _list(app_id: str, asked: _Asked, catalogue: Catalogue, popular: Sequence[Item], reads: Reads) -> Response:
    # A browser may ask not to be tracked in a way that only its headers tell, as the collector does.
    denied = request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"
    visitor = Visitor(app_id, None if denied else asked.anonymous_id, accounts.current_user())
    left_out = set(catalogue.taken())
    if asked.item_type is not None and asked.item_id is not None:
        left_out.add((asked.item_type, asked.item_id))
    shelf = Shelf(catalogue.size, lambda item: catalogue.find(item) is not None, popular, left_out)
    offered = offer(visitor, asked.page_section, shelf, reads)
    page = render_template(
        catalogue.template,
        items=[catalogue.find(item) for item in offered.items],
        list_id=LIST_ID,
        variant=offered.variant,
        source=offered.source,
        reason=offered.reason,
    )
    # Answers in HTML get `Cache-Control: no-store` from `security`, as pages do.
    return Response(page, mimetype="text/html")


def _refusal(status: HTTPStatus, sentence: str) -> Response:
    response = Response(orjson.dumps({"error": sentence}), status, mimetype="application/json")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response

"""An alert as a signed HTTP request."""

import hashlib
import hmac
from typing import Any, Final

import orjson
import urllib3

from footfall.errors import FootfallError
from footfall.notify import sentences

_TIMEOUT_S: Final = 5.0
_ASKS_TO_WAIT: Final = (408, 425, 429)
# Redirects are not followed: the signed body goes where the settings say, and nowhere else.
_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=_TIMEOUT_S))


class WebhookRefused(FootfallError):
    """The receiver did not take the alert; the message is a sentence. again: whether a later try may succeed."""

    def __init__(self, sentence: str, again: bool) -> None:
        super().__init__(sentence)
        self.again = again


def body(alert: dict[str, Any]) -> bytes:
    """The body of a request: the alert as a row of `live-alerts`, and `text` with the same in words."""
    return orjson.dumps({"text": sentences.whole(alert), "alert": alert})


def headers(content: bytes, key: bytes, delivery: str, now_s: int) -> dict[str, str]:
    """The headers of a request. now_s: seconds since 1970; a receiver should refuse a signature that is minutes old."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Footfall",
        # A repeat carries the same id.
        "X-Footfall-Delivery": delivery,
        "X-Footfall-Timestamp": str(now_s),
        "X-Footfall-Signature": f"sha256={signature(content, key, now_s)}",
    }


def signature(content: bytes, key: bytes, now_s: int) -> str:
    """HMAC-SHA256 of the timestamp, a dot and the body, in hexadecimal digits."""
    return hmac.new(key, b"%d." % now_s + content, hashlib.sha256).hexdigest()


def post(url: str, content: bytes, sent: dict[str, str]) -> None:
    """Sends the request. Raises WebhookRefused."""
    try:
        answer = _HTTP.request("POST", url, body=content, headers=sent, redirect=False, preload_content=False)
        status = answer.status
        # The answer's body does not matter, and may be long.
        answer.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise WebhookRefused(f"The webhook does not answer: {type(error).__name__}.", again=True) from None
    if not 200 <= status < 300:
        raise WebhookRefused(f"The webhook answered {status}.", again=status >= 500 or status in _ASKS_TO_WAIT)

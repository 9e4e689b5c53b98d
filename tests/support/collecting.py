"""Events posted to a running site, as a tracker or a test's own client posts them."""

import json
import urllib.error
import urllib.request
from typing import Any

from footfall.settings import Settings

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def post(settings: Settings, app: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Posts a body to `/collect` of a site. Returns the status and JSON of the answer, also of a refusal."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.port(app)}/collect",
        data=body,
        headers={"Content-Type": "application/json", "User-Agent": AGENT} | headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def send(settings: Settings, app: str, *events: dict[str, Any]) -> None:
    """Posts events that must all be accepted."""
    status, answer = post(settings, app, json.dumps(events).encode())
    assert (status, answer) == (202, {"accepted": len(events), "rejected": []})

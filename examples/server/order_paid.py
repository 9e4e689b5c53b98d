"""Tells Footfall about an order that was paid. Python's own library is enough.

    FOOTFALL_KEY=… python3 examples/server/order_paid.py SITE ORDER USER CENTS PAID_AT

PAID_AT is the time in the shop's books, such as 2026-11-30T14:05:09+01:00. It is part of the event's identity, so
calling this twice for one order counts once.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

COLLECTOR = os.environ.get("FOOTFALL_COLLECTOR", "http://localhost:5010")
ATTEMPTS = 5


def send(site: str, key: str, events: list[dict[str, Any]]) -> Any:
    """Sends events and returns the collector's answer; tries again while the collector cannot take them."""
    request = urllib.request.Request(
        f"{COLLECTOR}/v1/events?site={site}",
        json.dumps(events).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            failure = f"The collector answers {refusal.code}: {refusal.read().decode()}"
            if refusal.code not in (429, 500, 502, 503, 504):
                break
        except OSError as error:
            failure = f"The collector does not answer: {error}."
        if attempt < ATTEMPTS:
            time.sleep(2**attempt)
    sys.exit(failure)


if __name__ == "__main__":
    if len(sys.argv) != 6 or "FOOTFALL_KEY" not in os.environ:
        sys.exit(__doc__)
    site, order, user, cents, paid_at = sys.argv[1:]
    paid = {
        "id": f"order-paid-{order}",
        "type": "purchase",
        "time": paid_at,
        "user_id": user,
        "order_id": order,
        "value_cents": int(cents),
        "currency": "EUR",
    }
    print(json.dumps(send(site, os.environ["FOOTFALL_KEY"], [paid])))

"""Malformed events, for the incident of that name: each breaks one rule in a realistic way.

Identity, visit, position and type stay, so that the ledger can record what happened to the event.
"""

import random
from typing import Any


def spoil(event: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Returns a copy of `event` that no collector may accept."""
    spoiled = dict(event)
    fault = rng.randrange(6)
    if fault == 0:
        spoiled["engaged_ms"] = -rng.randrange(1, 10_000)
    elif fault == 1:
        spoiled["viewport_w"] = "wide"
    elif fault == 2:
        del spoiled["anonymous_id"]
    elif fault == 3:
        spoiled["occurred_at"] = "yesterday"
    elif fault == 4:
        spoiled["colour_scheme"] = "dark"  # a field that version 1.0 does not know
    else:
        spoiled["page_path"] = "no/slash?and=query"
    return spoiled

"""How fast a page felt to a simulated person: what a browser's web vitals would say of a view. Pure.

The times begin with the page's real response time, so a slow site shows in them. What a browser adds depends on the
device: the way through its network, and the work of drawing the page.
"""

import random
from typing import Final, NamedTuple

# The version of the event's schema that brought these fields.
SCHEMA_VERSION: Final = "1.1"

# The share of views that are measured. Real sites send one event a view; at this share the demo's rates stay as they
# were, within some percent.
MEASURED_SHARE: Final = 0.25
_LONGEST_MS: Final = 600_000


class _Device(NamedTuple):
    """Medians in ms, of the way through the network, of drawing the page, and of answering a tap."""

    network_ms: float
    drawing_ms: float
    answer_ms: float


_DEVICES: Final = {
    "desktop": _Device(60, 700, 60),
    "tablet": _Device(110, 1_000, 90),
    "mobile": _Device(150, 1_300, 120),
}
_SPREAD: Final = 0.45
# Most pages do not shift at all; of the others, the median in thousandths.
_STILL_SHARE: Final = 0.55
_SHIFT_MILLI: Final = 50
_SHIFT_SPREAD: Final = 0.9


def vitals(rng: random.Random, device_type: str, response_ms: int, touched: bool) -> dict[str, int]:
    """The fields of the event. response_ms: of the page. touched: whether the person clicked or sent a form there."""
    device = _DEVICES[device_type]
    ttfb_ms = response_ms + device.network_ms * rng.lognormvariate(0, _SPREAD)
    lcp_ms = ttfb_ms + device.drawing_ms * rng.lognormvariate(0, _SPREAD)
    still = rng.random() < _STILL_SHARE
    milli = 0.0 if still else _SHIFT_MILLI * rng.lognormvariate(0, _SHIFT_SPREAD)
    found = {"lcp_ms": lcp_ms, "cls_milli": milli, "ttfb_ms": ttfb_ms}
    if touched:
        found["inp_ms"] = device.answer_ms * rng.lognormvariate(0, _SPREAD)
    return {name: min(_LONGEST_MS, round(value)) for name, value in found.items()}

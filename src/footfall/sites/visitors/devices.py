"""The devices of the simulated people: user agents, operating systems and viewports in roughly real proportions."""

import random
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_WINDOWS: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_LINUX: Final = "Mozilla/5.0 (X11; Linux x86_64)"
_ANDROID: Final = "Mozilla/5.0 (Linux; Android 10; K)"
_IPHONE: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"
_IPAD: Final = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X)"
_CHROMIUM: Final = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
_APPLE: Final = "AppleWebKit/605.1.15 (KHTML, like Gecko)"

_DESKTOP_SIZES: Final = ((1920, 953), (1536, 730), (1440, 789), (1366, 641), (2560, 1313), (1280, 585))
_PHONE_SIZES: Final = ((390, 844), (393, 852), (412, 915), (360, 800), (414, 896), (384, 832))
_TABLET_SIZES: Final = ((820, 1180), (810, 1080), (768, 1024), (800, 1280))


@dataclass(frozen=True, slots=True)
class Device:
    """One browser on one machine; the viewport in CSS pixels."""

    device_type: str
    browser: str
    os: str
    user_agent: str
    viewport_w: int
    viewport_h: int


_Kind = tuple[float, str, str, str, str, tuple[tuple[int, int], ...]]

_KINDS: Final[tuple[_Kind, ...]] = (
    (27, "desktop", "Chrome", "Windows", f"{_WINDOWS} {_CHROMIUM} Safari/537.36", _DESKTOP_SIZES),
    (6, "desktop", "Edge", "Windows", f"{_WINDOWS} {_CHROMIUM} Safari/537.36 Edg/141.0.0.0", _DESKTOP_SIZES),
    (
        3,
        "desktop",
        "Firefox",
        "Windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
        _DESKTOP_SIZES,
    ),
    (6, "desktop", "Chrome", "macOS", f"{_MAC} {_CHROMIUM} Safari/537.36", _DESKTOP_SIZES),
    (5, "desktop", "Safari", "macOS", f"{_MAC} {_APPLE} Version/18.6 Safari/605.1.15", _DESKTOP_SIZES),
    (2, "desktop", "Chrome", "Linux", f"{_LINUX} {_CHROMIUM} Safari/537.36", _DESKTOP_SIZES),
    (
        2,
        "desktop",
        "Firefox",
        "Linux",
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        _DESKTOP_SIZES,
    ),
    (26, "mobile", "Chrome", "Android", f"{_ANDROID} {_CHROMIUM} Mobile Safari/537.36", _PHONE_SIZES),
    (17, "mobile", "Safari", "iOS", f"{_IPHONE} {_APPLE} Version/18.6 Mobile/15E148 Safari/604.1", _PHONE_SIZES),
    (
        2,
        "mobile",
        "Samsung Internet",
        "Android",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
        "Chrome/130.0.0.0 Mobile Safari/537.36",
        _PHONE_SIZES,
    ),
    (3, "tablet", "Safari", "iPadOS", f"{_IPAD} {_APPLE} Version/18.6 Mobile/15E148 Safari/604.1", _TABLET_SIZES),
    (1, "tablet", "Chrome", "Android", f"{_ANDROID} {_CHROMIUM} Safari/537.36", _TABLET_SIZES),
)
_CUMULATED: Final = tuple(accumulate(kind[0] for kind in _KINDS))


def choose_device(rng: random.Random) -> Device:
    """Draws one device, with two draws from `rng`."""
    _, device_type, browser, os, agent, sizes = rng.choices(_KINDS, cum_weights=_CUMULATED)[0]
    width, height = rng.choice(sizes)
    return Device(device_type, browser, os, agent, width, height)

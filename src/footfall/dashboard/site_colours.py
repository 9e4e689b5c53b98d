"""The colour of each site's name: the registered one or one of a palette, adjusted for light and dark pages."""

import colorsys
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

from footfall.dashboard.markup import Html, style
from footfall.site_registry import Site, is_app_id

# The cards of page.css (--ff-card), on which names stand.
LIGHT_CARD: Final = "#ffffff"
DARK_CARD: Final = "#171f1d"
# WCAG 2.2 requires 4.5:1 for text of this size. On the dark card, names match the contrast of the page's other colours.
LIGHT_CONTRAST: Final = 4.5
DARK_CONTRAST: Final = 8.0
# Hues for sites without a colour, far from each other and from the red of errors and the teal of the page itself.
PALETTE: Final = ("#4d5b00", "#5a3fa8", "#8a2f5e", "#1d6087", "#6b4f3a", "#2f6b2a", "#8f3a8f", "#3f4f9c")
_STEP: Final = 0.01


def style_of(app_id: str) -> str | None:
    """The style of a site's name. A site that is not registered gets a colour of the palette, chosen by its name.

    None for any text that is no valid name of a site, so that no other text gets into a style.
    """
    if not is_app_id(app_id):
        return None
    return f"color:var(--ff-site-{app_id},var(--ff-hue-{crc32(app_id.encode()) % len(PALETTE)}))"


def style_sheet(sites: Sequence[Site]) -> Html:
    """The colours as CSS variables: those of the palette, and one for each registered site."""
    taken = {site.colour.lower() for site in sites if site.colour}
    free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
    colours = {f"--ff-hue-{number}": colour for number, colour in enumerate(PALETTE)}
    unnamed = 0
    for site in sites:
        if site.colour is None:
            colours[f"--ff-site-{site.app_id}"] = free[unnamed % len(free)]
            unnamed += 1
        else:
            colours[f"--ff-site-{site.app_id}"] = site.colour.lower()
    light = _rule((name, readable(colour, LIGHT_CARD, LIGHT_CONTRAST)) for name, colour in colours.items())
    dark = _rule((name, readable(colour, DARK_CARD, DARK_CONTRAST)) for name, colour in colours.items())
    return style([light, f"@media (prefers-color-scheme: dark) {{ {dark} }}"])


def readable(colour: str, ground: str, contrast: float) -> str:
    """The colour, made lighter or darker until it has at least this contrast with the ground. Colours are `#rrggbb`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = -_STEP if _luminance(ground) > 0.5 else _STEP
    while contrast_of(colour, ground) < contrast and 0 < lightness + step < 1:
        lightness += step
        channels = colorsys.hls_to_rgb(hue, lightness, saturation)
        colour = "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
    return colour


def contrast_of(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _rule(variables: Iterable[tuple[str, str]]) -> str:
    return f":root {{ {' '.join(f'{name}: {colour};' for name, colour in variables)} }}"


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue

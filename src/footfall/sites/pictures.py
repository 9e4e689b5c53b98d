"""Pictures drawn from an item's id, as inline SVG without styles so that the content security policy allows them."""

from functools import lru_cache
from typing import Final
from zlib import crc32

from markupsafe import Markup

# One simple drawing for each shelf of the shop, in a box of 100 × 100; {a} and {b} are its colours.
_SHAPES: Final = {
    "camping": '<path d="M50 26 84 76H16Z" fill="{a}"/><path d="M50 26 62 76H38Z" fill="{b}"/>'
    '<path d="M46 20l4 6 4-6" stroke="{a}" stroke-width="3" fill="none"/>',
    "footwear": '<path d="M30 24h22l2 24 22 10q8 4 6 14H28q-4-24 2-48Z" fill="{a}"/>'
    '<path d="M27 72h56v6H27Z" fill="{b}"/><path d="M42 34h10M43 42h10" stroke="{b}" stroke-width="3"/>',
    "clothing": '<path d="M38 22h24l22 14-8 16-8-4v32H32V48l-8 4-8-16Z" fill="{a}"/>'
    '<path d="M50 24v56" stroke="{b}" stroke-width="3"/><path d="M38 22q12 14 24 0" fill="{b}"/>',
    "packs": '<rect x="28" y="28" width="44" height="52" rx="14" fill="{a}"/>'
    '<rect x="36" y="52" width="28" height="20" rx="6" fill="{b}"/>'
    '<path d="M42 28q0-10 8-10t8 10" stroke="{b}" stroke-width="4" fill="none"/>',
    "kitchen": '<path d="M28 34h38v34q0 10-10 10H38q-10 0-10-10Z" fill="{a}"/>'
    '<path d="M66 42h6q8 0 8 9t-8 9h-6" stroke="{a}" stroke-width="5" fill="none"/>'
    '<path d="M40 26q-4-5 0-10M52 26q-4-5 0-10" stroke="{b}" stroke-width="3" fill="none"/>',
    "lighting": '<path d="M38 22h24l14 30H24Z" fill="{a}"/><rect x="47" y="52" width="6" height="22" fill="{b}"/>'
    '<rect x="34" y="74" width="32" height="6" rx="3" fill="{b}"/>',
    "furniture": '<path d="M32 18h6v62h-6Z" fill="{b}"/><rect x="32" y="48" width="38" height="8" rx="2" fill="{a}"/>'
    '<path d="M64 56h6v24h-6Z" fill="{b}"/><rect x="32" y="22" width="6" height="26" fill="{a}"/>'
    '<rect x="30" y="24" width="10" height="14" rx="2" fill="{a}"/>',
    "tools": '<path d="M24 70 56 38l8 8-32 32q-6 2-8-8Z" fill="{b}"/>'
    '<path d="M52 34q10-18 30-16-2 20-18 28Z" fill="{a}"/>',
}


@lru_cache(maxsize=2048)
def picture(style: str, item_id: str) -> Markup:
    """The picture of an item. It is decoration, hidden from screen readers.

    style: a shelf of the shop, `landscape` for an article, anything else for a geometric pattern.
    """
    number = crc32(item_id.encode())
    hue = number % 360
    if style in _SHAPES:
        inner = _product(style, number)
    elif style == "landscape":
        inner = _landscape(number, hue)
    else:
        inner = _pattern(number, hue)
    box = "0 0 160 90" if style == "landscape" else "0 0 100 100"
    return Markup(  # noqa: S704 - made of numbers and the drawings above
        f'<svg class="picture" viewBox="{box}" preserveAspectRatio="xMidYMid slice" aria-hidden="true" '
        f'focusable="false">{inner}</svg>'
    )


def _product(style: str, number: int) -> str:
    # Earthy hues only: moss, teal, slate blue, plum, rust, ochre.
    hue = (96, 168, 210, 286, 14, 38)[number % 6]
    ground = f'<rect width="100" height="100" fill="hsl({hue} 30% {86 + number // 7 % 6}%)"/>'
    shadow = f'<ellipse cx="50" cy="82" rx="34" ry="4" fill="hsl({hue} 20% 74%)"/>'
    lightness = 34 + number // 11 % 14
    turn = (number // 13 % 3 - 1) * 4
    shape = _SHAPES[style].format(a=f"hsl({hue} 38% {lightness}%)", b=f"hsl({(hue + 40) % 360} 32% {lightness + 24}%)")
    return f'{ground}{shadow}<g transform="rotate({turn} 50 60)">{shape}</g>'


def _landscape(number: int, hue: int) -> str:
    sun_x, sun_y = 20 + number // 3 % 120, 14 + number // 5 % 26
    layers = [
        f'<rect width="160" height="90" fill="hsl({hue} 42% 82%)"/>',
        f'<circle cx="{sun_x}" cy="{sun_y}" r="{7 + number // 17 % 6}" fill="hsl({(hue + 30) % 360} 80% 92%)"/>',
    ]
    for layer in range(4):
        seed = number >> (layer * 5)
        top = 34 + layer * 13
        points = " ".join(f"{x},{top + (seed >> (x // 20)) % 5 * 4 - 6}" for x in range(0, 161, 20))
        layers.append(f'<polygon points="0,90 {points} 160,90" fill="hsl({hue + layer * 7} 34% {66 - layer * 13}%)"/>')
    return "".join(layers)


def _pattern(number: int, hue: int) -> str:
    tiles = [f'<rect width="100" height="100" fill="hsl({hue} 46% 32%)"/>']
    for index in range(16):
        kind = number >> index & 3
        x, y = index % 4 * 25, index // 4 * 25
        fill = f"hsl({(hue + 24 * kind) % 360} 56% {46 + 9 * kind}%)"
        if kind == 0:
            tiles.append(f'<circle cx="{x + 12.5}" cy="{y + 12.5}" r="10" fill="{fill}"/>')
        elif kind == 1:
            tiles.append(f'<path d="M{x} {y}h25a25 25 0 0 1-25 25Z" fill="{fill}"/>')
        elif kind == 2:
            tiles.append(f'<path d="M{x + 25} {y + 25}h-25a25 25 0 0 1 25-25Z" fill="{fill}"/>')
    return "".join(tiles)

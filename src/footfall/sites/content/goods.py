"""The shop's goods: eight categories, forty products each, with prices in cents and stocks."""

# ruff: noqa: E501 - lists of words and sentences read best in lines of their own length

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from footfall.sites.content.words import chance, matches, slug, some


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the shop: its name in addresses, its title, and one line about it."""

    slug: str
    title: str
    line: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `stock` is the number of pieces as text, as in the warehouse's list."""

    slug: str
    title: str
    category: Category
    kind: str
    price_cents: int
    blurb: str
    paragraphs: tuple[str, ...]
    details: tuple[tuple[str, str], ...]
    rating: float
    ratings: int
    stock: str


_LINES: Final = ("Alder", "Birch", "Fjord", "Heron", "Juniper", "Kestrel", "Larch", "Merlin", "Osprey", "Rowan", "Sorrel",
                 "Tarn", "Wren", "Yarrow")  # fmt: skip

# Category: title, its line, materials, what it is good for, and kinds with their usual price in euros.
_SHELVES: Final = {
    "camping": (
        "Camping", "Sleep out, cook out, stay dry.",
        ("ripstop nylon", "waxed canvas", "recycled polyester", "anodised aluminium"),
        ("weekends by the lake", "a night above the tree line", "festival fields", "long tours with little luggage"),
        (("two-person tent", 189), ("family tent", 349), ("down sleeping bag", 159), ("gas stove", 54), ("camp chair", 45),
         ("sleeping mat", 69), ("tarp", 49), ("water filter", 39)),
    ),
    "footwear": (
        "Footwear", "From the first mile to the last.",
        ("full-grain leather", "nubuck", "recycled mesh", "suede and rubber"),
        ("stony paths", "wet autumn woods", "long days in town", "the last hut before the pass"),
        (("hiking boots", 169), ("trail shoes", 119), ("winter boots", 149), ("sandals", 69), ("approach shoes", 129),
         ("rubber boots", 59), ("camp slippers", 35), ("merino socks", 17)),
    ),
    "clothing": (
        "Clothing", "Layers that work together.",
        ("merino wool", "organic cotton", "waxed cotton", "recycled fleece"),
        ("wind from all sides", "the commute in November", "belaying in the shade", "evenings by the fire"),
        (("rain jacket", 149), ("down jacket", 199), ("fleece pullover", 79), ("wool shirt", 69), ("trekking trousers", 89),
         ("knit hat", 24), ("leather gloves", 39), ("base layer", 55)),
    ),
    "packs": (
        "Packs & bags", "Carry more, feel less.",
        ("waxed canvas", "ripstop nylon", "recycled sailcloth", "ballistic polyester"),
        ("three days with a tent", "laptop and lunch", "an overnight train", "a morning on the crag"),
        (("day backpack", 79), ("touring backpack", 179), ("duffel bag", 99), ("shoulder bag", 59), ("rope bag", 35),
         ("dry bag", 25), ("hip pack", 32), ("roll-top backpack", 109)),
    ),
    "kitchen": (
        "Kitchen", "Things that get better with use.",
        ("enamelled steel", "cast iron", "stoneware", "olive wood"),
        ("slow breakfasts", "a stew for eight", "bread on Sunday", "kitchens with one drawer"),
        (("enamel mug", 14), ("cast-iron pan", 59), ("chef's knife", 89), ("stoneware bowl", 22), ("bread board", 34),
         ("coffee kettle", 64), ("steel bottle", 29), ("salt mill", 39)),
    ),
    "lighting": (
        "Lighting", "Warm light, wherever you are.",
        ("brushed brass", "opal glass", "powder-coated steel", "ash wood"),
        ("reading in bed", "the porch in October", "a desk by the window", "tents and power cuts"),
        (("desk lamp", 89), ("table lamp", 79), ("storm lantern", 49), ("headlamp", 45), ("floor lamp", 169),
         ("string lights", 29), ("bedside lamp", 59), ("camp lantern", 39)),
    ),
    "furniture": (
        "Furniture", "Solid wood, honest joints.",
        ("solid oak", "ash wood", "walnut", "birch plywood"),
        ("small flats", "a long table of friends", "the corner by the stove", "a hallway that is always full"),
        (("dining chair", 149), ("folding chair", 89), ("side table", 129), ("bookshelf", 249), ("bench", 199),
         ("stool", 79), ("coat rack", 99), ("writing desk", 399)),
    ),
    "tools": (
        "Tools & maps", "For the ones who fix it themselves.",
        ("carbon steel", "stainless steel", "beech wood", "braided polyamide"),
        ("the garden in spring", "repairs on the road", "paths without signs", "the bottom of every pack"),
        (("folding knife", 49), ("pocket axe", 69), ("climbing rope", 139), ("hiking map", 13), ("compass", 35),
         ("multitool", 79), ("garden shears", 42), ("repair kit", 19)),
    ),
}  # fmt: skip

_COLOURS: Final = ("moss", "slate", "rust", "sand", "ink", "pine", "chalk", "ochre")
_MAKERS: Final = ("a family workshop in the hills", "a mill that has run since 1921", "a cooperative of eleven makers",
                  "two sisters and a very old lathe", "a small factory that repairs what it sells")  # fmt: skip
_CARE: Final = ("Brush off, air, and wax once a year.", "Wipe with a damp cloth; no dishwasher.", "Wash cold, dry flat.",
                "A drop of oil in spring is all it asks for.")  # fmt: skip
_OPENINGS: Final = (
    "We took the {kind} everybody keeps for twenty years and asked what we would change. Not much, it turned out.",
    "A {kind} should not need a manual. This one needs about a minute.",
    "The {line} {kind} began as a repair: a customer's old one came back for the fourth time, and we drew our own.",
    "There are lighter ones and there are cheaper ones. This is the {kind} that you lend to friends.",
)
_MIDDLES: Final = (
    "Made of {material}, it takes {use} without a word of complaint, and the marks that it gets on the way suit it.",
    "The {material} comes from {maker}, who also do the stitching and the finish.",
    "It was made with {use} in mind: nothing rattles, nothing catches, and every part that wears out can be replaced.",
    "In {colour} it hides a muddy day; in a year or two the {material} has a colour of its own.",
)
_CLOSINGS: Final = (
    "If something breaks, send it back: we repair for ten years, and after that we still try.",
    "Spare parts are on the shelf, and the drawing is inside the box.",
    "We have used ours for six seasons. It is still the first thing we pack.",
    "It comes in plain cardboard, without a single piece of plastic.",
)


@lru_cache(maxsize=1)
def categories() -> tuple[Category, ...]:
    """The categories in the order of the navigation."""
    return tuple(Category(name, shelf[0], shelf[1]) for name, shelf in _SHELVES.items())


@lru_cache(maxsize=1)
def products() -> dict[str, Product]:
    """All products by slug, category by category."""
    made = {p.slug: p for category in categories() for p in _shelf(category)}
    # One line of the warehouse's list is not a number, a typical slip: the page that reads it fails on purpose.
    odd = _SPOILED_LINE
    made[odd] = _with_stock(made[odd], "ask Jonas")
    return made


_SPOILED_LINE: Final = "yarrow-salt-mill"


def in_category(category: Category) -> list[Product]:
    """The products of one category."""
    return [product for product in products().values() if product.category == category]


def search(term: str) -> list[Product]:
    """The products whose name, kind, category or material matches every word of `term`, best matches first."""
    found = [p for p in products().values() if matches(term, f"{p.title} {p.category.title} {p.details[0][1]}")]
    return sorted(found, key=lambda p: (not matches(term, p.title), p.title))


def related(product: Product, count: int) -> list[Product]:
    """Products that go with this one: mostly from its category, one from another."""
    rng = chance("related", product.slug)
    near = [p for p in in_category(product.category) if p != product]
    far = [p for p in products().values() if p.category != product.category]
    return some(rng, near, count - 1) + some(rng, far, 1)


def popular(count: int) -> list[Product]:
    """The products of the front page: the two best rated ones of each category."""
    shown = [p for c in categories() for p in sorted(in_category(c), key=lambda p: -p.rating * p.ratings)[:2]]
    return shown[:count]


def _shelf(category: Category) -> list[Product]:
    kinds = _SHELVES[category.slug][4]
    # Five products of each kind; consecutive kinds use different product lines.
    return [
        _product(category, kind, usual, _LINES[(index * 3 + step * 2) % len(_LINES)])
        for index, (kind, usual) in enumerate(kinds)
        for step in range(5)
    ]


def _product(category: Category, kind: str, usual: int, line: str) -> Product:
    rng = chance("product", category.slug, kind, line)
    _, _, materials, uses, _ = _SHELVES[category.slug]
    title = f"{line} {kind}"
    words = {
        "line": line,
        "kind": kind,
        "material": rng.choice(materials),
        "use": rng.choice(uses),
        "colour": rng.choice(_COLOURS),
        "maker": rng.choice(_MAKERS),
    }
    middles = some(rng, _MIDDLES, 2)
    texts = (rng.choice(_OPENINGS), " ".join(middles), rng.choice(_CLOSINGS))
    price = round(usual * rng.uniform(0.75, 1.35)) * 100 - rng.choice((0, 5, 10))
    return Product(
        slug=slug(title),
        title=title,
        category=category,
        kind=kind,
        price_cents=price,
        blurb=f"{words['material'].capitalize()}, for {words['use']}.",
        paragraphs=tuple(text.format(**words) for text in texts),
        details=(
            ("Material", words["material"].capitalize()),
            ("Colour", words["colour"].capitalize()),
            ("Made by", words["maker"].capitalize()),
            ("Care", rng.choice(_CARE)),
            ("Item number", f"{rng.randrange(10_000, 99_999)}"),
        ),
        rating=round(rng.triangular(3.2, 5.0, 4.6), 1),
        ratings=rng.randrange(4, 420),
        stock=str(rng.choice((2, 3, 5, 8, 12, 20, 40))),
    )


def _with_stock(product: Product, stock: str) -> Product:
    return Product(**{name: getattr(product, name) for name in product.__slots__} | {"stock": stock})


def pieces(stock: str) -> int:
    """The number in a line of the warehouse's list; ValueError if it is not a number."""
    if re.fullmatch(r"[0-9]+", stock) is None:
        raise ValueError(f"the warehouse's list has {stock!r} where a number of pieces should be")
    return int(stock)

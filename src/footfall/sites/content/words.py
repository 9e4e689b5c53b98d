"""Tools for generating texts: names for addresses, and reproducible random choices."""

import random
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, TypeVar

_SEED: Final = 20_251_124
_T = TypeVar("_T")


def chance(*subject: object) -> random.Random:
    """A random generator for one subject only, so that a new product changes no other."""
    return random.Random("/".join(map(str, (_SEED, *subject))))  # noqa: S311 - texts, no secrets


def slug(title: str) -> str:
    """A title as it appears in an address: `Alder two-person tent` becomes `alder-two-person-tent`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def some(rng: random.Random, choices: Sequence[_T], count: int) -> list[_T]:
    """`count` different choices in random order; all of them if there are fewer."""
    return rng.sample(list(choices), min(count, len(choices)))


def matches(term: str, text: str) -> bool:
    """Whether every word of a search is the beginning of a word of `text`, ignoring case."""
    words = re.findall(r"\w+", text.lower())
    wanted = re.findall(r"\w+", term.lower())
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)

"""The actions that a visit yields and the pages that it gets back. Independent of HTTP and of simulated time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from footfall.sites.visitors.behaviour import Source

_EMPTY: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: its path with query, and the attributes of its markup."""

    path: str
    attributes: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    subject: str = field(init=False, repr=False, compare=False)
    """The subject of a person's taste for it: the section that the markup names, else the path."""
    ranked_in: str | None = field(init=False, repr=False, compare=False)
    """The ranked list that it belongs to, None for most links. Only such a list has a variant in its markup."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", self.attributes.get("data-section") or self.path)
        ranked = self.attributes.get("data-footfall-variant") is not None
        object.__setattr__(self, "ranked_in", self.attributes.get("data-footfall-list-id") if ranked else None)


@dataclass(frozen=True, slots=True)
class FormSeen:
    """A form of a page: the values that it sends unchanged, and the options of each other field."""

    name: str
    method: str
    action: str
    values: Mapping[str, str]
    options: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class Page:
    """A loaded page as a visit sees it: its state, its links by the state they lead to, its forms by name."""

    state: str
    path: str
    status: int
    links: Mapping[str, tuple[Link, ...]]
    forms: Mapping[str, FormSeen]


class Open(NamedTuple):
    """Load `path` in a tab: by a link, as a reload, from another site (`source`), or else as a typed address."""

    tab: int
    path: str
    source: Source | None = None
    link: Link | None = None
    reload: bool = False
    opener: int | None = None
    """The tab whose page contains the link, if it is a different one."""


class Submit(NamedTuple):
    """Send a form of the page in `tab` with these values."""

    tab: int
    form: FormSeen
    values: Mapping[str, str]


class Dwell(NamedTuple):
    """Look at the page in `tab` for `seconds` of simulated life, engaged for a share of them, down to `scroll_pct`."""

    tab: int
    seconds: float
    attention: float = 1.0
    scroll_pct: int = 0


class Close(NamedTuple):
    """Close a tab; closing the last one ends the visit."""

    tab: int


Action = Open | Submit | Dwell | Close


@lru_cache(maxsize=65_536)
def popularity(path: str, exponent: float) -> float:
    """The Zipf weight of the item at `path`.

    The rank comes from a hash of the path. The n-th smallest hash of N items lies near n/N, so the weights are those of
    ranks 1 to N, although the N items are unknown here.
    """
    return float(((crc32(path.encode()) + 1) / 4_294_967_296) ** -exponent)

"""The words between a visit, which decides, and whoever carries it out: over HTTP, or in simulated time without."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from footfall.sites.visitors.behaviour import Source

_EMPTY: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page, by its path and query, with the attributes that its markup carries."""

    path: str
    attributes: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    subject: str = field(init=False, repr=False, compare=False)
    """What a taste for it is about: the section that the markup names, else the path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", self.attributes.get("data-section") or self.path)


@dataclass(frozen=True, slots=True)
class FormSeen:
    """A form of a page: what is sent as it stands, and the choices that each field offers."""

    name: str
    method: str
    action: str
    values: Mapping[str, str]
    options: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class Page:
    """What a visit knows of a loaded page: its state, its links by the state they lead to, its forms by name."""

    state: str
    path: str
    status: int
    links: Mapping[str, tuple[Link, ...]]
    forms: Mapping[str, FormSeen]


class Open(NamedTuple):
    """Load `path` in a tab: by a link, again (`reload`), from elsewhere (`source`), else by a typed address."""

    tab: int
    path: str
    source: Source | None = None
    link: Link | None = None
    reload: bool = False
    opener: int | None = None
    """The tab whose page holds the link, where that is another one."""


class Submit(NamedTuple):
    """Send a form of the page in `tab` with these values."""

    tab: int
    form: FormSeen
    values: Mapping[str, str]


class Dwell(NamedTuple):
    """Look at the page in `tab` for so many seconds of life, engaged in `attention` of them, down to `scroll_pct`."""

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
    """Zipf weight of what stands at `path`.

    Its rank comes from a hash of the path: of N things the n-th smallest hash lies near n/N, so the weights are those
    of ranks 1 to N, without knowing the N things.
    """
    return float(((crc32(path.encode()) + 1) / 4_294_967_296) ** -exponent)

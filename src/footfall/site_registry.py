"""The sites that Footfall is set up for: those in `HOME/sites.toml`, or the three demo sites without such a file.

With `demo.enabled` false, a demo site counts only if it was added: it is an ordinary site then. `site_changes.py`
changes the file.

The list decides what a collector accepts, which sites a question offers, and the titles and colours on pages. Code that
reads stored events accepts every well-formed app_id instead, so a new site needs no new topology, and a removed site
keeps its figures.
"""

import importlib
import logging
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from footfall.names import ALL_APPS, APP_ID
from footfall.settings import Settings, SettingsError

# Part of Python since 3.11; before that, tomli is the same module.
tomllib: Final = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
log = logging.getLogger(__name__)

FILE: Final = "sites.toml"
# The sites that this project provides, with their own pages and simulated visitors.
DemoSite = Literal["shop", "news", "academy"]
DEMO_SITES: Final[tuple[DemoSite, ...]] = get_args(DemoSite)
_LOOK_EVERY_S: Final = 1.0
# An origin as browsers send it: lower case, without a path or a slash at the end.
_ORIGIN: Final = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_APP_ID: Final = re.compile(APP_ID)


def is_app_id(text: object) -> bool:
    """Whether the text is a valid name for a site, whether or not such a site exists."""
    return isinstance(text, str) and text != ALL_APPS and _APP_ID.fullmatch(text) is not None


def browsers_origin(text: str) -> str | None:
    """The origin as browsers write it: in lower case and ASCII, without a default port; None if the text is none.

    A slash at the end is left out. A name beyond ASCII gets its form for the name system, `xn--…`.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError:  # UnicodeError is one, too
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    written = f"{parts.scheme}://{host}"
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        written += f":{port}"
    return written if _ORIGIN.fullmatch(written) else None


class SitesError(SettingsError):
    """`HOME/sites.toml` cannot be used; the message is one sentence for the user."""


class Site(BaseModel):
    """One site.

    title: shown to people. colour: of its name on light pages, `#rrggbb`; None: one from a palette. origins: browser
    origins whose pages may send it events, in addition to its own host's; without any, the collector takes events of
    its server only. port: where a server of its own takes its events, before `port_offset`; None: the collector takes
    them. A demo site's port is in the settings instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: str
    title: str = Field(min_length=1, max_length=64)
    colour: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    origins: tuple[str, ...] = ()
    port: int | None = Field(None, ge=1, le=65535)

    @property
    def demo(self) -> DemoSite | None:
        """The module of `footfall.sites` that serves its pages; None if its pages come from elsewhere."""
        return next((name for name in DEMO_SITES if name == self.app_id), None)

    @property
    def was_added(self) -> bool:
        """Whether the file lists its origins, be it as an empty list, as `site add` writes it."""
        return "origins" in self.model_fields_set

    @field_validator("app_id")
    @classmethod
    def _well_formed(cls, app_id: str) -> str:
        if not is_app_id(app_id):
            raise ValueError(f"a site's name matches {APP_ID} and is not {ALL_APPS!r}")
        return app_id

    @field_validator("title")
    @classmethod
    def _printable(cls, title: str) -> str:
        if not title.isprintable():
            raise ValueError("a title has no control characters")
        return title

    @field_validator("origins")
    @classmethod
    def _as_browsers_write(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin such as https://blog.example.org")
        return tuple(browsers_origin(origin) or origin for origin in origins)


DEFAULTS: Final = (
    Site(app_id="shop", title="Hearth & Trail", colour="#8a4b08"),
    Site(app_id="news", title="The Daily Current", colour="#2a55a5"),
    Site(app_id="academy", title="Openbook Academy", colour="#7a3279"),
)


def file_of(settings: Settings) -> Path:
    """The file with the list. The nodes of a cluster share the folder `run`, and not the home around it."""
    return (settings.run_dir if settings.is_node else settings.home) / FILE


def sites(settings: Settings) -> tuple[Site, ...]:
    """The sites in the order of the file, which is checked for changes at most once a second.

    Raises SitesError if the file is unusable when first read; afterwards an unusable file changes nothing.
    """
    return counted(_in_file(settings), settings)


def counted(listed: tuple[Site, ...], settings: Settings) -> tuple[Site, ...]:
    """Those of the listed sites that are sites with these settings: with `demo.enabled` false, no demo site is."""
    return listed if settings.demo.enabled else tuple(site for site in listed if site.demo is None or site.was_added)


def _in_file(settings: Settings) -> tuple[Site, ...]:
    path, now = file_of(settings), time.monotonic()
    with _lock:
        known = _known.get(path)
        if known is not None and now - known.looked_s < _LOOK_EVERY_S:
            return known.sites
        stamp = _stamp(path)
        if known is not None and stamp == known.stamp:
            found = known.sites
        else:
            try:
                found = _read(path, settings)
            except SitesError as error:
                if known is None:
                    raise
                log.warning("%s The sites stay as they were.", error)
                found = known.sites
        _known[path] = _Known(now, stamp, found)
        return found


def names(settings: Settings) -> tuple[str, ...]:
    """The app_ids of the sites. Raises SitesError as `sites` does."""
    return tuple(site.app_id for site in sites(settings))


def find(settings: Settings, app_id: str) -> Site | None:
    """The site with this app_id; None if there is none. Raises SitesError as `sites` does."""
    return next((site for site in sites(settings) if site.app_id == app_id), None)


def demo_site(settings: Settings, name: DemoSite) -> Site:
    """A demo site as registered, or with its default values: it runs as long as its services do.

    Raises SitesError as `sites` does.
    """
    return find(settings, name) or next(site for site in DEFAULTS if site.app_id == name)


def names_and_folders(settings: Settings, parent: Path) -> tuple[str, ...]:
    """The app_ids of the sites, then those of removed sites that still have a folder in `parent`. Raises SitesError."""
    registered = names(settings)
    left = sorted(path.name for path in parent.glob("*/") if is_app_id(path.name))
    return (*registered, *(name for name in left if name not in registered))


class _Known(NamedTuple):
    looked_s: float
    stamp: tuple[int, ...]
    sites: tuple[Site, ...]


_lock: Final = threading.Lock()
_known: Final[dict[Path, _Known]] = {}


def _stamp(path: Path) -> tuple[int, ...]:
    """Identifies the state of the file: a different stamp means a changed file; empty if there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path, settings: Settings) -> tuple[Site, ...]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return DEFAULTS
    except (OSError, ValueError) as error:
        raise SitesError(f"{path} cannot be read: {error}.") from None
    return parse(text, path, settings)


def parse(text: str, path: Path, settings: Settings) -> tuple[Site, ...]:
    """The sites of the file's text, demo sites included. path: for the sentence. Raises SitesError."""
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SitesError(f"{path} cannot be read: {error}.") from None
    found = tuple(_site(path, app_id, fields) for app_id, fields in tables.items())
    taken = {port: f"ports.{name} of the settings" for port, name in settings.named_ports().items()}
    for site in found:
        if site.port is None:
            continue
        if site.app_id in DEMO_SITES:
            raise SitesError(f"{path} cannot be used: the port of {site.app_id} is set as ports.{site.app_id}.")
        port = settings.with_offset(site.port)
        if port in taken:
            raise SitesError(f"{path} cannot be used: the port of {site.app_id} is that of {taken[port]} too.")
        if port > 65535:
            raise SitesError(f"{path} cannot be used: the port of {site.app_id} exceeds 65535 with port_offset.")
        taken[port] = site.app_id
    return found


def _site(path: Path, app_id: str, fields: object) -> Site:
    if not isinstance(fields, dict):
        raise SitesError(f"{path} cannot be used: {app_id} stands outside of a table such as [blog].")
    try:
        return Site(**{**fields, "app_id": app_id})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SitesError(f"{path} cannot be used: [{app_id}]: {faults}. See docs/operating/sites.md.") from None

"""Adds sites to `sites.toml` and removes them, while programs read it. What else stands in the file stays as it is."""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from footfall import site_registry
from footfall.settings import Settings
from footfall.site_registry import Site, SitesError, browsers_origin, file_of, is_app_id

_TABLE: Final = re.compile(r"\s*\[")
_NEITHER_COMMENT_NOR_BLANK: Final = re.compile(r"\s*[^#\s]")


def add(settings: Settings, app_id: str, origins: Sequence[str], title: str | None, colour: str | None) -> Site:
    """Registers a site. origins: of its pages; none if it has only a server. title: None: its name.

    colour: `#rrggbb`; None: one of the palette. Raises SitesError, with a sentence for the user, and OSError.
    """
    if not is_app_id(app_id):
        raise SitesError(
            f"{app_id!r} is no name for a site: up to 31 lower-case letters, digits and -, of which the first is a "
            "letter, and not `all`."
        )
    site = _made(app_id, _checked(origins), title or app_id, colour)
    with _changing(settings) as path:
        text = _text(settings, path)
        before = site_registry.parse(text, path, settings)
        if any(known.app_id == app_id for known in site_registry.counted(before, settings)):
            raise SitesError(f"There is a site {app_id} already; `./footfall site list` shows it.")
        # What is listed and does not count is a demo site that is switched off. The new site has its name.
        others = tuple(known for known in before if known.app_id != app_id)
        _write(path, _with(_without(text, app_id), site), (*others, site), settings)
    return site


def remove(settings: Settings, app_id: str) -> Site:
    """Takes a site off the list and returns it. Its data stay. Raises SitesError and OSError."""
    with _changing(settings) as path:
        text = _text(settings, path)
        before = site_registry.parse(text, path, settings)
        found = next((site for site in before if site.app_id == app_id), None)
        known = [site.app_id for site in site_registry.counted(before, settings)]
        if found is None or app_id not in known:
            raise SitesError(f"There is no site {app_id!r}; there are: {', '.join(known)}.")
        if known == [app_id]:
            raise SitesError(f"{app_id} is the last site. Add another one first; `./footfall down` stops everything.")
        after = tuple(site for site in before if site.app_id != app_id)
        _write(path, _without(text, app_id), after, settings)
    return found


def _checked(origins: Sequence[str]) -> tuple[str, ...]:
    """The origins as browsers write them, each once. Raises SitesError."""
    found: dict[str, None] = {}
    for text in origins:
        origin = browsers_origin(text)
        if origin is None:
            raise SitesError(f"{text!r} is no origin such as https://blog.example.org: scheme, host and maybe a port.")
        found[origin] = None
    return tuple(found)


def _made(app_id: str, origins: tuple[str, ...], title: str, colour: str | None) -> Site:
    try:
        return Site(app_id=app_id, title=title, colour=colour, origins=origins)
    except ValidationError as error:
        field = error.errors()[0]["loc"][0]
        if field == "colour":
            raise SitesError(f"{colour!r} is no colour such as #2f6b2a.") from None
        raise SitesError("A title has 1 to 64 characters and no control characters.") from None


@contextmanager
def _changing(settings: Settings) -> Iterator[Path]:
    """Keeps other changes away. Yields the file, which may be missing; a link leads to what is changed."""
    path = file_of(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The folder itself is locked: another file there would be one more that `down --purge` has to know.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield path.resolve()
    finally:
        os.close(folder)


def _text(settings: Settings, path: Path) -> str:
    """The text of the file. Without a file, the demo sites count, so they are what it would hold."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return "\n".join(map(_table, site_registry.counted(site_registry.DEFAULTS, settings)))
    except ValueError as error:
        raise SitesError(f"{path} cannot be read: {error}.") from None


def _table(site: Site) -> str:
    # JSON's texts are TOML's, too, and so are its lists.
    fields: dict[str, object] = {"title": site.title}
    if site.colour is not None:
        fields["colour"] = site.colour
    if site.was_added:
        fields["origins"] = site.origins
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
    return f"[{site.app_id}]\n{''.join(lines)}"


def _with(text: str, site: Site) -> str:
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{_table(site)}"


def _without(text: str, app_id: str) -> str:
    """The text without the site's table. Comments above it and above the next one stay."""
    lines = text.splitlines(keepends=True)
    header = re.compile(rf"\s*\[\s*([\"']?){app_id}\1\s*\]\s*(#.*)?")
    begin = next((at for at, line in enumerate(lines) if header.fullmatch(line.rstrip())), len(lines))
    end = next((at for at in range(begin + 1, len(lines)) if _TABLE.match(lines[at])), len(lines))
    while end > begin + 1 and not _NEITHER_COMMENT_NOR_BLANK.match(lines[end - 1]):
        end -= 1
    rest = lines[end:]
    if rest and begin and not lines[begin - 1].strip():
        # Of the blank lines around it, one side stays.
        rest = rest[1:] if not rest[0].strip() else rest
    return "".join([*lines[:begin], *rest])


def _write(path: Path, text: str, expected: tuple[Site, ...], settings: Settings) -> None:
    """Replaces the file, so that a reader sees all of it or nothing of it. Raises SitesError if it would say otherwise.

    An inline table, or a text of several lines that looks like a table, is beyond what is edited here.
    """
    try:
        is_as_expected = site_registry.parse(text, path, settings) == expected
    except SitesError:
        is_as_expected = False
    if not is_as_expected:
        raise SitesError(f"{path} is written in a way that only a person can change. See docs/operating/sites.md.")
    draft = path.with_suffix(".part")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        # Whatever the umask says.
        os.fchmod(descriptor, mode)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

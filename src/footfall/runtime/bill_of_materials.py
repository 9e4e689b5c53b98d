"""Everything that the locks name, as one CycloneDX document: `python -m footfall.runtime.bill_of_materials`.

Tools that compare packages with known vulnerabilities read it (docs/security.md).
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from footfall.runtime import jars, locked_files, maven, maven_repository
from footfall.settings import REPOSITORY

PYTHON_LOCKS: Final = tuple(sorted(path for path in (REPOSITORY / "locks").glob("*.txt") if path.name != "maven.txt"))
NPM_LOCK: Final = REPOSITORY / "locks" / "tracker" / "package-lock.json"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def packages() -> Iterator[str]:
    """The package URL (purl) of each package of each lock, some more than once."""
    for lock in PYTHON_LOCKS:
        for name, version in _PINNED.findall(lock.read_text("utf-8")):
            yield f"pkg:pypi/{name.lower()}@{version}"
    for maven_lock in (maven_repository.LOCK, *map(jars.lock_path, jars.engines())):
        for file in locked_files.read(maven_lock):
            group, artifact, version, extension, _ = maven.coordinates(file.path)
            if extension == "jar":
                yield f"pkg:maven/{group}/{artifact}@{version}"
    for path, package in json.loads(NPM_LOCK.read_text("utf-8"))["packages"].items():
        if path:
            yield f"pkg:npm/{path.rpartition('node_modules/')[2].replace('@', '%40')}@{package['version']}"


def document() -> dict[str, object]:
    """The packages as CycloneDX has them."""
    components = [_component(purl) for purl in sorted(set(packages()))]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def _component(purl: str) -> dict[str, str]:
    whole, _, version = purl.partition("/")[2].rpartition("@")
    group, _, name = whole.rpartition("/")
    named = {"group": unquote(group), "name": name} if group else {"name": name}
    return {"type": "library", **named, "version": version, "purl": purl, "bom-ref": purl}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1)
    print()

"""Every package that is ever installed has a version and a hash in a lock, and another hash is refused."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final

import pytest

from footfall.runtime import bill_of_materials, jars, maven_repository, python_packages
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings
from tests.support.installed import installation

_PYTHON: Final = [*bill_of_materials.PYTHON_LOCKS, *sorted((REPOSITORY / "bench").glob("*/peers.txt"))]
_MAVEN: Final = [maven_repository.LOCK, *map(jars.lock_path, jars.engines())]


def _name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("lock", _PYTHON, ids=_name)
def test_every_python_package_is_pinned_with_hashes(lock: Path) -> None:
    lines = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    packages = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert packages
    for package in packages:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+ ", package), package
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", package), package


def test_all_python_locks_are_known() -> None:
    names = {path.name for path in bill_of_materials.PYTHON_LOCKS}
    assert names == {"airflow.txt", "build.txt", "dev.txt", "java.txt", "node.txt", "runtime.txt", "uv.txt"}


@pytest.mark.parametrize("lock", _MAVEN, ids=_name)
def test_every_file_of_maven_is_pinned_with_its_hash(lock: Path) -> None:
    lines = lock.read_text("utf-8").splitlines()
    assert lines == sorted(set(lines))
    for line in lines:
        assert re.fullmatch(r"(?!/)[\w.+/-]+\.(jar|pom) [1-9]\d* [0-9a-f]{64}", line), line
        assert "/../" not in line


def test_maven_finds_what_each_pom_names_in_the_lock() -> None:
    locked = maven_repository.LOCK.read_text("utf-8")
    for pom in (REPOSITORY / "engines").glob("*/*/pom.xml"):
        for artifact, version in re.findall(
            r"<artifactId>([^<]+)</artifactId>\s*<version>(\d[^<]*)</version>", pom.read_text("utf-8")
        ):
            if not artifact.startswith("footfall-"):
                assert f"/{artifact}/{version}/" in locked, f"{artifact}: run `python -m footfall.runtime.maven_lock`"


def test_every_npm_package_is_pinned_with_its_hash() -> None:
    packages = json.loads(bill_of_materials.NPM_LOCK.read_text("utf-8"))["packages"]
    assert len(packages) > 1
    for path, package in packages.items():
        if path:
            assert package["integrity"].startswith("sha512-"), path


def test_a_package_is_built_with_locked_tools_alone(tmp_path: Path) -> None:
    uv = str(installation() / "uv" / "bin" / "uv")
    launcher = (REPOSITORY / "footfall").read_text("utf-8").replace("\\\n", " ")
    [options] = re.findall(r'"\$uv" pip install (.*) -r "\$lock"', launcher)
    made = tmp_path / "toy-1"
    made.mkdir()
    (made / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1\n")
    (made / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["toy-tool"]\n[project]\nname="toy"\nversion="1"\n'
    )
    with tarfile.open(tmp_path / "toy-1.tar.gz", "w:gz") as archive:
        archive.add(made, "toy-1")
    lock, build, tools = tmp_path / "lock.txt", tmp_path / "build.txt", tmp_path / "wheels"
    lock.write_text(f"toy==1 --hash=sha256:{hashlib.sha256((tmp_path / 'toy-1.tar.gz').read_bytes()).hexdigest()}\n")
    _wheel(tools, "toy_tool")

    def said(locked: str) -> str:
        build.write_text(locked)
        words = options.replace('"$root/locks/build.txt"', str(build)).split()
        places = ["--no-index", f"--find-links={tmp_path}", f"--find-links={tools}", f"--target={made}"]
        command = [uv, "pip", "install", "--no-cache", "--python", sys.executable, *places, *words, "-r", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
        return " ".join(done.stderr.split())

    assert "no trusted hash was provided for: `toy-tool`" in said("")
    assert "hash" in said(f"toy-tool==1 --hash=sha256:{'0' * 64}\n").lower()
    # With its hash it is used, and fails since it builds nothing.
    sha256 = hashlib.sha256((tools / "toy_tool-1-py3-none-any.whl").read_bytes()).hexdigest()
    assert "build backend" in said(f"toy-tool==1 --hash=sha256:{sha256}\n").lower()


def _wheel(folder: Path, name: str = "toy") -> str:
    """Makes a wheel. Returns its SHA-256."""
    folder.mkdir()
    path = folder / f"{name}-1-py3-none-any.whl"
    content = {
        f"{name}.py": b"",
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{name}-1.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip('=')},{len(text)}\n"
        for file, text in content.items()
    )
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in content.items():
            wheel.writestr(file, text)
        wheel.writestr(f"{name}-1.dist-info/RECORD", f"{record}{name}-1.dist-info/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_python_package_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path, install=installation())
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(tmp_path / "wheels"))
    sha256, lock = _wheel(tmp_path / "wheels"), tmp_path / "toy.txt"
    for wrong in (f"toy==1 --hash=sha256:{'0' * 64}\n", "toy==1\n"):
        lock.write_text(wrong)
        with pytest.raises(ClusterError, match=r"^The package of toy\.txt could not be downloaded: "):
            python_packages.install(settings, lock, tmp_path / "refused")
        assert not (tmp_path / "refused" / "toy.py").exists()
    lock.write_text(f"toy==1 --hash=sha256:{sha256}\n")
    python_packages.install(settings, lock, tmp_path / "installed")
    assert (tmp_path / "installed" / "toy.py").exists()


def test_the_bill_of_materials_names_every_kind_of_package() -> None:
    document = bill_of_materials.document()
    components = document["components"]
    assert isinstance(components, list)
    purls = {component["purl"] for component in components}
    assert {"pkg:pypi/pyspark@4.1.1", "pkg:maven/org.apache.storm/storm-client@2.8.0", "pkg:npm/terser@5.51.2"} <= purls
    assert len(purls) == len(components) > 500

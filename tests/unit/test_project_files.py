"""What people expect of an open project is there, and says the same as `pyproject.toml`."""

import hashlib
import json
import re

from footfall.cli.main import VERBS
from footfall.settings import REPOSITORY

# Of the text that https://www.apache.org/licenses/LICENSE-2.0.txt has.
_APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def _read(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def _project(field: str) -> str:
    found = re.search(rf'^{field} = "(.*)"$', _read("pyproject.toml"), re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert _project("license") == "Apache-2.0"
    assert hashlib.sha256(_read("LICENSE").encode()).hexdigest() == _APACHE_2


def test_what_others_made_is_attributed() -> None:
    notice = " ".join(_read("NOTICE").split())
    atlas = json.loads(_read("src/footfall/dashboard/world.json"))["source"]
    for work in re.findall(r"Natural Earth [\d.]+|world-atlas [\d.]+\d", atlas):
        assert work in notice
    assert "DB-IP (https://db-ip.com)" in notice
    for engine in (REPOSITORY / "engines").iterdir():
        name = "PostgreSQL" if engine.name == "postgres" else f"Apache {engine.name}"
        assert name.lower() in notice.lower()


def test_the_changelog_knows_the_present_version() -> None:
    assert re.search(rf"^## \[{re.escape(_project('version'))}\] - ", _read("CHANGELOG.md"), re.MULTILINE)


def test_the_contributors_page_names_what_there_is() -> None:
    page = _read("CONTRIBUTING.md")
    for path in re.findall(r"\]\(([\w./-]+)\)|`((?:src|docs|tests|locks|engines)/[\w./-]*)", page):
        assert (REPOSITORY / (path[0] or path[1])).exists(), path
    for path in re.findall(r"pytest (?:-n auto --dist=loadfile )?(tests/\S+?)[` ]", page):
        assert (REPOSITORY / path).exists(), path
    for verb in re.findall(r"\./footfall (\w+)", page):
        assert verb in VERBS

"""The documents agree with each other and with the code: links, indexes, and the commands that they name."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from footfall import question_registry
from footfall.cli.main import VERBS
from footfall.settings import REPOSITORY

_DOCS = REPOSITORY / "docs"
_BENCH = REPOSITORY / "bench"
_PAGES = sorted([REPOSITORY / "README.md", *_DOCS.rglob("*.md"), *_BENCH.glob("*/README.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_RECORD = re.compile(r"^## (.+)$", re.MULTILINE)


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_without_code(page.read_text("utf-8"))):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if "://" in link or not (target == page or target.is_relative_to(_DOCS) or target.is_relative_to(_BENCH)):
            continue
        headings = _HEADING.findall(_without_code(target.read_text("utf-8"))) if target.is_file() else None
        if headings is None or (anchor and anchor not in map(_anchor, headings)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("index", sorted(_DOCS.rglob("README.md")), ids=lambda index: str(index.relative_to(_DOCS)))
def test_an_index_names_every_page_of_its_folder(index: Path) -> None:
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(index.read_text("utf-8"))}
    beside = {page for page in index.parent.glob("*.md") if page != index}
    below = set(index.parent.glob("*/README.md"))
    assert (beside | below) - linked == set()


def test_the_index_of_decisions_names_every_record() -> None:
    folder = _DOCS / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    listed = re.findall(r"^- \[(.+)\]\(([\w-]+\.md)#", index, re.MULTILINE)
    records = [
        (title, page.name)
        for page in sorted(folder.glob("*.md"))
        if page.name != "README.md"
        for title in _RECORD.findall(page.read_text("utf-8"))
    ]
    assert sorted(listed) == sorted(records)


@pytest.mark.parametrize("page", sorted((_DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_context_decision_and_consequence(page: Path) -> None:
    if page.name == "README.md":
        return
    for record in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        labels = re.findall(r"^\*\*(\w+)\.\*\*", record, re.MULTILINE)
        assert labels == ["Context", "Decision", "Consequence"], record.splitlines()[0]


def test_commands_of_the_documents_exist() -> None:
    asked = question_registry.questions()
    unknown = []
    for page in _PAGES:
        for command in re.findall(r"^\./footfall (.+)$", page.read_text("utf-8"), re.MULTILINE):
            verb, *rest = shlex.split(command, comments=True)
            if verb not in VERBS:
                unknown.append(command)
            elif verb == "query":
                parameters = {"--cluster", *(f"--{parameter.name}" for parameter in asked[rest[0]].parameters)}
                unknown += [command for word in rest[1:] if word.startswith("--") and word not in parameters]
    assert unknown == []


def test_benchmarks_of_the_documents_exist() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in _PAGES)
    named = set(re.findall(r"`(?:python -m )?(bench(?:\.\w+){2})\b", pages))
    assert {name for name in named if find_spec(name) is None} == set()
    assert len(named) > 10

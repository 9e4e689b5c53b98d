"""Each promise of `docs/security.md` names tests, and each of these tests exists."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from footfall.settings import REPOSITORY

_PAGE: Final = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
_NAMED: Final = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", _PAGE)))


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("file", sorted({file for file, _ in _NAMED}))
def test_every_test_that_the_page_names_exists(file: str) -> None:
    named = {name for one, name in _NAMED if one == file}
    assert all(name.startswith("test_") for name in named)
    assert named - _functions(REPOSITORY / file) == set()


def test_every_promise_names_a_test() -> None:
    tables = re.findall(r"^\| Promise \| Held by \|\n\|[-|]+\|\n((?:\|.*\n)+)", _PAGE, re.MULTILINE)
    promises = [row for table in tables for row in table.splitlines()]
    assert len(promises) > 20
    assert [row for row in promises if "`tests/" not in row] == []


def test_every_attacker_is_told_what_is_not_promised() -> None:
    attackers = re.split(r"^## ", _PAGE, flags=re.MULTILINE)[1:]
    assert len(attackers) == 5
    assert [one.splitlines()[0] for one in attackers if "**Not promised.**" not in one] == []

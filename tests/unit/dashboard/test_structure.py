"""The layers of the dashboard: pages alone use Streamlit, components make HTML, and every file stays small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.dashboard import HERE

_MODULES = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*.py"))
_MAY_USE_STREAMLIT = {"app.py", "server.py", "__main__.py"}


def _imports(path: Path) -> Iterator[str]:
    """The modules that a file imports anywhere, also inside functions; `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_pages_and_the_entry_import_streamlit() -> None:
    users = {name for name in _MODULES if any(one.split(".")[0] == "streamlit" for one in _imports(HERE / name))}
    assert users - _MAY_USE_STREAMLIT == {name for name in users if name.startswith("pages/")}
    assert {"app.py", "__main__.py", "pages/live.py", "pages/history.py", "pages/learning.py"} <= users


@pytest.mark.parametrize(
    ("folder", "above"), [("components/", ("pages", "app")), ("data/", ("pages", "app", "components", "markup"))]
)
def test_a_layer_imports_none_above_it(folder: str, above: tuple[str, ...]) -> None:
    forbidden = tuple(f"footfall.dashboard.{name}." for name in above)
    found = {
        name: wrong
        for name in _MODULES
        if name.startswith(folder) and (wrong := [one for one in _imports(HERE / name) if one.startswith(forbidden)])
    }
    assert found == {}

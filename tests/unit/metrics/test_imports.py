"""The definitions of metrics import no engine, and `verify` does not import the definitions."""

import ast
from pathlib import Path

import footfall

ROOT = Path(footfall.__file__).parent


def imported(folder: str) -> set[str]:
    """The modules that a folder's files import."""
    nodes = [node for file in (ROOT / folder).rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    return {
        *(alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names),
        *(f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names),
    }


def test_metrics_import_events_alone() -> None:
    ours = {name for name in imported("metrics") if name.startswith("footfall.")}
    assert {".".join(name.split(".")[:2]) for name in ours} <= {"footfall.events", "footfall.metrics"}
    # Storm's workers have no memory for libraries that only columns need.
    assert not {name for name in imported("metrics") if name.startswith(("pyarrow", "pyspark"))}


def test_verify_does_not_import_metrics() -> None:
    assert imported("verification")
    assert not {name for name in imported("verification") if name.startswith("footfall.metrics")}

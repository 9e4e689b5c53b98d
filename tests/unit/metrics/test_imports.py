"""A definition knows no engine, and the proof does not know the definitions."""

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
    # Storm's workers have no memory to spare for what only columns need.
    assert not {name for name in imported("metrics") if name.startswith(("pyarrow", "pyspark"))}


def test_the_proof_decides_by_itself() -> None:
    assert imported("verification")
    assert not {name for name in imported("verification") if name.startswith("footfall.metrics")}

"""The layers in the architecture's table are those that the contract in pyproject.toml checks."""

import re
import sys
from typing import Any

from footfall.settings import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def _contracts() -> list[dict[str, Any]]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    return list(project["tool"]["importlinter"]["contracts"])


def test_the_table_of_layers_is_the_contract() -> None:
    (layers,) = [contract["layers"] for contract in _contracts() if contract["type"] == "layers"]
    page = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition("| Layer | What lives there |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.strip().splitlines()[1:]]
    assert rows == [layer.split(" | ") for layer in layers]


def test_every_package_has_its_layer() -> None:
    (contract,) = [contract for contract in _contracts() if contract["type"] == "layers"]
    assert contract["exhaustive"]
    assert contract["containers"] == ["footfall"]


def test_the_proof_is_kept_apart_from_the_counting() -> None:
    (forbidden,) = [
        contract["forbidden_modules"]
        for contract in _contracts()
        if contract["type"] == "forbidden" and contract["source_modules"] == ["footfall.verification"]
    ]
    assert {"footfall.metrics", "footfall.streaming", "footfall.realtime.aggregator"} <= set(forbidden)


def test_only_sites_use_what_is_installed_in_measured_applications() -> None:
    contracts = _contracts()
    (forbidden,) = [set(one["source_modules"]) for one in contracts if one.get("forbidden_modules") == ["footfall_web"]]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    every = {f"footfall.{name}" for layer in layers for name in layer.split(" | ")}
    assert every - forbidden == {"footfall.sites", "footfall.history"}

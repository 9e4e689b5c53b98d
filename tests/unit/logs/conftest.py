"""A home of its own for each test, with ports that nothing listens on."""

from pathlib import Path

import pytest

from footfall.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Port 1 above the offset is nobody's."""
    return Settings(home=tmp_path / "home", ports={"namenode_http": 1})  # type: ignore[arg-type]

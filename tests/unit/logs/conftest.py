"""Settings with a separate home for each test, and with a port on which nothing listens."""

from pathlib import Path

import pytest

from footfall.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing listens on port 1."""
    return Settings(home=tmp_path / "home", ports={"namenode_http": 1})  # type: ignore[arg-type]

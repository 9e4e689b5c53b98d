"""Fixtures of every suite. `./footfall test` starts one platform; `platform` is its settings."""

import os

import pytest

from footfall.settings import REPOSITORY, Settings, load_settings
from tests.support.platform import Platform

# Processes that tests start find the package too, however pytest was called.
os.environ.setdefault("PYTHONPATH", str(REPOSITORY / "src"))


@pytest.fixture(scope="session")
def platform() -> Settings:
    """Settings of the running test platform, before the simulated visitors come."""
    if not os.environ.get("FOOTFALL_PORT_OFFSET"):
        pytest.fail("No test platform is running: use `./footfall test`, which starts one.", pytrace=False)
    return load_settings()


@pytest.fixture(scope="session")
def busy_platform(platform: Settings) -> Platform:
    """The running platform with its thirty visitors at work."""
    running = Platform(platform)
    running.up()
    return running

"""Fixtures of every suite. `./footfall test` starts one platform; `platform` is its settings."""

import os
from collections.abc import Iterator

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


@pytest.fixture(scope="session")
def verified_platform(busy_platform: Platform) -> Iterator[Platform]:
    """The busy platform; every store must agree when all tests are done.

    `verify` compares everything since the platform began. So one run at the end finds every event that any of these
    tests lost or counted twice, and names it with its minute. Only `rebuild live` could hide such an error. Its test
    runs before all faults, and after `test_verify_can_fail.py`, whose own `verify` covers what ran before it.
    """
    yield busy_platform
    busy_platform.assert_verified()

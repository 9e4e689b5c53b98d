"""Shared by the fault tests: visitors are active while faults happen, and every store agrees afterwards."""

from collections.abc import Iterator

import pytest

from footfall.hdfs import Hdfs
from footfall.settings import Settings
from footfall.warehouse import published
from tests.support.platform import Platform


@pytest.fixture(scope="session")
def published_day(platform: Settings) -> None:
    """At least one published day. There are some already, unless this suite runs alone."""
    if not published.read(Hdfs(platform)):
        made = Platform(platform).run("history", "--days", "1", "--events-per-day", "1000", timeout=900)
        assert made.returncode == 0, made.stderr[-4000:]


@pytest.fixture(scope="session")
def verified_platform(busy_platform: Platform) -> Iterator[Platform]:
    """The busy platform; every store must agree when all tests are done.

    `verify` compares everything since the platform began. So one run at the end finds every event that any of these
    tests lost or counted twice, and names it with its minute. Only a rebuild could have mended it before; that test
    comes earlier.
    """
    yield busy_platform
    busy_platform.assert_verified()

"""Shared by the fault tests: visitors are active while faults happen, and every store agrees afterwards."""

from collections.abc import Iterator

import pytest

from tests.support.platform import Platform


@pytest.fixture(scope="session")
def verified_platform(busy_platform: Platform) -> Iterator[Platform]:
    """The busy platform; every store must agree when all tests are done.

    `verify` compares everything since the platform began. So one run at the end finds every event that any of these
    tests lost or counted twice, and names it with its minute. Only a rebuild could have mended it before; that test
    comes earlier.
    """
    yield busy_platform
    busy_platform.assert_verified()

"""What the faults have in common: visitors are at work while they happen, and every store agrees afterwards."""

from collections.abc import Iterator

import pytest

from tests.support.platform import Platform


@pytest.fixture(scope="module")
def verified_platform(busy_platform: Platform) -> Iterator[Platform]:
    """The busy platform; every store must agree when the tests of a file are done.

    `verify` compares everything since the platform began. So it finds what any of these tests lost or counted twice,
    and need not run after each of them.
    """
    yield busy_platform
    busy_platform.assert_verified()

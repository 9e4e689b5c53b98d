"""Shared by the tests of past days, which are made once."""

from collections.abc import Iterator

import pytest

from footfall.settings import Settings
from tests.support.past_days import PastDays
from tests.support.platform import Platform


@pytest.fixture(scope="session")
def past(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastDays]:
    """Two published days."""
    past = PastDays(Platform(platform), tmp_path_factory.mktemp("raw"))
    with past.oracle, past.sources:
        yield past

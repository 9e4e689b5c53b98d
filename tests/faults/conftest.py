"""Shared by the fault tests."""

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

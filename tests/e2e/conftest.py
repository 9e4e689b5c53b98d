"""Shared by the tests of past days, which are made once, and learned from once."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from footfall.settings import Settings
from tests.support.past_days import PastDays
from tests.support.platform import Platform

# Seconds that learning may take, with everything that it waits for.
LEARNING_S = 1800


@pytest.fixture(scope="session")
def past(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastDays]:
    """Two published days."""
    past = PastDays(Platform(platform), tmp_path_factory.mktemp("raw"))
    with past.oracle, past.sources:
        yield past


@pytest.fixture(scope="session")
def learning(past: PastDays) -> Iterator["Future[subprocess.CompletedProcess[str]]"]:
    """`learn` over the published days. It takes minutes, in which other tests go on."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(past.platform.run, "learn", "--models", "new", "--json", timeout=LEARNING_S)

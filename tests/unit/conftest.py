"""Unit tests know no platform: what the caller's environment says of one is none of theirs."""

import os

import pytest
from hypothesis import settings

# Property tests have no deadline: on a machine shared with engines, a slow example is no defect.
settings.register_profile("footfall", deadline=None)
settings.load_profile("footfall")


@pytest.fixture(autouse=True)
def no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are the defaults, unless a test says otherwise."""
    for name in [name for name in os.environ if name.startswith("FOOTFALL_")]:
        monkeypatch.delenv(name)

"""Tests and durations that only `./footfall test all` runs in full."""

import os
from typing import Final

import pytest

LONG: Final = bool(os.environ.get("FOOTFALL_TEST_LONG"))
# Marks a test that takes minutes.
only_in_all: Final = pytest.mark.skipif(not LONG, reason="`test all`: it takes minutes")

"""The installation that `./footfall test` completes before any test, for tests that need real programs of it."""

import os
from pathlib import Path
from typing import Final

import pytest

# Read when tests are collected: unit tests themselves know no variable of the platform.
_FOLDER: Final = os.environ.get("FOOTFALL_INSTALL")


def installation() -> Path:
    """The folder of the installation. Skips the test if pytest was called without one."""
    if not _FOLDER:
        pytest.skip("`./footfall test` says where the installation is, in FOOTFALL_INSTALL")
    return Path(_FOLDER)

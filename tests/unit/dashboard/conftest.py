"""Restores the main module, which Streamlit replaces while it runs a page."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Without this, a process that is spawned later would run the page as its main module and fail."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before

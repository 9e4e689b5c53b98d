"""Streamlit runs a page as the main module; whatever comes after must find the real one."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Put back after each test: a process that is spawned later would run the page again, and fail."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before

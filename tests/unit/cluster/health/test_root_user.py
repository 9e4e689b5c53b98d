"""What `up` and `doctor` say to root."""

import os

import pytest

from footfall.cluster.health import root_user


def test_root_is_told_what_it_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    warning = root_user.warning()
    assert warning.startswith("Footfall runs as root, and so does every engine except PostgreSQL.")
    assert "Run Footfall as a user of its own" in warning


def test_nobody_else_is_told_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert root_user.warning() == ""

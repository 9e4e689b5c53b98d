"""Fixtures: a separate home for each test, and a fake Java with a chosen output."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.settings import Settings

FakeJava = Callable[[str], Path]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path) -> Iterator[None]:
    """An environment without FOOTFALL variables of the user, restored afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("FOOTFALL_"):
            del os.environ[name]
    os.environ["FOOTFALL_HOME"] = str(tmp_path / "home")
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Defaults, in an empty home."""
    return Settings(home=tmp_path / "home", install=tmp_path / "install")


@pytest.fixture
def fake_java(tmp_path: Path, environment: None) -> FakeJava:
    """Replaces Java 17 by a script. It imitates no engine; it is for tests of what happens before and after one."""

    def put(script: str) -> Path:
        home = tmp_path / "java"
        (home / "bin").mkdir(parents=True, exist_ok=True)
        (home / "release").write_text('JAVA_VERSION="17.0.9"\n')
        (home / "bin" / "java").write_text(f"#!/bin/sh\n{script}\n")
        (home / "bin" / "java").chmod(0o755)
        os.environ["JAVA_HOME"] = str(home)
        return home

    return put


@pytest.fixture
def java(fake_java: FakeJava) -> Path:
    """A Java that is there."""
    return fake_java("exit 0")

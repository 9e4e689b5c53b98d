"""The process: it starts with or without visitors or a site, and stops on request."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.sites.visitors.pending import state_path
from tests.support.platform import await_true
from tests.unit.sites.visitors.made_up_site import made_up_site


@contextmanager
def running(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "footfall.sites.visitors.run", *arguments],
        env={**os.environ, **settings.as_environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> str:
    """Stops the process and returns its output; it may take five seconds."""
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=5)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return said


def test_without_visitors_it_idles(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, of_site):
        settings = of_site.model_copy(update={"visitors_per_site": 0})
        with running(settings, "shop") as process:
            await_true((tmp_path / "data" / "visitors" / "shop" / "pending.jsonl").exists, "the start", 20, every=0.02)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            ended(process)
    assert site.gets == site.posts == []
    assert list(ledger.read(settings, "shop")) == []
    assert state_path(settings, "shop").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_visitors_end_in_order_whether_the_site_is_there_or_not(tmp_path: Path, is_there: bool) -> None:
    with made_up_site(tmp_path) as (site, settings):
        if not is_there:
            settings = settings.model_copy(update={"port_offset": 1})
        with running(settings, "shop") as process:
            await_true((tmp_path / "data" / "visitors" / "shop" / "pending.jsonl").exists, "the start", 20, every=0.02)
            if is_there:
                await_true(lambda: len(site.gets) >= 10, "ten visitors", 20, every=0.02)
            ended(process)
    kinds = [entry.kind for entry in ledger.read(settings, "shop")]
    assert kinds.count("attempted") == kinds.count("accepted") == len(site.stored)
    assert bool(kinds) == is_there


def test_an_unknown_site_is_named(tmp_path: Path) -> None:
    with running(Settings(home=tmp_path), "shoe") as process:
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "shop, news, academy" in said

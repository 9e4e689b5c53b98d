"""Runs tracker.js in Node on pages that others loaded (`tracker_run.mjs`)."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import playwright

import footfall.sites

# Node as Playwright brings it along; nothing of Playwright's own is used.
_NODE = Path(playwright.__file__).parent / "driver" / "node"
_RUNNER = Path(__file__).parent / "tracker_run.mjs"
_TRACKER = Path(footfall.sites.__file__).parent / "tracker.js"


class Tracked(NamedTuple):
    """events: what the tracker queued. beacons: the addresses to which it sent on leaving. said: on the console."""

    events: list[dict[str, Any]]
    beacons: list[str]
    said: list[str]


def track(visitor: Mapping[str, object], pages: Sequence[Mapping[str, object]], timezone: str) -> Tracked:
    """What the tracker makes of these pages. `tracker_run.mjs` says what a visitor and a page have."""
    ran = subprocess.run(
        [_NODE, _RUNNER],
        input=json.dumps({"source": _TRACKER.read_text("utf-8"), "visitor": visitor, "pages": pages}),
        env={**os.environ, "TZ": timezone},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return Tracked(**json.loads(ran.stdout))

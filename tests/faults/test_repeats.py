"""Events that arrive twice or fail half-way are counted once."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from footfall.events.identity import new_uuid7
from footfall.settings import REPOSITORY
from tests.support.collecting import send
from tests.support.events import example_event
from tests.support.long_tests import only_in_all
from tests.support.platform import Platform, await_true

_WORKER: Final = "org.apache.storm.daemon.worker.Worker"
_BOLT: Final = "footfall.realtime.live_bolt"
_DEPLOY: Final = """
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision.run import recall
BY_NAME["topology"].step(recall())
"""


def test_failed_and_repeated_events_count_once(verified_platform: Platform) -> None:
    order = verified_platform.settings.run_dir / "chaos" / "fail-pack"
    order.parent.mkdir(exist_ok=True)
    workers = set(verified_platform.processes(_WORKER))
    session, person = new_uuid7(), new_uuid7()
    now_ms = int(time.time() * 1000)
    path = f"/product/{session}"
    events = [
        example_event(
            now_ms, session_id=session, anonymous_id=person, seq=n, page_path=path, event_id=new_uuid7(now_ms)
        )
        for n in range(5)
    ]
    for _ in range(3):
        send(verified_platform.settings, "shop", *events)

    def counted() -> int:
        rows = verified_platform.query("live-metrics", "--by", "page", "--app", "shop", "--minutes", "5")
        return sum(row["page_views"] for row in rows if row["value"] == path)

    await_true(lambda: counted() > 0, "the batch in live-metrics", 15)
    order.touch()
    await_true(lambda: not order.exists(), "a pack that fails", 30)
    verified_platform.await_figures()
    # Only the pack failed: the workers are the same.
    assert workers == set(verified_platform.processes(_WORKER))
    assert counted() == 5
    assert len(verified_platform.query("session", "--session", session)) == 5
    assert len(verified_platform.query("recent-pages", "--user", person)) == 5


def _step(platform: Platform) -> None:
    """Carries out the step that deploys the topology, and nothing else of `up`."""
    done = platform.python("-c", _DEPLOY, timeout=180)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize(
    "deploy",
    [
        _step,
        # It restarts every service twice, since each runs the code of the clone from which it was started.
        pytest.param(
            Platform.up,
            marks=[only_in_all, pytest.mark.timeout(1800)],
        ),
    ],
)
def test_a_changed_bolt_takes_over(
    verified_platform: Platform, tmp_path: Path, deploy: Callable[[Platform], None]
) -> None:
    """A clone with a changed bolt replaces the topology, its own clone replaces that one, and counting continues."""
    clone = tmp_path / "clone"
    shutil.copytree(
        REPOSITORY, clone, ignore=shutil.ignore_patterns(".git", ".footfall", "__pycache__", ".*_cache", "target")
    )
    bolt = clone / "src/footfall/realtime/live_bolt.py"
    bolt.write_text(bolt.read_text() + "\n# Another bolt.\n")
    before = set(verified_platform.processes(_BOLT))
    other = Platform(verified_platform.settings, clone)
    deploy(other)
    other.await_figures()
    after = set(verified_platform.processes(_BOLT))
    assert after
    assert not before & after
    deploy(verified_platform)
    verified_platform.await_figures()
    assert not after & set(verified_platform.processes(_BOLT))

"""A step that an engine refuses is tried again, for a while and unless that is useless."""

import threading
from pathlib import Path

import pytest

from footfall.cluster.supervision.steps import run_step
from footfall.runtime.errors import ClusterError, RetryUseless
from footfall.settings import Settings


class Step:
    """Refused with these errors, one at each try, and done then."""

    def __init__(self, *errors: ClusterError) -> None:
        self._errors, self.tries = list(errors), 0

    def __call__(self, _: Settings) -> None:
        self.tries += 1
        if self._errors:
            raise self._errors.pop(0)


def _run(home: Path, step: Step, patience_s: float = 60.0) -> list[str]:
    told: list[str] = []
    run_step(Settings(home=home), step, threading.Event(), patience_s, 0.01, lambda error: told.append(str(error)))
    return told


def test_a_refused_step_is_tried_again(tmp_path: Path) -> None:
    step = Step(ClusterError("one"), ClusterError("two"))
    assert _run(tmp_path, step) == ["one", "two"]
    assert step.tries == 3


def test_a_step_is_not_tried_for_ever(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="one"):
        _run(tmp_path, Step(ClusterError("one")), patience_s=-1.0)


def test_what_would_fail_again_is_not_tried_again(tmp_path: Path) -> None:
    step = Step(RetryUseless("never"))
    with pytest.raises(RetryUseless):
        _run(tmp_path, step)
    assert step.tries == 1


def test_who_must_end_does_not_wait(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ClusterError, match="one"):
        run_step(Settings(home=tmp_path), Step(ClusterError("one")), stop, 60.0, 60.0)

"""What the clients share: arguments, cancellation, and one sentence for whatever fails."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.jobs.model import request_of
from footfall.learning import runs
from footfall.learning.runs import Plan
from footfall.settings import Settings, load_settings

Work = Callable[[Settings, Hdfs, Plan], str]


class _Cancelled(Exception):
    """The process got a signal to end."""


def run(arguments: Sequence[str], work: Work) -> int:
    """Runs a job and prints what it returns. Returns the exit status. arguments: a run and the days of its window.

    work: gets the plan of the run. Raises FootfallError.
    """
    try:
        request = request_of(arguments)
        signal.signal(signal.SIGTERM, _cancel)
        settings = load_settings()
        files = Hdfs(settings)
        plan = runs.plan(files, request.run, request.days)
        if plan.note:
            print(plan.note, file=sys.stderr)
        print(work(settings, files, plan), file=sys.stderr)
    except FootfallError as error:
        print(error, file=sys.stderr)
        return 1
    except (_Cancelled, KeyboardInterrupt):
        print("The job was cancelled. What is published stays as it was.", file=sys.stderr)
        return 1
    return 0


def _cancel(number: int, frame: FrameType | None) -> None:
    # A second signal must not interrupt the clean-up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Cancelled

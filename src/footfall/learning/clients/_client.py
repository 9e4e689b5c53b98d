"""What the clients share: arguments, cancellation, and one sentence for whatever fails."""

import sys
from collections.abc import Callable, Sequence

from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.jobs.model import request_of
from footfall.learning import runs
from footfall.learning.runs import Plan
from footfall.runtime.termination import Terminated, terminable
from footfall.settings import Settings, load_settings

Work = Callable[[Settings, Hdfs, Plan], str]


def run(arguments: Sequence[str], work: Work) -> int:
    """Runs a job and prints what it returns. Returns the exit status. arguments: a run and the days of its window.

    work: gets the plan of the run. Raises FootfallError.
    """
    with terminable():
        try:
            request = request_of(arguments)
            settings = load_settings()
            files = Hdfs(settings)
            plan = runs.plan(files, request.run, request.days)
            if plan.note:
                print(plan.note, file=sys.stderr)
            print(work(settings, files, plan), file=sys.stderr)
        except FootfallError as error:
            print(error, file=sys.stderr)
            return 1
        except (Terminated, KeyboardInterrupt):
            print("The job was cancelled. What is published stays as it was.", file=sys.stderr)
            return 1
    return 0

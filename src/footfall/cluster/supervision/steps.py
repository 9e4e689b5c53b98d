"""Runs the step of a service, and repeats what an engine refuses for a while."""

import threading
import time
from collections.abc import Callable

from footfall.runtime.errors import ClusterError, RetryUseless
from footfall.settings import Settings


def run_step(
    settings: Settings,
    step: Callable[[Settings], None],
    stop: threading.Event,
    patience_s: float,
    again_s: float,
    on_refusal: Callable[[ClusterError], None] = lambda _: None,
) -> None:
    """Runs a step until it succeeds: a healthy engine on a busy machine may answer slowly, or not know its nodes yet.

    patience_s: seconds after which it is not tried again. again_s: seconds between two tries. on_refusal: is called
    before each further try. Raises the last ClusterError when the patience is over or `stop` is set. Raises
    RetryUseless at once.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return step(settings)
        except RetryUseless:
            raise
        except ClusterError as error:
            if time.monotonic() > deadline:
                raise
            on_refusal(error)
            if stop.wait(again_s):
                raise

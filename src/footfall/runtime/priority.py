"""The CPU priority of all work on past days, for which the live path must not wait."""

import os

from footfall.settings import Settings


def lowering(settings: Settings) -> int:
    """What must be added to this process's `nice` value so that it is at least that of containers."""
    return max(0, settings.yarn.nice - os.getpriority(os.PRIO_PROCESS, 0))

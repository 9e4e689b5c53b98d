"""The mark by which the watchdog says that too little disk is free.

While it is there and fresh, visitors pause, collectors refuse events, and nothing new is generated. They read it by
this module alone, so that none of them depends on the settings by which the watchdog judges.
"""

import os
import time
from typing import Final

from footfall.settings import Settings

# The watchdog renews the mark every 10 s. One that is older is of a watchdog that has died, and says nothing any more.
EXPIRES_S: Final = 120.0
MARK: Final = "disk-low"


def is_low(settings: Settings) -> bool:
    """Whether the watchdog found too little free disk within the last two minutes."""
    try:
        # Collectors ask for each request, and joining a Path takes four times as long as all of this.
        marked_s = os.stat(f"{settings.run_dir}/{MARK}").st_mtime  # noqa: PTH116
    except OSError:
        return False
    # Either way: the clock may have been set since.
    return abs(time.time() - marked_s) < EXPIRES_S

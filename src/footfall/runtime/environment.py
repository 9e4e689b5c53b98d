"""The environment variables of every process of this platform."""

import os

from footfall.runtime import hostname
from footfall.settings import REPOSITORY, Settings


def child_environment(settings: Settings) -> dict[str, str]:
    """Returns the environment variables of every process of this platform.

    `up` and `down` find processes without a manager by FOOTFALL_MARK, which Storm's workers and YARN's containers
    inherit.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTFALL_", "JAVA_TOOL_OPTIONS", "CLASSPATH"))}
    # A variable instead of an option, because Storm's workers and Storm's client programs inherit it.
    options = hostname.java_options(settings)
    return {
        **kept,
        **({"JAVA_TOOL_OPTIONS": " ".join(options)} if options else {}),
        **settings.as_environment(),
        "FOOTFALL_MARK": str(settings.home),
        "PYTHONPATH": str(REPOSITORY / "src"),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        # glibc creates many arenas for many threads. Two are enough and save tens of MB per process.
        "MALLOC_ARENA_MAX": "2",
    }

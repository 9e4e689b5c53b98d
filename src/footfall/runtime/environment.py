"""The environment of every process of this platform."""

import os

from footfall.runtime import hostname
from footfall.settings import REPOSITORY, Settings


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of every process of this platform.

    FOOTFALL_MARK is how `up` and `down` find processes that lost their manager: Storm's workers and YARN's
    containers inherit it.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTFALL_", "JAVA_TOOL_OPTIONS", "CLASSPATH"))}
    # Not on command lines: Storm's workers and what `up` itself asks of Storm inherit it too.
    named = hostname.java_options(settings)
    return {
        **kept,
        **({"JAVA_TOOL_OPTIONS": " ".join(named)} if named else {}),
        **settings.as_environment(),
        "FOOTFALL_MARK": str(settings.home),
        "PYTHONPATH": str(REPOSITORY / "src"),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        # glibc would keep an arena for each of many threads; two are enough and save tens of MB a process.
        "MALLOC_ARENA_MAX": "2",
    }

"""Takes files in HDFS from the writer that abandoned them. WebHDFS cannot do it, so a JVM is started for each."""

import subprocess
import time
from typing import Final

from footfall.cluster import commands
from footfall.cluster.supervision.configure import child_environment
from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.logs import layout, recovery
from footfall.settings import Settings

_TIMEOUT_S: Final = 60


def before_flume(settings: Settings) -> None:
    """Finishes every open log file, since no Flume runs that writes it. What cannot be is left to the sweep."""
    for sentence in _recover(settings, older_than_s=0).left:
        print(sentence, flush=True)


def sweep(settings: Settings) -> recovery.Recovered:
    """Finishes the log files that are open for longer than a running Flume writes any."""
    return _recover(settings, older_than_s=layout.ABANDONED_S)


def _recover(settings: Settings, older_than_s: float) -> recovery.Recovered:
    return recovery.recover(Hdfs(settings), lambda path: _begin(settings, path), time.time(), older_than_s)


def _begin(settings: Settings, path: str) -> None:
    # Told once: HDFS goes on with it by itself, and what it says at once is that it is not done yet.
    command = commands.recover_lease(settings, path)
    try:
        subprocess.run(command, env=child_environment(settings), capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HdfsUnavailable(f"It could not be told to take {path} from its writer: {error}.") from None

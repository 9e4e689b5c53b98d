"""A DataNode that takes no block: the real one, told to leave more of the disk to others than there is.

To HDFS that is a full disk: what is there can be read, nothing can be begun. Run as a program, this becomes that
DataNode, as `./footfall run datanode` becomes the usual one; `full` lets the process manager do so for a while.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from footfall.cluster.health import probes
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.cluster.supervision.manager import Manager
from footfall.cluster.supervision.run import recall
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import Unhealthy
from footfall.settings import REPOSITORY, Settings
from tests.support.platform import await_true

_SERVICE = "datanode"
_LEFT_TO_OTHERS = 2**60
# The beginning of what `status` says about it.
FULL = "HDFS has no room for another block: "


@contextmanager
def full(settings: Settings) -> Iterator[None]:
    """Restarts the service without any room, and restarts it as it was at the end. Nothing else is changed.

    Each time, it waits until the NameNode knows of it.
    """
    conf = settings.conf_dir / "supervisord.conf"
    usual = conf.read_text("utf-8")
    # Run as a module. Otherwise Python would import `platform` from the folder of this file.
    command = f"env PYTHONPATH={REPOSITORY / 'src'}:{REPOSITORY} {sys.executable} -m {__name__}"
    replaced, count = re.subn(rf"(?m)^command=.* run {_SERVICE}$", f"command={command}", usual)
    assert count == 1
    try:
        _restart(settings, replaced)
        await_true(lambda: FULL in _fault(settings), "the full DataNode", 60, every=1)
        yield
    finally:
        _restart(settings, usual)
        await_true(lambda: _fault(settings) == "", "the DataNode with room", 60, every=1)


def _fault(settings: Settings) -> str:
    try:
        probes.probe(settings, _SERVICE)
    except Unhealthy as fault:
        return str(fault)
    return ""


def _restart(settings: Settings, text: str) -> None:
    manager = Manager(settings)
    (settings.conf_dir / "supervisord.conf").write_text(text, "utf-8")
    assert manager.apply() == {_SERVICE}
    manager.ensure_started(_SERVICE)


def main() -> None:
    """Becomes the DataNode."""
    settings, service = recall(), BY_NAME[_SERVICE]
    assert service.command is not None
    configure.write(settings, service)
    command = [*service.command(settings), "-D", f"dfs.datanode.du.reserved={_LEFT_TO_OTHERS}"]
    os.execve(command[0], command, child_environment(settings))


if __name__ == "__main__":
    main()

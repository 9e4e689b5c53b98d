"""supervisord as this platform runs it: whatever its services leave behind becomes its child, and is reaped by it.

A process whose parent dies goes to the machine's first process. In many containers that one reaps nobody's children,
so the dead stay as zombies. Storm's supervisor takes a zombie for alive, and would end it for ever.
"""

import ctypes
import sys

from supervisor import supervisord

# linux/prctl.h. The flag survives exec and is not inherited by children.
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Makes this process the parent of all orphans among its descendants. Does nothing where only Linux could."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main() -> None:
    """Becomes supervisord, with the arguments of this process. It reaps children that it did not start, too."""
    become_subreaper()
    supervisord.main()


if __name__ == "__main__":
    main()

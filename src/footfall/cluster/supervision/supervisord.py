"""Runs supervisord as the parent of orphans: it adopts and reaps processes that its services leave behind.

Normally an orphan becomes a child of process 1. In many containers process 1 reaps no children, so dead orphans stay
as zombies. Storm's supervisor takes a zombie for a living worker and would try to kill it for ever.
"""

import ctypes
import sys

from supervisor import supervisord

# linux/prctl.h. The flag survives exec and is not inherited by children.
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Makes this process adopt orphans among its descendants. Does nothing on systems other than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main() -> None:
    """Runs supervisord with the arguments of this process. supervisord also reaps children that it did not start."""
    become_subreaper()
    supervisord.main()


if __name__ == "__main__":
    main()

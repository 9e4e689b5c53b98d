"""Whether processes of other parents have ended."""

import psutil


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended. Where a machine's first process reaps nobody, it is still listed, as a zombie."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

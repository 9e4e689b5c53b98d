"""Whether processes of other parents have ended."""

import psutil


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended. Where a machine's first process reaps nobody, it is still listed, as a zombie."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def id_has_ended(pid: int) -> bool:
    """The same of the process with this id."""
    try:
        return has_ended(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return True

"""What it means that Footfall runs as root."""

import os
from typing import Final

_WARNING: Final = (
    "Footfall runs as root, and so does every engine except PostgreSQL. HDFS, YARN and Storm ask for no password, so "
    "every user of this machine can then run programs as root. Run Footfall as a user of its own (docs/security.md)."
)


def warning() -> str:
    """What it means and what to do, if this process is root; else ''."""
    return _WARNING if os.geteuid() == 0 else ""

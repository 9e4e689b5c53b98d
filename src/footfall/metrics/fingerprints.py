"""Fingerprints: errors of browsers that differ only in numbers and ids have the same one."""

import hashlib
import re
from functools import reduce
from typing import Final

# In this order: a UUID, another long hexadecimal number, any number.
_VARYING: Final = (
    re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    re.compile(r"\b(?:0x)?[0-9a-fA-F]{8,}\b", re.ASCII),
    re.compile(r"[0-9]+"),
)
_LENGTH: Final = 16


def pattern(message: str) -> str:
    """The message with `#` in place of each hexadecimal id and each number."""
    return reduce(lambda text, varying: varying.sub("#", text), _VARYING, message)


def client_fingerprint(app_id: str, error_code: str | None, message: str | None) -> str:
    """The fingerprint of an error event: 16 hexadecimal digits of the SHA-256 of three lines.

    The lines are the site, the code and the pattern of the message; an unknown one is empty.
    """
    lines = "\n".join((app_id, error_code or "", pattern(message or "")))
    return hashlib.sha256(lines.encode()).hexdigest()[:_LENGTH]

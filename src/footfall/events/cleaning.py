"""Removes from an event what its sender did not mean to say: placeholders as identities, and people's e-mail addresses.

A script that fills in a variable without a value sends its name, such as `undefined`. All such visitors would be one.
"""

import re
from typing import Any, Final

_PLACEHOLDERS: Final = frozenset(
    (
        *("undefined", "null", "none", "nil", "nan", "n/a", "na", "0", "-1", "-", "true", "false", "unknown"),
        *("anonymous", "guest", "user", "test", "id", "user_id", "userid", "anonymous_id", "session_id", "uuid"),
        *("{}", "[]", "%user_id%", "{{user_id}}", "{{user.id}}", "$user_id", "[object object]", "[object promise]"),
        *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    )
)
# The length of the longest placeholder.
_LONGEST: Final = 36
# Fields with text that a page, a person or another site may have written.
_TEXTS: Final = (
    *("page_path", "previous_path", "referrer", "page_title", "element", "search_term", "error_message"),
    "event_name",
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"),
)
# Each run of characters is tried once and has a bound, so no text makes this slow.
_EMAIL: Final = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}", re.IGNORECASE)
_INSTEAD: Final = "(email)"


def is_placeholder(identity: str) -> bool:
    """Whether an identity stands for a missing one."""
    return len(identity) <= _LONGEST and identity.strip().lower() in _PLACEHOLDERS


def without_emails(event: dict[str, Any]) -> None:
    """Replaces e-mail addresses in the texts of a valid event by `(email)`."""
    for name in _TEXTS:
        text = event.get(name)
        if text is not None and ("@" in text or "%40" in text):
            event[name] = _EMAIL.sub(_INSTEAD, text)
    properties = event.get("properties")
    if properties is not None:
        for name, value in properties.items():
            if isinstance(value, str) and ("@" in value or "%40" in value):
                properties[name] = _EMAIL.sub(_INSTEAD, value)

"""An alert as a mail, ready to be handed to any mail program."""

import hashlib
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from footfall.events.times import parse_rfc3339_ms
from footfall.notify import sentences


def mail(alert: dict[str, Any], to: str) -> EmailMessage:
    """The message, as RFC 5322 has it."""
    message = EmailMessage()
    message["Subject"] = f"[Footfall] {sentences.degree(alert)}: {sentences.title(alert)}"
    message["From"] = "footfall@localhost"
    message["To"] = to
    at_s = parse_rfc3339_ms(alert["resolved_at"] or alert["raised_at"]) / 1000
    message["Date"] = format_datetime(datetime.fromtimestamp(at_s, timezone.utc))
    message["Message-ID"] = f"<{name(alert)}@footfall>"
    message.set_content(sentences.whole(alert) + "\n")
    return message


def write(alert: dict[str, Any], to: str, folder: Path) -> None:
    """Writes the mail as a file of the folder; writing it again replaces the same file. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name(alert)}.eml"
    part = path.with_suffix(".part")
    part.write_bytes(bytes(mail(alert, to)))
    part.replace(path)


def name(alert: dict[str, Any]) -> str:
    """An id of this change of an alert, made of letters, digits and hyphens."""
    # An alert's id holds a path that a visitor chose.
    known = hashlib.sha256(alert["alert_id"].encode()).hexdigest()[:16]
    return f"{known}-{sentences.degree(alert)}"

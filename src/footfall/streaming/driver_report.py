"""The driver's own report of its state: a small local file, so that a reader needs no engine."""

import json
import os
import time
from dataclasses import asdict, dataclass

from footfall.settings import Settings


@dataclass(frozen=True, slots=True)
class Report:
    """The state of a driver.

    pid: the driver's process. at_s: the time of the report, seconds since 1970. stage: what the driver is doing.
    trouble: '' or a sentence.
    """

    pid: int
    at_s: float
    stage: str
    trouble: str


def write(settings: Settings, stage: str, trouble: str = "") -> None:
    """Replaces the report. Raises OSError."""
    path = settings.run_dir / "streaming.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(Report(os.getpid(), time.time(), stage, trouble))), "utf-8")
    part.replace(path)


def read(settings: Settings) -> Report | None:
    """The last report; None if there is none or it cannot be read."""
    try:
        return Report(**json.loads((settings.run_dir / "streaming.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None

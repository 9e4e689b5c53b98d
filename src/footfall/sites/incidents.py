"""Incidents: while one lasts, a site really fails or slows down, or its visitors really vanish, misbehave or multiply.

An incident is a small file in `run_dir/incidents`, written by the verb `incident`. Sites and visitors check it at most
once a second, so it takes effect within a second and costs nothing.
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

KINDS: Final = ("errors", "slow", "drop", "bots", "malformed")
_LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of `app` until `until_ms` (epoch milliseconds). share: how much of its target it affects, 0–1."""

    kind: str
    app: str
    until_ms: int
    share: float


def active(settings: Settings, app: str, kind: str) -> float | None:
    """The share that an incident of `kind` affects at `app` now, None if there is no such incident."""
    path = _path(settings, app, kind)
    now = time.monotonic()
    with _lock:
        looked, incident = _known.get(path, (-_LOOK_EVERY_S, None))
        if now - looked >= _LOOK_EVERY_S:
            incident = _read(path)
            _known[path] = (now, incident)
    if incident is None or incident.until_ms <= _now_ms():
        return None
    return incident.share


def begin(settings: Settings, app: str, kind: str, seconds: float, share: float) -> Incident:
    """Starts an incident and replaces an earlier one of the same kind; 0 seconds ends the earlier one.

    Raises ValueError with a sentence for an unknown app or kind, a share outside 0–1 or a time below 0.
    """
    if app not in DEMO_SITES:
        raise ValueError(f"There is no app {app!r}; there are: {', '.join(DEMO_SITES)}.")
    if kind not in KINDS:
        raise ValueError(f"There is no incident {kind!r}; there are: {', '.join(KINDS)}.")
    if not 0 < share <= 1:
        raise ValueError(f"The share must be above 0 and at most 1, not {share:g}.")
    if not 0 <= seconds <= 86_400:
        raise ValueError(f"An incident lasts from 0 seconds (which ends it) to a day, not {seconds:g} seconds.")
    incident = Incident(kind, app, _now_ms() + round(seconds * 1000), share)
    path = _path(settings, app, kind)
    if seconds == 0:
        path.unlink(missing_ok=True)
        return incident
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_bytes(orjson.dumps({"kind": kind, "app": app, "until_ms": incident.until_ms, "share": share}))
    draft.replace(path)
    return incident


_lock = threading.Lock()
_known: dict[Path, tuple[float, Incident | None]] = {}


def _read(path: Path) -> Incident | None:
    try:
        content = orjson.loads(path.read_bytes())
        incident = Incident(
            str(content["kind"]), str(content["app"]), int(content["until_ms"]), float(content["share"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, or an unreadable file: neither has an effect
    if incident.until_ms <= _now_ms():
        path.unlink(missing_ok=True)
        return None
    return incident


def _path(settings: Settings, app: str, kind: str) -> Path:
    return settings.run_dir / "incidents" / f"{kind}-{app}.json"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

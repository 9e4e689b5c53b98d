"""What a service is: the fields that a module of `engines/` fills in, and that everything else reads."""

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from footfall.settings import Settings

Profile = Literal["realtime", "batch"]
Say = Callable[[str], None]
Command = Callable[[Settings], list[str]]


@dataclass(frozen=True)
class PythonModule:
    """The command of a process that runs a module of this package.

    The process starts anew when anything changes that the module reaches (`supervision/dependencies.py`).
    """

    module: str
    arguments: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # modules that the process runs too, and that the first does not import
    line: Command | None = None  # where it is not started as `python -m MODULE ARGUMENTS`

    def __call__(self, settings: Settings) -> list[str]:
        if self.line is not None:
            return self.line(settings)
        return [sys.executable, "-m", self.module, *self.arguments]


@dataclass(frozen=True)
class Sweep:
    """Work of the watchdog that clears away what is past its retention."""

    name: str
    every_s: float
    work: Callable[[Settings], object]


@dataclass(frozen=True)
class UnusualLag:
    """When `doctor` calls a consumer late. `name` is one of those in `lags.py`, which knows how to ask."""

    name: str
    most_s: float  # several times the usual age of the newest of what it gives out
    subject: str  # how a sentence about that age begins: "The live figures are"


@dataclass(frozen=True)
class Part:
    """Something beside its jars that a service needs installed."""

    lack: Callable[[Settings], str]  # '' if it is there, else a sentence for `doctor` that ends with the remedy
    # Installs what is missing; its second argument finds Maven when it is needed. Returns a warning or None.
    # Raises ClusterError.
    install: Callable[[Settings, Callable[[], str], Say], str | None]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service: a process that is kept alive, or a step, which is work that `up` does once.

    Exactly one of `command` and `step` is given.
    """

    name: str
    engine: str
    profiles: tuple[Profile, ...] = ()  # beside `full`, which holds every service
    needs: tuple[str, ...] = ()  # services that must be healthy before
    ports: tuple[str, ...] = ()  # names in settings.Ports, on which it listens

    command: Command | None = None
    step: Callable[[Settings], None] | None = None  # may be repeated; raises ClusterError
    restarts: tuple[str, ...] = ()  # of a step: services that are restarted first when what it made stays unhealthy
    # When a step last changed something, in seconds since the epoch: what it set off may take its time from then on.
    taken_s: Callable[[Settings], float | None] | None = None
    environment: Callable[[Settings], dict[str, str]] | None = None  # beside that of every process
    templates: tuple[str, ...] = ()  # below engines/, without .j2; rendered to conf_dir/SERVICE/
    values: Callable[[Settings], dict[str, Any]] | None = None  # what these templates use beside what all do
    prepare: Callable[[Settings], None] | None = None  # before each start, with its configuration written
    parts: tuple[Part, ...] = ()
    made_of: Callable[[Settings], tuple[Path, ...]] | None = None  # files whose change means a new start

    probe: Callable[[Settings], None] | None = None  # proves by use that it works; raises Unhealthy. None: a step alone
    advice: Callable[[Settings], str] | None = None  # '' or a sentence that `doctor` adds to what the probe found
    lags: tuple[UnusualLag, ...] = ()
    sweeps: tuple[Sweep, ...] = ()

    stop_s: int = 20  # patience between SIGTERM and SIGKILL
    stop_rank: int = 0  # above 0: stopped before all others, the lower first, those of one rank side by side
    # Once its process has ended; of a step, how it is undone. Is given the names of the processes that ran.
    after_stop: Callable[[Settings, Collection[str], Say], None] | None = None

    @property
    def kind(self) -> Literal["process", "step"]:
        """A process has a command, a step has work."""
        return "process" if self.step is None else "step"


def tmp_dir(settings: Settings, name: str) -> Path:
    """A service's own temporary folder; emptied before each start, since a killed JVM leaves its libraries there."""
    return settings.run_dir / "tmp" / name

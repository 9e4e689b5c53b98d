"""The definition of a service. The modules of `engines/` fill it in, and the rest of the package reads it."""

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from footfall.runtime.built_jars import BuiltJar
from footfall.settings import Settings

Profile = Literal["realtime", "batch"]
Report = Callable[[str], None]
Command = Callable[[Settings], list[str]]


@dataclass(frozen=True)
class PythonModule:
    """The command of a process that runs a module of this package.

    `up` restarts the process when code or settings that the module uses have changed (`supervision/dependencies.py`).
    """

    module: str
    arguments: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other modules that the process runs but `module` does not import
    line: Command | None = None  # the command, unless it is `python -m MODULE ARGUMENTS`

    def __call__(self, settings: Settings) -> list[str]:
        if self.line is not None:
            return self.line(settings)
        return [sys.executable, "-m", self.module, *self.arguments]


@dataclass(frozen=True)
class Sweep:
    """Periodic work of the watchdog; most of it deletes data past its retention."""

    name: str
    every_s: float
    work: Callable[[Settings], object]
    on_each_node: bool = False  # whether it concerns files that only the nodes of the service see
    by_time: bool = True  # whether what it does depends on the date, so that it waits while the clock is in doubt


@dataclass(frozen=True)
class UnusualLag:
    """The lag from which on `doctor` reports a consumer. `name` is one of the consumers in `lags.py`."""

    name: str
    most_s: float  # age of the newest output in seconds; several times the usual age
    subject: str  # the beginning of the sentence about it: "The live figures are"


@dataclass(frozen=True)
class Part:
    """Something that a service needs installed besides its jars."""

    problem: Callable[[Settings], str]  # '' if it is installed, else a sentence for `doctor` with the remedy
    # Installs the part if it is missing. The second argument returns the path of Maven, installing it if needed.
    # Returns a warning or None; raises ClusterError.
    install: Callable[[Settings, Callable[[], str], Report], str | None]


def built(jar: BuiltJar) -> Part:
    """A jar of ours as a part."""
    return Part(problem=jar.problem, install=jar.install)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service: a process that is kept running, or a step, which is work that `up` does once.

    Exactly one of `command` and `step` is given.
    """

    name: str
    engine: str
    profiles: tuple[Profile, ...] = ()  # in addition to `full`, which contains every service
    optional: bool = False  # whether it runs only if `hosts` names a host for it; then no profile contains it
    # '' or why these settings switch it off: the end of a sentence after "because". `up` ends what is switched off.
    switched_off: Callable[[Settings], str] = lambda _: ""
    needs: tuple[str, ...] = ()  # services that must be healthy before this one starts
    ports: tuple[str, ...] = ()  # ports that it listens on, by their names in settings.Ports

    command: Command | None = None
    step: Callable[[Settings], None] | None = None  # idempotent; raises ClusterError
    restarts: tuple[str, ...] = ()  # of a step: services to restart before it is repeated because it is unhealthy
    # When the step last changed something, in seconds since the epoch. Its grace period starts then.
    changed_s: Callable[[Settings], float | None] | None = None
    environment: Callable[[Settings], dict[str, str]] | None = None  # in addition to the environment of every process
    templates: tuple[str, ...] = ()  # paths below engines/ without .j2; rendered to conf_dir/SERVICE/
    values: Callable[[Settings], dict[str, Any]] | None = None  # additional variables of these templates
    prepare: Callable[[Settings], None] | None = None  # called before each start, after its configuration is written
    gives_way: bool = False  # whether it runs with the lower CPU priority of containers, behind the live path
    tools: tuple[str, ...] = ()  # engines without a service, whose jars its work needs
    # Ours, on its class path: they are built before it starts, and `up` restarts it when one of them changes.
    jars: tuple[BuiltJar, ...] = ()
    parts: tuple[Part, ...] = ()
    fingerprint_files: Callable[[Settings], tuple[Path, ...]] | None = (
        None  # `up` restarts it when one of these changes
    )

    probe: Callable[[Settings], None] | None = None  # uses the service; raises Unhealthy. None for some steps
    # '' or a sentence about settings that do not fit its data. `up` asks while it runs, before it changes anything.
    misfit: Callable[[Settings], str] | None = None
    advice: Callable[[Settings], str] | None = None  # '' or a sentence that `doctor` adds to the probe's
    login: Callable[[Settings], str | None] | None = None  # how to log in to its pages, which `up` and `doctor` show
    lags: tuple[UnusualLag, ...] = ()
    sweeps: tuple[Sweep, ...] = ()

    stop_signal: Literal["TERM", "INT"] = "TERM"  # the signal that stops it in good order
    stop_s: int = 20  # seconds between that signal and SIGKILL
    stop_rank: int = 0  # above 0: stopped before all others, lower ranks first, equal ranks in parallel
    # Called after the process has ended; a step is undone here. Gets the names of the processes that were running.
    after_stop: Callable[[Settings, Collection[str], Report], None] | None = None
    # The folder of its data outside the home, if there is any. `status` counts it, and `down --purge` deletes it.
    outside: Callable[[Settings], Path | None] | None = None

    @property
    def installed(self) -> tuple[Part, ...]:
        """All that must be installed for it besides the jars of its engine."""
        return (*self.parts, *map(built, self.jars))

    @property
    def kind(self) -> Literal["process", "step"]:
        """`process` if it has a command, else `step`."""
        return "process" if self.step is None else "step"


def tmp_dir(settings: Settings, name: str) -> Path:
    """The temporary folder of a service. It is emptied before each start, because a killed JVM leaves files there.

    Nodes of a cluster may share the folder above it.
    """
    return settings.run_dir / "tmp" / (settings.host or name)

"""Everything that `up` installs before it starts a service: Java, the engines' jars, and the services' other parts."""

from collections.abc import Iterable
from threading import Lock

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from footfall.cluster.service import Service
from footfall.runtime import jars, java
from footfall.settings import Settings

_console = Console(stderr=True, highlight=False)


def ensure(settings: Settings, services: Iterable[Service]) -> None:
    """Installs what these services need and is missing; without anything missing it costs milliseconds.

    Raises ClusterError with what to do where something cannot be had.
    """
    engines = sorted({s.engine for s in services} & set(jars.engines()))
    settings.install.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.install / "lock"):
        if engines:
            java.ensure_java(settings, _say)
        maven = _Maven()
        wanting = [engine for engine in engines if jars.missing(settings, engine)]
        if wanting:
            _fetch(settings, wanting, maven)
        for part in dict.fromkeys(part for service in services for part in service.parts):
            warning = part.install(settings, maven, _say)
            if warning is not None:
                _console.print(warning, style="yellow")


def _say(what: str) -> None:
    _console.print(what)


class _Maven:
    """Finds or installs Maven when it is first needed, by one thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._path: str | None = None

    def __call__(self) -> str:
        with self._lock:
            if self._path is None:
                self._path = java.ensure_maven(_say)
            return self._path


def _fetch(settings: Settings, wanting: list[str], maven: _Maven) -> None:
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TextColumn("jars"))
    with Progress(*columns, console=_console) as progress:
        tasks = {engine: progress.add_task(engine, total=len(jars.read_lock(engine))) for engine in wanting}
        jars.ensure(settings, wanting, maven, lambda engine, count: progress.advance(tasks[engine], count))

"""Everything that `up` installs before it starts a service: Java, the engines' jars, and the services' other parts."""

import time
from collections.abc import Callable, Iterable
from threading import Lock

from filelock import FileLock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from footfall.cli.output import stderr
from footfall.cluster.service import Service
from footfall.runtime import jars, java
from footfall.settings import Settings


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
                stderr.print(warning, style="yellow", markup=False)


def _say(what: str) -> None:
    stderr.print(what, markup=False)


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
    totals = {engine: len(jars.read_lock(engine)) for engine in wanting}
    if not stderr.is_terminal:
        jars.ensure(settings, wanting, maven, by_lines(totals, _say))
        return
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TextColumn("jars"))
    with Progress(*columns, console=stderr) as progress:
        tasks = {engine: progress.add_task(engine, total=total) for engine, total in totals.items()}
        jars.ensure(settings, wanting, maven, lambda engine, count: progress.advance(tasks[engine], count))


def by_lines(totals: dict[str, int], say: Callable[[str], None]) -> jars.Advance:
    """Progress where no bar can be drawn: a line when an engine's jars begin to come, and one when all are there.

    totals: by engine, how many jars it has.
    """
    began: dict[str, float] = {}
    done = dict.fromkeys(totals, 0)

    def advance(engine: str, count: int) -> None:
        if engine not in began:
            began[engine] = time.monotonic()
            say(f"fetching the jars of {engine} ({totals[engine]})")
        done[engine] += count
        if done[engine] == totals[engine]:
            say(f"the jars of {engine} are there after {time.monotonic() - began[engine]:.0f} s")

    return advance

"""Installs what the services need: Java, the jars of the engines, and the other parts of the services."""

import time
from collections.abc import Callable, Iterable
from threading import Lock

from filelock import FileLock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from footfall.cluster.service import Service
from footfall.runtime import jars, java
from footfall.runtime.console import stderr
from footfall.settings import Settings


def ensure(settings: Settings, services: Iterable[Service]) -> None:
    """Installs everything that these services need and that is missing. Takes milliseconds if nothing is missing.

    Raises ClusterError with the remedy if something cannot be installed.
    """
    engines = sorted({name for s in services for name in (s.engine, *s.tools)} & set(jars.engines()))
    settings.install.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.install / "lock"):
        if engines:
            java.ensure_java(settings, _report)
        maven = _Maven()
        incomplete = [engine for engine in engines if jars.missing(settings, engine)]
        if incomplete:
            _fetch(settings, incomplete, maven)
        for part in dict.fromkeys(part for service in services for part in service.installed):
            warning = part.install(settings, maven, _report)
            if warning is not None:
                stderr.print(warning, style="yellow", markup=False)


def _report(message: str) -> None:
    stderr.print(message, markup=False)


class _Maven:
    """Finds or installs Maven when it is first needed. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._path: str | None = None

    def __call__(self) -> str:
        with self._lock:
            if self._path is None:
                self._path = java.ensure_maven(_report)
            return self._path


def _fetch(settings: Settings, incomplete: list[str], maven: _Maven) -> None:
    totals = {engine: len(jars.read_lock(engine)) for engine in incomplete}
    if not stderr.is_terminal:
        jars.ensure(settings, incomplete, maven, by_lines(totals, _report))
        return
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TextColumn("jars"))
    with Progress(*columns, console=stderr) as progress:
        tasks = {engine: progress.add_task(engine, total=total) for engine, total in totals.items()}
        jars.ensure(settings, incomplete, maven, lambda engine, count: progress.advance(tasks[engine], count))


def by_lines(totals: dict[str, int], report: Callable[[str], None]) -> jars.Advance:
    """Returns a progress callback for output without a progress bar: one line when the download of an engine's jars
    starts, and one when it is complete.

    totals: number of jars by engine.
    """
    began: dict[str, float] = {}
    done = dict.fromkeys(totals, 0)

    def advance(engine: str, count: int) -> None:
        if engine not in began:
            began[engine] = time.monotonic()
            report(f"downloading the {totals[engine]} jars of {engine}")
        done[engine] += count
        if done[engine] == totals[engine]:
            report(f"the jars of {engine} are complete after {time.monotonic() - began[engine]:.0f} s")

    return advance

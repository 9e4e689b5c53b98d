"""The definition of a batch job, and of one execution of it. The warehouse's modules define the jobs."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from footfall.jobs.errors import WrongRequest
from footfall.settings import Settings

Engine = Literal["sqoop", "pig", "spark", "hive", "mahout", "python"]
# A run's id sorts by its time: the UTC second at which it was created, and four random characters.
RUN_ID: Final = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}", re.ASCII)


class Request(NamedTuple):
    """What one execution of a job is asked for.

    run: the id of the run that it belongs to; the run's manifest names the input files. days: the UTC days, ascending.
    """

    run: str
    days: tuple[date, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One batch job: a client process on this machine, which may start containers on YARN.

    The client exits with 0 if the job succeeded. Otherwise the last line of its stderr is one sentence that says what
    failed. Running a job again for the same request replaces what it wrote.

    inputs, outputs: tables of the warehouse or folders of HDFS; for people and for Airflow's graph
    memory_mb: memory of its containers and its client together, MiB
    heavy: whether it may not run beside another heavy job
    timeout_s: seconds for one request
    most_days: a longer range is split into several executions
    command: the client's command line
    environment: variables of the client, in addition to those of every process
    tag: the tag that its YARN applications must carry, so that cancelling finds them. See `tag`
    """

    name: str
    title: str
    engine: Engine
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    memory_mb: int
    timeout_s: int
    heavy: bool = False
    most_days: int = 7
    command: Callable[[Settings, Request], list[str]]
    environment: Callable[[Settings, Request], dict[str, str]] | None = None


def python_client(module: str) -> Callable[[Settings, Request], list[str]]:
    """The command of a client that is a module of ours: `python -m MODULE RUN DAY…`."""

    def command(_: Settings, request: Request) -> list[str]:
        return [sys.executable, "-m", module, request.run, *(day.isoformat() for day in request.days)]

    return command


def request_of(arguments: Sequence[str]) -> Request:
    """The request in the arguments of such a client. Raises WrongRequest."""
    run, *texts = arguments or [""]
    if not RUN_ID.fullmatch(run) or not texts:
        raise WrongRequest("The arguments are a run and its days, such as 20261129T020000-1a2b 2026-11-28.")
    try:
        return Request(run, tuple(sorted(set(map(date.fromisoformat, texts)))))
    except ValueError as error:
        raise WrongRequest(f"A day is written as 2026-11-28: {error}.") from None


def tag(job: str, run: str) -> str:
    """The tag of the YARN applications of a job in a run (`spark.yarn.tags`, `mapreduce.job.tags`)."""
    return f"footfall-{job}-{run.lower()}"


def pieces(days: Sequence[date], most: int) -> list[tuple[date, ...]]:
    """The days in ascending order, in groups of at most `most`."""
    ordered = sorted(set(days))
    return [tuple(ordered[start : start + most]) for start in range(0, len(ordered), most)]

"""A run of learning in HDFS: which published days it reads, what it wrote, and what its checks found."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import first_of
from footfall.jobs.errors import WrongRequest
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.learning.errors import ModelMissing, ModelRefused, TooLittleData
from footfall.learning.tables import MODEL_JOBS, MODELS, RUNS
from footfall.warehouse import published
from footfall.warehouse.arrow_schema import schema_of
from footfall.warehouse.tables import ROOT, Table


class Plan(NamedTuple):
    """What a run reads. partitions: day → published run, ascending. missing: other days of the window.

    train: the pointers of the models that the run makes anew; it uses the newest published ones of the others
    """

    run: str
    partitions: dict[str, str]
    missing: list[str]
    train: list[str]

    @property
    def first(self) -> str:
        """The first day that is read."""
        return min(self.partitions)

    @property
    def dt(self) -> str:
        """The last day of the window, which names the partitions that the run writes."""
        return max([*self.partitions, *self.missing])

    @property
    def note(self) -> str:
        """'' if all days are there, else a sentence about those that are not."""
        if not self.missing:
            return ""
        return f"{len(self.missing)} days of the window are not published and were left out: {first_of(self.missing)}."


class Verdict(NamedTuple):
    """What the checks of a run's tables of one pointer found. problems: sentences; none if it may be published."""

    pointer: str
    dt: str
    problems: list[str]


def folder(run: str) -> str:
    """The folder of what a run keeps beside its tables."""
    return f"{RUNS}/{run}"


def plan_path(run: str) -> str:
    """The file of a run's plan."""
    return f"{folder(run)}/plan.json"


def plan(files: Files, run: str, days: Sequence[date], train: Sequence[str] = MODELS) -> Plan:
    """The plan of a run; who asks first makes it, and it then stays. days: the window. train: see Plan.

    Raises TooLittleData if the last day of the window is not published, WrongRequest if the run has another window, and
    HdfsUnavailable.
    """
    content = files.read(plan_path(run))
    if content is None:
        known = published.read(files)
        partitions = {str(day): known[day].run for day in sorted(days) if day in known}
        made = Plan(run, partitions, [str(day) for day in sorted(days) if day not in known], [*train])
        if str(max(days)) not in partitions:
            raise TooLittleData(f"{max(days)} is not published, so nothing can be learned up to that day.")
        layout.put(files, plan_path(run), json.dumps(made._asdict()).encode())
        return made
    stored = Plan(**json.loads(content))
    if set(map(str, days)) != {*stored.partitions, *stored.missing}:
        raise WrongRequest(f"The run {run} learns from {stored.first} to {stored.dt}; start a new run for other days.")
    return stored


def window(files: Files, run: str) -> tuple[date, ...]:
    """The days of a run's window, ascending. Raises WrongRequest if the run has no plan, and HdfsUnavailable."""
    content = files.read(plan_path(run))
    if content is None:
        raise WrongRequest(f"The run {run} has no plan. `./footfall learn prepare` begins a run.")
    stored = Plan(**json.loads(content))
    return tuple(map(date.fromisoformat, sorted([*stored.partitions, *stored.missing])))


def put_rows(files: Files, run: str, name: str, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Keeps extracted rows for the later jobs of the run. Raises HdfsUnavailable."""
    layout.put(files, f"{folder(run)}/{name}.parquet", _parquet(rows, schema))


def end_ms(plan: Plan) -> int:
    """The first instant after the window, ms since 1970."""
    return (date.fromisoformat(plan.dt) - date(1970, 1, 1)).days * 86_400_000 + 86_400_000


def staging(run: str, job: str) -> str:
    """The folder of what a job of a run needs only while it works. Leftovers are swept as those of the warehouse."""
    return f"{ROOT}/_staging/{run}-{job}"


def rows(files: Files, run: str, name: str) -> list[dict[str, Any]]:
    """Extracted rows of a run. Raises ModelMissing if there are none, and HdfsUnavailable."""
    content = files.read(f"{folder(run)}/{name}.parquet")
    if content is None:
        raise ModelMissing(f"The run {run} has not extracted its {name}. Run its job learning-inputs first.")
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return found


def put_table(files: Files, run: str, table: Table, dt: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a run's partition of a table, and replaces an earlier one. Raises HdfsUnavailable."""
    layout.put(files, f"{table.partition(dt, run)}/part-0.parquet", _parquet(rows, schema_of(table)))


def table_rows(files: Files, run: str, table: Table, dt: str) -> list[dict[str, Any]]:
    """The rows of a run's partition of a table; none if it is gone. Raises HdfsUnavailable."""
    content = files.read(f"{table.partition(dt, run)}/part-0.parquet")
    if content is None:
        return []
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return found


def put_verdict(files: Files, run: str, verdict: Verdict) -> None:
    """Records what the checks found. Raises HdfsUnavailable."""
    layout.put(files, f"{folder(run)}/{verdict.pointer}.verdict.json", json.dumps(verdict._asdict()).encode())


def begin(files: Files, run: str, pointer: str) -> None:
    """Forgets an earlier verdict before the tables are written anew, so that half of them is never published.

    Raises ModelRefused if the run is published for this pointer, and HdfsUnavailable.
    """
    if run in {one.run for one in published.read(files, pointer).values()}:
        raise ModelRefused(f"The run {run} is published, so its tables stay. Start a new run.")
    files.delete(f"{folder(run)}/{pointer}.verdict.json")


def verdict(files: Files, run: str, pointer: str) -> Verdict | None:
    """The verdict on a run's tables of a pointer; None if they were not made. Raises HdfsUnavailable."""
    content = files.read(f"{folder(run)}/{pointer}.verdict.json")
    return None if content is None else Verdict(**json.loads(content))


def put_model(files: Files, run: str, pointer: str, model: Mapping[str, Any]) -> None:
    """Keeps a model as one JSON document. Raises HdfsUnavailable."""
    layout.put(files, _model_path(run, pointer), json.dumps(model).encode())


def model(files: Files, run: str, pointer: str, dt: str) -> dict[str, Any]:
    """The model of this run if it made a good one, else the newest published one up to the day `dt`.

    Raises ModelMissing if there is none, and HdfsUnavailable.
    """
    own = verdict(files, run, pointer)
    if own is not None and not own.problems:
        maker = run
    else:
        earlier = [one.run for day, one in published.read(files, pointer).items() if str(day) <= dt]
        if not earlier:
            raise ModelMissing(
                f"There is no model for {dt} yet. Run the job {MODEL_JOBS[pointer]} of the run {run} first."
            )
        maker = earlier[-1]
    found = own_model(files, maker, pointer)
    if found is None:
        raise ModelMissing(f"{_model_path(maker, pointer)} is gone. Train the model again.")
    return found


def kept(files: Files, plan: Plan, pointer: str) -> str:
    """Says which model a run uses instead of a new one. Raises ModelMissing and HdfsUnavailable."""
    return f"The model {model(files, plan.run, pointer, plan.dt)['model_id']} is in use; a new one is not due."


def own_model(files: Files, run: str, pointer: str) -> dict[str, Any] | None:
    """What `put_model` kept of a run; None if it is gone. Raises HdfsUnavailable."""
    content = files.read(_model_path(run, pointer))
    if content is None:
        return None
    found: dict[str, Any] = json.loads(content)
    return found


def _model_path(run: str, pointer: str) -> str:
    return f"{folder(run)}/{pointer}.model.json"


def _parquet(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), buffer)
    return buffer.getvalue()

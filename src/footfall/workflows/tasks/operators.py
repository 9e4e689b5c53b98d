"""The operators: each calls our command line, which does the work in its own environment.

An operator shows the command's output in the task's log. If the command fails, the last line of its stderr becomes the
task's failure.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from footfall.workflows.names import FAILURE, HEAVY_POOL
from footfall.workflows.tasks.command import Command, Ended
from footfall.workflows.tasks.spans import Span, spans

# The command's exit status for wrong use, such as a day that is not over. Another try would end the same way.
_WRONG_USE: Final = 2


class _FootfallOperator(BaseOperator):
    """Calls `footfall`. template_fields: what another task of the run passes on."""

    ui_color = "#e8f3f1"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._command: Command | None = None

    def call(self, context: Any, arguments: Sequence[str], cancel: Sequence[str] = ()) -> Ended:
        """Calls `./footfall ARGUMENTS`. Raises AirflowException with the command's sentence if it fails."""
        self.log.info("footfall %s", " ".join(arguments))
        self._command = Command(arguments, cancel)
        ended = self._command.run(lambda line: self.log.info("%s", line))
        if ended.cancelled:
            raise AirflowFailException(ended.sentence)
        if ended.status:
            context["ti"].xcom_push(FAILURE, ended.sentence)
            error = AirflowFailException if ended.status == _WRONG_USE else AirflowException
            raise error(ended.sentence)
        return ended

    def on_kill(self) -> None:
        """Airflow calls it when the task is cancelled or its time is over."""
        if self._command is not None:
            self._command.end()


class FindDirtyDays(_FootfallOperator):
    """Returns the ranges of published days that have new data."""

    def execute(self, context: Any) -> list[Span]:
        """Returns the ranges, ascending; an empty list ends the workflow."""
        found = spans(json.loads(self.call(context, ["batch", "dirty", "--json"]).output)["dirty"])
        self.log.info("dirty days: %s", found or "none")
        return found


class PrepareRun(_FootfallOperator):
    """Begins a run: waits until the days' data has arrived, and takes the manifest."""

    template_fields = ("span",)

    def __init__(self, *, span: Any, **given: Any) -> None:
        super().__init__(**given)
        self.span = span

    def execute(self, context: Any) -> Span:
        """Returns the range with the new run's id, for the tasks that follow.

        The range begins and ends with a day that has data. If the schedule names a day without, as after a day on which
        nothing ran, the workflow ends here.
        """
        days = ["--from", str(self.span["from"]), "--to", str(self.span["to"])]
        scheduled = ["--unless-empty"] if context["dag_run"].run_type == "scheduled" else []
        prepared = json.loads(self.call(context, ["batch", "prepare", *days, "--json", *scheduled]).output)
        if prepared is None:
            raise AirflowSkipException("These days have no data.")
        return dict(prepared)


class PrepareLearning(_FootfallOperator):
    """Begins a run of learning: chooses its window of days and the models that are due.

    A run that a published day started ends here if its window was learned before. day: the last one of the window, ''
    for the newest published one. models: which are made anew.
    """

    template_fields = ("day", "models")

    def __init__(self, *, day: str, models: str, **given: Any) -> None:
        super().__init__(**given)
        self.day, self.models = day, models

    def execute(self, context: Any) -> Span:
        """Returns the window with the new run's id, for the tasks that follow."""
        options = ["--models", self.models, *(["--date", self.day] if self.day else [])]
        if context["dag_run"].run_type == "asset_triggered":
            options.append("--unless-learned")
        prepared = json.loads(self.call(context, ["learn", "prepare", *options]).output)
        if prepared is None:
            raise AirflowSkipException("This window was learned before.")
        return dict(prepared)


class _OfRun(_FootfallOperator):
    """Does something with a run.

    prepare: the id of the task that prepared the run. A reference to its result would add an arrow to the graph.
    """

    def __init__(self, *, prepare: str, **given: Any) -> None:
        super().__init__(**given)
        self.prepare = prepare

    def prepared(self, context: Any) -> Span:
        """What PrepareRun returned."""
        task = context["ti"]
        return dict(task.xcom_pull(task_ids=self.prepare, map_indexes=task.map_index))


class RunJob(_OfRun):
    """Runs a job for the days of a run. When it is cancelled, the job's application on YARN ends, too.

    engine: for people
    heavy: whether the job may not run beside another heavy one
    """

    def __init__(self, *, job: str, engine: str, heavy: bool = False, **given: Any) -> None:
        # Light jobs of several ranges run one after the other, too.
        given |= {"pool": HEAVY_POOL} if heavy else {"max_active_tis_per_dag": 1}
        super().__init__(**given)
        self.job = job
        # The second line of a task in the graph.
        self.custom_operator_name = engine

    def execute(self, context: Any) -> None:
        """Runs the job to its end."""
        prepared = self.prepared(context)
        of_run = [self.job, "--run", prepared["run"]]
        days = ["--from", prepared["from"], "--to", prepared["to"]]
        self.call(context, ["job", "run", *of_run, *days], cancel=["job", "cancel", *of_run])


class AuditRun(_OfRun):
    """Checks what the jobs of a run wrote."""

    def execute(self, context: Any) -> None:
        """Checks all days of the run."""
        self.call(context, ["batch", "audit", "--run", self.prepared(context)["run"]])


class PublishRun(_OfRun):
    """Publishes the days of a run and updates the asset of published days."""

    def __init__(self, *, day: Asset, **given: Any) -> None:
        super().__init__(outlets=[day], **given)
        self.day = day

    def execute(self, context: Any) -> None:
        """Publishes the days, and says in the asset's event which they are."""
        prepared = self.prepared(context)
        self.call(context, ["batch", "publish", "--run", prepared["run"]])
        context["outlet_events"][self.day].extra = prepared


# Of every task. A second and a third attempt help when an engine was away for a moment.
DEFAULTS: Final = {
    "owner": "footfall",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 3.0,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=1),
}

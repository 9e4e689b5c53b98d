"""The tasks that turn a range of days into history. All workflows share them."""

from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TriggerRule

from footfall.workflows.tasks.assets import DAY
from footfall.workflows.tasks.operators import AuditRun, PrepareRun, PublishRun, RunJob

# For a range of 90 days, which is the longest. The jobs themselves have closer limits.
_LONGEST: Final = timedelta(hours=8)


def day_run(span: Any) -> None:
    """Adds the tasks of one run to the current DAG or task group.

    span: the range of days, or what another task returns
    """
    prepare = PrepareRun(task_id="prepare", span=span, doc_md="Waits until the data of the days has arrived.")
    profiles = RunJob(
        task_id="profiles",
        job="profiles",
        engine="Sqoop",
        prepare=prepare.task_id,
        doc_md="People's profiles from the CRM, and their history.",
    )
    logs = RunJob(
        task_id="logs",
        job="logs",
        engine="Pig",
        prepare=prepare.task_id,
        heavy=True,
        execution_timeout=_LONGEST,
        doc_md="Typed requests, errors and performance from the sites' log lines.",
    )
    events = RunJob(
        task_id="events",
        job="events",
        engine="Spark",
        prepare=prepare.task_id,
        heavy=True,
        execution_timeout=_LONGEST,
        doc_md="Facts from the archive, and everything that is derived from them.",
    )
    register = RunJob(
        task_id="register",
        job="register",
        engine="Hive",
        prepare=prepare.task_id,
        doc_md="Makes the run's partitions known to Hive.",
    )
    # A check that fails would fail again.
    audit = AuditRun(
        task_id="audit", prepare=prepare.task_id, retries=0, doc_md="Checks the run before anybody reads it."
    )
    publish = PublishRun(
        retries=1,
        task_id="publish",
        prepare=prepare.task_id,
        day=DAY,
        doc_md="Makes the run the one that questions read, in one atomic step.",
    )
    # If the import of profiles failed, its task says so, and the day is joined with those that are in use.
    in_use = EmptyOperator(
        task_id="profiles_in_use",
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Goes on with the newest profiles that there are, even if their import failed.",
    )
    prepare >> profiles >> in_use
    prepare >> logs
    [in_use, logs] >> events >> register >> audit >> publish

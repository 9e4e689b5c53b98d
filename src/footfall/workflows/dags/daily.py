"""The Airflow DAG `daily`: turns yesterday into history, shortly after midnight UTC."""

from airflow.sdk import DAG, CronTriggerTimetable, Param

from footfall.workflows.names import DAILY
from footfall.workflows.tasks.day_run import day_run
from footfall.workflows.tasks.operators import DEFAULTS

# Airflow's logical date is the moment at which the run was due, so the day is a parameter.
_DAY = "{{ params.day or macros.ds_add(dag_run.run_after | ds, -1) }}"

with DAG(
    dag_id=DAILY,
    dag_display_name="daily: one day becomes history",
    description="Imports profiles and logs, computes, checks and publishes one day.",
    doc_md="""
### One day becomes history

Ten minutes after midnight UTC, this workflow runs the day before. If that has no data, it ends after its first task. To
run another day, trigger it with that day; nothing is published twice or lost. A day that is published already stays
readable until the new run replaces it.

Sqoop (`profiles`) and Pig (`logs`) work beside each other, then Spark (`events`) and Hive (`register`). `audit` checks
the result, and `publish` makes it visible in one step. If a check fails, the last published run stays.
""",
    schedule=CronTriggerTimetable("10 0 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="A UTC day that is over. Empty: the day before this run.",
        )
    },
    tags=["history"],
):
    day_run({"from": _DAY, "to": _DAY})

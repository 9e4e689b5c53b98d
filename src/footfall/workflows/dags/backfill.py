"""The Airflow DAG `backfill`: turns a range of days into history, in one run."""

from airflow.sdk import DAG, Param

from footfall.workflows.names import BACKFILL
from footfall.workflows.tasks.day_run import day_run
from footfall.workflows.tasks.operators import DEFAULTS

with DAG(
    dag_id=BACKFILL,
    dag_display_name="backfill: a range of days becomes history",
    description="Does for a range of days what `daily` does for one.",
    doc_md="""
### A range of days becomes history

Does for all days from `from` to `to` that have data what `daily` does for one. Each job takes the whole range, at most
a week at a time, so thirty days need a few container starts and not thirty times as many.
""",
    schedule=None,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={
        "from": Param(type="string", format="date", title="From", description="The first UTC day."),
        "to": Param(type="string", format="date", title="To", description="The last UTC day. It must be over."),
    },
    tags=["history"],
):
    day_run({"from": "{{ params['from'] }}", "to": "{{ params['to'] }}"})

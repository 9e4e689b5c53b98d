"""The Airflow DAG `hourly`: runs days again that late events or log lines made dirty."""

from airflow.sdk import DAG, CronTriggerTimetable, task_group

from footfall.workflows.names import HOURLY
from footfall.workflows.tasks.day_run import day_run
from footfall.workflows.tasks.operators import DEFAULTS, FindDirtyDays

with DAG(
    dag_id=HOURLY,
    dag_display_name="hourly: late events reach their day",
    description="Runs published days again for which data arrived late.",
    doc_md="""
### Late events reach their day

An event may arrive up to three days late. It then belongs to a day that is published already, which makes that day
dirty. Each hour, this workflow runs all dirty days again, one run for each range of days. Without a dirty day, it ends
after its first task.
""",
    schedule=CronTriggerTimetable("30 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["history"],
):
    dirty = FindDirtyDays(task_id="dirty", doc_md="Finds published days that have new data.")
    again = task_group(group_id="again", tooltip="Runs one range of days again")(day_run)
    again.expand(span=dirty.output)

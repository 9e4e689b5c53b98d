"""The Airflow DAG `learning`: learns segments and recommendations from published days."""

from datetime import timedelta
from typing import Final

from airflow.sdk import DAG, Param, TriggerRule

from footfall.workflows.names import LEARNING
from footfall.workflows.tasks.assets import DAY
from footfall.workflows.tasks.operators import DEFAULTS, PrepareLearning, RunJob

# Ten MapReduce jobs on a slow machine. The jobs themselves have closer limits.
_LONGEST: Final = timedelta(hours=2)

with DAG(
    dag_id=LEARNING,
    dag_display_name="learning: segments and recommendations",
    description="Learns from past days with Mahout, checks the results and publishes them.",
    doc_md="""
### Segments and recommendations

Runs when a day was published, and learns from the newest published days: which groups of people there are, and which
items a person may like. If the newest day is not a new one, this workflow ends after its first task. The number of
segments and the kind of recommender are chosen anew each week, or on demand.

What passes its checks is published, each kind in one step, and the sites get their lists. Of what does not pass, or was
not made, the last published one stays, and `publish` fails with a sentence that says so.
""",
    schedule=[DAY],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="The last UTC day to learn from. Empty: the newest published one.",
        ),
        "models": Param(
            "due",
            enum=["due", "new"],
            title="Models",
            description="new: choose the number of segments and the kind of recommender anew, although it is not due.",
        ),
    },
    tags=["learning"],
):
    prepare = PrepareLearning(
        task_id="prepare",
        day="{{ params.day or '' }}",
        models="{{ params.models }}",
        doc_md="Chooses the window of days and the models that are due.",
    )
    inputs = RunJob(
        task_id="inputs",
        job="learning-inputs",
        engine="Hive",
        prepare=prepare.task_id,
        doc_md="Figures of subjects, items, and uses of items.",
    )
    segment_model = RunJob(
        task_id="segment_model",
        job="segment-model",
        engine="Mahout",
        prepare=prepare.task_id,
        doc_md="The number of segments, if it is due.",
    )
    segments = RunJob(
        task_id="segments",
        job="segments",
        engine="Mahout",
        prepare=prepare.task_id,
        heavy=True,
        execution_timeout=_LONGEST,
        doc_md="Segments and their members, by k-means on YARN.",
    )
    recommender_model = RunJob(
        task_id="recommender_model",
        job="recommender-model",
        engine="Mahout",
        prepare=prepare.task_id,
        doc_md="How lists are made: by Mahout, with weights or without, or of popular items; if it is due.",
    )
    recommendations = RunJob(
        task_id="recommendations",
        job="recommendations",
        engine="Mahout",
        prepare=prepare.task_id,
        heavy=True,
        execution_timeout=_LONGEST,
        doc_md="Recommendations, similar and popular items, by one run of the recommender on YARN.",
    )
    publish = RunJob(
        task_id="publish",
        job="learning-publish",
        engine="Hive",
        prepare=prepare.task_id,
        # What did not pass would not pass again.
        retries=1,
        # One of the two kinds is good without the other.
        trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
        doc_md="Makes what passed its checks the one that questions and sites read.",
    )
    prepare >> inputs >> segment_model >> segments >> publish
    inputs >> recommender_model >> recommendations >> publish

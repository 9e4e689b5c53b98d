"""The jobs of learning, in the order in which a run executes them. Each gets all days of its window at once.

The jobs `segment-model` and `recommender-model` run weekly or on demand; without them, a run uses the newest published
models.
"""

from typing import Final

from footfall.jobs.model import Engine, Job, python_client
from footfall.learning import tables
from footfall.warehouse.days import MOST_DAYS
from footfall.warehouse.tables import FACT_EVENTS, FACT_PAGE_VIEWS, FACT_VISITS

# A container of MapReduce, Mahout's client, and ours with the subjects and lists of a window.
_ON_YARN_MB: Final = 1024 + 384 + 384


def _job(
    name: str,
    title: str,
    engine: Engine,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    memory_mb: int,
    heavy: bool,
) -> Job:
    return Job(
        name=name,
        title=title,
        engine=engine,
        inputs=inputs,
        outputs=outputs,
        memory_mb=memory_mb,
        # Ten iterations, or twice ten jobs of a recommender, of half a minute each, and a slow machine.
        timeout_s=3600,
        heavy=heavy,
        # A window is never split.
        most_days=MOST_DAYS,
        command=python_client(f"footfall.learning.clients.{name.removeprefix('learning-').replace('-', '_')}"),
    )


_SUBJECTS: Final = f"{tables.RUNS}/RUN/subjects.parquet"
_USES: Final = f"{tables.RUNS}/RUN/uses.parquet"
_ITEMS: Final = f"{tables.RUNS}/RUN/items.parquet"

JOBS: Final = (
    _job(
        "learning-inputs",
        "subjects, items and uses of items",
        "hive",
        (FACT_VISITS.name, FACT_PAGE_VIEWS.name, FACT_EVENTS.name),
        (_SUBJECTS, _USES, _ITEMS),
        512,
        heavy=False,
    ),
    _job("segment-model", "the number of segments", "mahout", (_SUBJECTS,), ("segment_models",), 640, heavy=False),
    _job(
        "segments",
        "segments and their members",
        "mahout",
        (_SUBJECTS, "segment_models"),
        tuple(table.name for table in tables.tables_of(tables.SEGMENTS_POINTER)),
        _ON_YARN_MB,
        heavy=True,
    ),
    _job(
        "recommender-model",
        "the choice between weights and plain use",
        "mahout",
        (_USES, _ITEMS),
        ("recommender_models",),
        1024,
        heavy=False,
    ),
    _job(
        "recommendations",
        "recommendations, similar and popular items",
        "mahout",
        (_USES, _ITEMS, "recommender_models"),
        tuple(table.name for table in tables.tables_of(tables.RECOMMENDATIONS_POINTER)),
        _ON_YARN_MB,
        heavy=True,
    ),
    _job(
        "learning-publish",
        "what was learned, to its readers",
        "hive",
        tuple(table.name for table in tables.TABLES),
        tables.POINTERS,
        128,
        heavy=False,
    ),
)

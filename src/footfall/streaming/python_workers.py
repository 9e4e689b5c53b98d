"""Work in Spark's Python workers, beside the files that it is about: Arrow tables come back."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from footfall.streaming.errors import own

Task = TypeVar("Task")


def each(spark: SparkSession, work: Callable[[Task], pa.Table], todo: Sequence[Task]) -> list[pa.Table]:
    """The tables that a function makes of tasks, in their order; it and they are pickled.

    Not as rows of a DataFrame: Spark would make them rows of its own, and then Arrow's again, by code that it has to
    compile. Raises what the function does if it is an error of our own, else what Spark raises.
    """
    if not todo:
        return []
    tasks = spark.sparkContext.parallelize(todo, len(todo))
    try:
        return tasks.map(lambda task: _released(work(task))).collect()
    except (PySparkException, Py4JJavaError) as error:
        raise own(error) from error


def _released(table: pa.Table) -> pa.Table:
    # The worker stays, with what it needs for the next task at most.
    pa.default_memory_pool().release_unused()
    return table

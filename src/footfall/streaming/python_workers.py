"""Runs functions in Spark's Python workers and returns their Arrow tables."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from footfall.streaming.errors import original_error

Task = TypeVar("Task")


def run_tasks(spark: SparkSession, work: Callable[[Task], pa.Table], todo: Sequence[Task]) -> list[pa.Table]:
    """Applies a function to each task and returns the tables in the order of the tasks.

    The function and the tasks are pickled. The tables do not pass through a DataFrame, since Spark would convert them
    to its own rows and back with code that it must compile first.
    Raises the function's error if it is one of Footfall's, else Spark's error.
    """
    if not todo:
        return []
    tasks = spark.sparkContext.parallelize(todo, len(todo))
    try:
        return tasks.map(lambda task: _with_memory_released(work(task))).collect()
    except (PySparkException, Py4JJavaError) as error:
        raise original_error(error) from error


def _with_memory_released(table: pa.Table) -> pa.Table:
    # The worker process lives on, so it returns its unused memory.
    pa.default_memory_pool().release_unused()
    return table

"""Spark in this process alone, with the settings of the warehouse's job."""

import pytest
from pyspark.sql import SparkSession

from footfall.warehouse.spark import session


@pytest.fixture(scope="session")
def warehouse_spark(spark: SparkSession) -> SparkSession:
    """Shares the executor of `spark`, but not its settings of SQL."""
    own = spark.newSession()
    for name, value in session.common().items():
        if name.startswith("spark.sql."):
            own.conf.set(name, value)
    return own

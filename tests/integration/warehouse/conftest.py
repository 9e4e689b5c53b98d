"""Spark in this process alone, with the settings of the warehouse's job, and clients of the platform's Hive."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from footfall.hive import Hive
from footfall.hive.login import SCHEMA
from footfall.settings import Settings
from footfall.warehouse.spark import session


@pytest.fixture(scope="session")
def warehouse_spark(spark: SparkSession) -> SparkSession:
    """Shares the executor of `spark`, but not its settings of SQL."""
    own = spark.newSession()
    for name, value in session.common().items():
        if name.startswith("spark.sql."):
            own.conf.set(name, value)
    return own


@pytest.fixture(scope="module")
def hive(platform: Settings) -> Iterator[Hive]:
    """A client that can only read, as users have it."""
    with Hive(platform) as client:
        yield client


@pytest.fixture(scope="module")
def schema_user(platform: Settings) -> Iterator[Hive]:
    """A client that makes tables and views."""
    with Hive(platform, login=SCHEMA) as client:
        yield client

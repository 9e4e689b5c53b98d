"""A Spark session in this process and on this machine alone: no platform, no HDFS, no YARN."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pyspark.sql import SparkSession

from footfall.runtime.java import java_home
from footfall.settings import load_settings
from footfall.streaming import spark_session

_JVM: Final = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Works as the streaming driver does, in one thread."""
    scratch = tmp_path_factory.mktemp("spark")
    before = dict(os.environ)
    os.environ |= {"JAVA_HOME": str(java_home(load_settings())), "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.appName("tests").master("local[1]")
    for name, value in {**spark_session.common(), **_local(scratch)}.items():
        builder = builder.config(name, value)
    running = builder.getOrCreate()
    running.sparkContext.setLogLevel("ERROR")
    try:
        yield running
    finally:
        running.stop()
        os.environ.clear()
        os.environ |= before


def _local(scratch: Path) -> dict[str, str]:
    return {
        "spark.driver.memory": "768m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # The tests are too short for the optimizing compiler to pay off.
        "spark.driver.extraJavaOptions": f"{_JVM} -Djava.io.tmpdir={scratch}",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }

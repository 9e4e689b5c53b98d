"""Makes the history of profiles from extracts, in a small Spark that runs in this process and on this machine alone.

An application on YARN would wait longer for its containers than this work takes.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from footfall.errors import FootfallError
from footfall.jobs import mapreduce
from footfall.runtime.java import java_home
from footfall.settings import Settings
from footfall.streaming import spark_session
from footfall.warehouse.profiles import PROFILES, PROFILES_HISTORY, ProfileTable
from footfall.warehouse.sqoop.source import COLUMNS

# Spark refuses less.
HEAP_MB: Final = 480
_JVM: Final = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.net.preferIPv4Stack=true"
# Spark's errors have a class in brackets before their sentence.
_ERROR_CLASS: Final = re.compile(r"\[[A-Z][A-Z_.0-9]+\] (.+?\.)(?:\s|$)")
_NULL: Final = "\\N"
# The columns of a version that are text in the tables too.
_TEXTS: Final = ("plan", "country", "signed_up_on", "company_size")


class HistoryFailed(FootfallError):
    """Spark could not make the history; the message is one sentence."""


@contextmanager
def local_session(settings: Settings, scratch: Path) -> Iterator[SparkSession]:
    """A Spark session with one thread in this process. scratch: a folder for its temporary files.

    Raises HistoryFailed if Spark fails inside the block.
    """
    os.environ |= {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(mapreduce.configuration(settings)),
        "SPARK_LOCAL_IP": settings.client_host,
    }
    builder = SparkSession.builder.appName("footfall-profiles").master("local[1]")
    for name, value in {**spark_session.common(), **_options(settings, scratch)}.items():
        builder = builder.config(name, value)
    with errors_as_sentences():
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        try:
            yield session
        finally:
            with suppress(Py4JError, OSError):
                session.stop()


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Turns Spark's errors inside the block into HistoryFailed."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise HistoryFailed(f"Spark could not make the profiles: {reason(str(error))}") from error


def write(spark: SparkSession, extracts: Sequence[str], targets: dict[ProfileTable, str]) -> None:
    """Writes the tables, one Parquet file each. extracts, targets: paths or URIs of folders."""
    history = build(spark, extracts).persist()
    for table, made in ((PROFILES_HISTORY, history), (PROFILES, current(history))):
        columns = [column.name for column in table.columns]
        ordered = made.select(columns).coalesce(1).sortWithinPartitions(*table.key)
        ordered.write.mode("overwrite").option("compression", "snappy").parquet(targets[table])
    history.unpersist()


def build(spark: SparkSession, extracts: Sequence[str]) -> DataFrame:
    """The rows of `profiles_history` from the folders of extracts, in any order.

    A version that is in several extracts counts once. A version that is followed by another one at the same instant
    was never valid and is left out.
    """
    person = Window.partitionBy("user_id").orderBy("valid_from_ms", "version")
    texts = [name for name in COLUMNS if name not in ("user_id", "version")]
    return (
        _versions(spark, extracts)
        .groupBy("user_id", "version")
        # The audit table of a CRM never changes a version. If one did, all orders of extracts would agree on this row.
        .agg(F.max(F.struct(*texts)).alias("row"))
        .select("user_id", "version", "row.*")
        .withColumn("valid_to_ms", F.lead("valid_from_ms").over(person))
        .where("valid_to_ms is null or valid_to_ms > valid_from_ms")
        .select(
            "user_id",
            "valid_from_ms",
            "valid_to_ms",
            *_TEXTS,
            F.col("birth_year").cast("int").alias("birth_year"),
            F.col("marketing_consent").cast("boolean").alias("marketing_consent"),
            _list("interests").alias("interests"),
            (F.col("deleted") != 0).alias("deleted"),
        )
    )


def current(history: DataFrame) -> DataFrame:
    """The rows of `profiles` from those of `profiles_history`."""
    return history.where("valid_to_ms is null and not deleted")


def _versions(spark: SparkSession, extracts: Sequence[str]) -> DataFrame:
    """The lines of extracts as columns of text, except for the numbers by which rows are ordered."""
    values = F.split("value", "\t", -1)
    numbers = ("version", "updated_ms", "valid_from_ms", "deleted")
    columns = [
        _value(values[position]).cast("long" if name in numbers else "string").alias(name)
        for position, name in enumerate(COLUMNS)
    ]
    return spark.read.option("lineSep", "\n").text(list(extracts)).select(*columns)


def _value(text: Column) -> Column:
    """The value of a column in the text format of PostgreSQL's COPY."""
    # Between two escaped backslashes, a backslash begins one of the other escapes.
    parts = F.transform(F.split(text, r"\\\\", -1), _unescaped)
    return F.when(text != _NULL, F.array_join(parts, "\\"))


def _list(name: str) -> Column:
    """A column with a JSON array of texts. Spark itself would take what is no array for NULL."""
    found, text = F.from_json(name, "array<string>"), F.col(name)
    fault = F.concat(F.lit("The "), F.lit(name), F.lit(" of "), "user_id", F.lit(" are no JSON array, but "), text)
    return F.when(text.isNotNull() & found.isNull(), F.raise_error(F.concat(fault, F.lit(".")))).otherwise(found)


def _unescaped(text: Column) -> Column:
    for letter, character in (("t", "\t"), ("n", "\n"), ("r", "\r")):
        text = F.replace(text, F.lit(f"\\{letter}"), F.lit(character))
    return text


def _options(settings: Settings, scratch: Path) -> dict[str, str]:
    host = settings.client_host
    return {
        "spark.driver.memory": f"{HEAP_MB}m",
        "spark.driver.host": host,
        "spark.driver.bindAddress": host,
        "spark.driver.extraJavaOptions": f"{_JVM} -Duser.timezone=UTC -Duser.language=en -Djava.io.tmpdir={scratch}",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.shuffle.partitions": "1",
    }


def reason(message: str) -> str:
    """What an error of Spark says, in one line with an end. message: its text, mostly with a stack trace."""
    if found := _ERROR_CLASS.findall(message):
        # The cause is named last.
        line = found[-1]
    else:
        line = next((line for line in message.splitlines() if line.strip()), "it gave no reason")
    return f"{line.strip().rstrip('.')[:300]}."

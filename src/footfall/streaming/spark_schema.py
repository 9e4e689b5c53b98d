"""The Spark schemas of `/events` and `/events_rejected`, and the parser of rejects."""

from functools import cache
from typing import Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import BooleanType, DateType, StringType, StructField, StructType, TimestampType

from footfall.lake import schema
from footfall.names import TOPIC_REJECTED
from footfall.streaming import record_decoder

_ORIGIN: Final = tuple(from_arrow_schema(pa.schema(schema.ORIGIN)))
_ORIGIN_NAMES: Final = tuple(name for name, _ in schema.ORIGIN)
_REJECT_TEXTS: Final = ("event_id", "reason", "stage", "detail", "original", "via")
_REJECT_TIME: Final = "rejected_at"
_DENIED_FIELD: Final = StructField("denied", BooleanType())
# By default, Spark accepts JSON that the other readers of Kafka refuse.
_STRICT: Final = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}


@cache
def archive_schema() -> StructType:
    """The columns of `/events`: the event's fields, its Kafka partition and offset, and the folder's `app_id`, `dt`."""
    inside = from_arrow_schema(schema.archived())
    return StructType([*inside, StructField("app_id", StringType()), StructField("dt", DateType())])


@cache
def rejects_schema() -> StructType:
    """The columns of `/events_rejected`: the record's fields, its Kafka partition and offset, and the folder's `dt`."""
    texts = [StructField(name, StringType()) for name in ("app_id", *_REJECT_TEXTS)]
    when = StructField(_REJECT_TIME, TimestampType())
    return StructType([*texts, _DENIED_FIELD, when, *_ORIGIN, StructField("dt", DateType())])


def read_rejects(records: DataFrame) -> DataFrame:
    """Parses the records of `events.rejected` into rows of `/events_rejected`, with an extra column `readable`."""
    fields = ("app_id", *_REJECT_TEXTS, _REJECT_TIME)
    texts = [StructField(name, StringType()) for name in fields]
    rejects = records.where(f.col("topic") == TOPIC_REJECTED)
    parsed = rejects.select(
        f.from_json(_text(), StructType([*texts, _DENIED_FIELD]), _STRICT).alias("reject"),
        f.is_valid_utf8(_text()).alias("valid"),
        *_origin(),
    )
    columns: list[Column] = [f.col(f"reject.{name}").alias(name) for name in (*fields[:-1], _DENIED_FIELD.name)]
    when = _time(f"reject.{_REJECT_TIME}").alias(_REJECT_TIME)
    typed = parsed.select(*columns, when, "valid", *_ORIGIN_NAMES)
    readable = f.col("valid") & f.col("app_id").isNotNull() & f.col("original").isNotNull() & _in_time(_REJECT_TIME)
    with_day = typed.withColumn("dt", f.to_date(_REJECT_TIME))
    return with_day.select(*rejects_schema().names, f.coalesce(readable, f.lit(False)).alias("readable"))


def _origin() -> list[Column]:
    return [f.col("partition").alias("kafka_partition"), f.col("offset").alias("kafka_offset")]


def _text() -> Column:
    return f.col("value").cast("string")


def _time(name: str) -> Column:
    # The cast alone would also accept a bare year or a time in another zone.
    return f.when(f.col(name).rlike(record_decoder.TIME_SHAPE), f.col(name).try_cast("timestamp"))


def _in_time(name: str) -> Column:
    return f.unix_seconds(name).between(0, record_decoder.LAST_S)

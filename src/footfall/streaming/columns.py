"""From Kafka's bytes to typed columns, by the event's own schema. Spark expressions only: no Python runs per event."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

import footfall.events
from footfall.names import APP_IDS

_SCHEMA: Final = Path(footfall.events.__file__).with_name("event.schema.json")
# By the schema's definitions; what is not named here is text, objects in it as JSON.
_TYPES: Final[dict[str, DataType]] = {
    "time": TimestampType(),
    "flag": BooleanType(),
    "latitude": DoubleType(),
    "longitude": DoubleType(),
    "position": IntegerType(),
    "ms": IntegerType(),
    "percent": IntegerType(),
    "http_status": IntegerType(),
    "pixels": IntegerType(),
    "count": LongType(),
    "cents": LongType(),
}
_ORIGIN: Final = (StructField("kafka_partition", IntegerType()), StructField("kafka_offset", LongType()))
_REJECT_TEXTS: Final = ("event_id", "reason", "stage", "detail", "original")
_REJECT_TIME: Final = "rejected_at"
_DENIED: Final = StructField("denied", BooleanType())
# As strict as the readers of the live path: what they do not take, the archive does not.
_UUID: Final = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
# No folder of a day that no calendar of Python's has: 1970 to 2159, as on the live path.
_LAST_S: Final = 5_999_999_940
# Else Spark reads what no other reader of Kafka does.
_STRICT: Final = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_NEEDED: Final = ("session_id", "anonymous_id", "event_type", "event_time", "received_at", "is_bot", "seq")


@cache
def event_fields() -> tuple[StructField, ...]:
    """The stored event's fields in the order of its schema, all nullable."""
    stored: dict[str, Any] = json.loads(_SCHEMA.read_text("utf-8"))["$defs"]["stored"]["properties"]
    return tuple(StructField(name, _type_of(about)) for name, about in stored.items())


@cache
def archive_schema() -> StructType:
    """The columns of `/events`: the event's fields, its place in Kafka, and last the folder's `app_id` and `dt`."""
    inside = [field for field in event_fields() if field.name != "app_id"]
    return StructType([*inside, *_ORIGIN, StructField("app_id", StringType()), StructField("dt", DateType())])


@cache
def rejects_schema() -> StructType:
    """The columns of `/events_rejected`: the record's fields, its place in Kafka, and the folder's `dt`."""
    texts = [StructField(name, StringType()) for name in ("app_id", *_REJECT_TEXTS)]
    when = StructField(_REJECT_TIME, TimestampType())
    return StructType([*texts, _DENIED, when, *_ORIGIN, StructField("dt", DateType())])


def read_events(records: DataFrame) -> DataFrame:
    """Records of `events` (Kafka's columns) as rows of `/events`, with a column `readable`: false for what is none."""
    texts = [StructField(field.name, _as_read(field.dataType)) for field in event_fields()]
    parsed = records.select(
        _parsed(StructType(texts)).alias("event"),
        *_origin(),
    )
    columns = [_typed(field).alias(field.name) for field in event_fields()]
    rows = parsed.select(*columns, *(field.name for field in _ORIGIN))
    readable = f.col("event_id").rlike(_UUID) & f.col("app_id").isin(*APP_IDS) & (f.col("session_id") != "")
    readable &= _in_time("event_time")
    for name in _NEEDED:
        readable &= f.col(name).isNotNull()
    return _ordered(rows, archive_schema(), f.to_date("event_time"), readable)


def read_rejects(records: DataFrame) -> DataFrame:
    """Records of `events.rejected` as rows of `/events_rejected`, with a column `readable`."""
    fields = ("app_id", *_REJECT_TEXTS, _REJECT_TIME)
    texts = [StructField(name, StringType()) for name in fields]
    parsed = records.select(_parsed(StructType([*texts, _DENIED])).alias("reject"), *_origin())
    columns: list[Column] = [f.col(f"reject.{name}").alias(name) for name in (*fields[:-1], _DENIED.name)]
    when = _time(f"reject.{_REJECT_TIME}").alias(_REJECT_TIME)
    rows = parsed.select(*columns, when, *(field.name for field in _ORIGIN))
    readable = f.col("app_id").isNotNull() & f.col("original").isNotNull() & _in_time(_REJECT_TIME)
    return _ordered(rows, rejects_schema(), f.to_date(_REJECT_TIME), readable)


def identity_hash() -> Column:
    """64 bits that stand for an identity, in a frame with `session_id` and `event_id`."""
    return f.xxhash64("session_id", "event_id")


def _ordered(rows: DataFrame, schema: StructType, day: Column, readable: Column) -> DataFrame:
    with_day = rows.withColumn("dt", day)
    return with_day.select(*schema.names, f.coalesce(readable, f.lit(False)).alias("readable"))


def _origin() -> list[Column]:
    return [f.col("partition").alias("kafka_partition"), f.col("offset").alias("kafka_offset")]


def _type_of(about: dict[str, Any]) -> DataType:
    return _TYPES.get(str(about.get("$ref", "")).rpartition("/")[2], StringType())


def _as_read(wanted: DataType) -> DataType:
    # Times are text in JSON; casting reads RFC 3339 several times faster than the JSON reader's own patterns.
    return StringType() if isinstance(wanted, TimestampType) else wanted


def _typed(field: StructField) -> Column:
    name = f"event.{field.name}"
    return _time(name) if isinstance(field.dataType, TimestampType) else f.col(name)


def _parsed(shape: StructType) -> Column:
    text = f.col("value").cast("string")
    return f.from_json(f.when(f.is_valid_utf8(text), text), shape, _STRICT)


def _time(name: str) -> Column:
    # The cast alone would take a bare year, or a time in another zone, for a time.
    return f.when(f.col(name).rlike(_TIME), f.col(name).try_cast("timestamp"))


def _in_time(name: str) -> Column:
    return f.unix_seconds(name).between(0, _LAST_S)

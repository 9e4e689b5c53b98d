"""From Kafka's bytes to typed columns, by the event's own schema. Spark expressions only: no Python runs per event."""

import json
from collections.abc import Sequence
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
from footfall.names import APP_IDS, TOPIC_EVENTS, TOPIC_REJECTED

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
_PLACE: Final = tuple(field.name for field in _ORIGIN)
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
_TEXT: Final = "text"
# What `_readable` looks at: parsing these alone takes a third of what an event takes whole.
_JUDGED: Final = frozenset({"event_id", "app_id", *_NEEDED})


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
    """Records of `events` (Kafka's columns) that `read_keys` found readable, as rows of `/events`."""
    rows = _events(records.select(_text(), *_origin()), event_fields(), *_PLACE)
    return rows.withColumn("dt", f.to_date("event_time")).select(*archive_schema().names)


def read_keys(records: DataFrame) -> DataFrame:
    """A row for each record (Kafka's columns): `is_event`, whether it is of `events`, and its place in Kafka.

    Of an event that can be read also `session_id`, `event_id`, `hash` and `minute` (since 1970), else null.
    """
    is_event = f.col("topic") == TOPIC_EVENTS
    # What is no event is not parsed as one.
    texts = records.select(is_event.alias("is_event"), f.when(is_event, _text()).alias(_TEXT), *_origin())
    # A column of its own, since Spark calls by reflection what stands inside of from_json.
    with_validity = texts.withColumn("valid", f.is_valid_utf8(_TEXT))
    rows = _events(with_validity, _judged(), "is_event", "valid", *_PLACE)
    told = rows.withColumn("readable", f.coalesce(f.col("valid") & _readable(), f.lit(False)))
    keys = {
        "session_id": f.col("session_id"),
        "event_id": f.col("event_id"),
        "hash": identity_hash(),
        "minute": minute(),
    }
    return told.select(
        "is_event", *_PLACE, *(f.when(f.col("readable"), column).alias(name) for name, column in keys.items())
    )


def read_rejects(records: DataFrame) -> DataFrame:
    """The records of `events.rejected` among these as rows of `/events_rejected`, with a column `readable`."""
    fields = ("app_id", *_REJECT_TEXTS, _REJECT_TIME)
    texts = [StructField(name, StringType()) for name in fields]
    rejects = records.where(f.col("topic") == TOPIC_REJECTED)
    parsed = rejects.select(
        f.from_json(_text(), StructType([*texts, _DENIED]), _STRICT).alias("reject"),
        f.is_valid_utf8(_text()).alias("valid"),
        *_origin(),
    )
    columns: list[Column] = [f.col(f"reject.{name}").alias(name) for name in (*fields[:-1], _DENIED.name)]
    when = _time(f"reject.{_REJECT_TIME}").alias(_REJECT_TIME)
    rows = parsed.select(*columns, when, "valid", *_PLACE)
    readable = f.col("valid") & f.col("app_id").isNotNull() & f.col("original").isNotNull() & _in_time(_REJECT_TIME)
    with_day = rows.withColumn("dt", f.to_date(_REJECT_TIME))
    return with_day.select(*rejects_schema().names, f.coalesce(readable, f.lit(False)).alias("readable"))


def identity_hash() -> Column:
    """64 bits that stand for an identity, in a frame with `session_id` and `event_id`."""
    return f.xxhash64("session_id", "event_id")


def minute() -> Column:
    """The minute of an event since 1970, in a frame with `event_time`."""
    return f.floor(f.unix_seconds("event_time") / 60)


def _events(texts: DataFrame, fields: Sequence[StructField], *also: str) -> DataFrame:
    """What records say in these fields of an event, typed, beside those columns that are kept as they are."""
    shape = StructType([StructField(field.name, _as_read(field.dataType)) for field in fields])
    parsed = texts.select(f.from_json(_TEXT, shape, _STRICT).alias("event"), *also)
    return parsed.select(*(_typed(field).alias(field.name) for field in fields), *also)


def _judged() -> list[StructField]:
    return [field for field in event_fields() if field.name in _JUDGED]


def _readable() -> Column:
    readable = f.col("event_id").rlike(_UUID) & f.col("app_id").isin(*APP_IDS) & (f.col("session_id") != "")
    readable &= _in_time("event_time")
    for name in _NEEDED:
        readable &= f.col(name).isNotNull()
    return readable


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


def _text() -> Column:
    return f.col("value").cast("string").alias(_TEXT)


def _time(name: str) -> Column:
    # The cast alone would take a bare year, or a time in another zone, for a time. Without its Z a time is one of the
    # session's zone, UTC, and read in half the time.
    return f.when(f.col(name).rlike(_TIME), f.substring(name, 1, 23).try_cast("timestamp"))


def _in_time(name: str) -> Column:
    return f.unix_seconds(name).between(0, _LAST_S)

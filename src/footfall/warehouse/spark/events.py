"""`fact_events`: the archived events of some days, each once, with its visits and the profile at its time."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from footfall.warehouse.spark import definitions, sessions
from footfall.warehouse.spark.schemas import with_day
from footfall.warehouse.tables import FACT_EVENTS

# Columns of the table that are no field of the archive under the same name.
_TIMES: Final = {"event_ms": "event_time", "received_ms": "received_at"}
_VISITS: Final = ("visit_id", "visit_id_all")
_PROFILE: Final = ("profile_plan", "profile_country", "profile_age_band", "profile_company_size")


def fact_events(archived: DataFrame, ends: Mapping[str, int], profiles: DataFrame, parts: int) -> DataFrame:
    """The rows of `FACT_EVENTS` and their `dt`, sorted within each of `parts` partitions by `sessions.ORDER`.

    archived: the columns of `/events`. ends: by Kafka partition: the offset from which on events are ignored.
    profiles: the columns of `PROFILES_HISTORY`.
    """
    typed = archived.where(_is_before(ends)).select(
        f.col("dt").cast("string").alias("dt"),
        *(
            f.unix_millis(_TIMES[name]).alias(name) if name in _TIMES else f.col(name).cast(kind).alias(name)
            for name, kind, _ in FACT_EVENTS.columns
            if name not in (*_VISITS, *_PROFILE, "is_late")
        ),
    )
    joined = _with_profiles(typed.withColumn("is_late", definitions.is_late()), profiles)
    schema = with_day(FACT_EVENTS)
    by_session = (
        joined.select(*(name for name in schema.names if name not in _VISITS))
        .repartition(parts, "session_id")
        .sortWithinPartitions(*sessions.SESSION)
    )
    made = by_session.mapInArrow(partial(sessions.cut, columns=schema.names), schema)
    # The rows are in this order already. The sort tells Spark, which then writes the folders of the days one by one.
    return made.sortWithinPartitions(*sessions.ORDER)


def _is_before(ends: Mapping[str, int]) -> Column:
    """Whether the manifest includes a row: its offset lies before the end of its partition."""
    end = f.lit(None).cast("bigint")
    for partition, offset in ends.items():
        end = f.when(f.col("kafka_partition") == int(partition), f.lit(offset)).otherwise(end)
    return f.col("kafka_offset") < end


def _with_profiles(events: DataFrame, profiles: DataFrame) -> DataFrame:
    """Adds the profile columns, as of each event's time. A deleted profile is none."""
    known = profiles.where(~f.coalesce(f.col("deleted"), f.lit(False))).select(
        f.col("user_id").alias("profile_user_id"),
        "valid_from_ms",
        "valid_to_ms",
        f.col("plan").alias("profile_plan"),
        f.col("country").alias("profile_country"),
        f.col("company_size").alias("profile_company_size"),
        "birth_year",
    )
    applies = (
        (f.col("user_id") == f.col("profile_user_id"))
        & (f.col("event_ms") >= f.col("valid_from_ms"))
        & (f.col("valid_to_ms").isNull() | (f.col("event_ms") < f.col("valid_to_ms")))
    )
    # Some ten thousand versions of profiles take a few MB, so each task gets all of them.
    joined = events.join(f.broadcast(known), applies, "left")
    age_band = definitions.age_band(f.col("birth_year"), f.substring("dt", 1, 4).cast("int"))
    return joined.withColumn("profile_age_band", f.when(f.col("profile_user_id").isNotNull(), age_band))

"""`day_geography` and `day_profiles`: visits by place, and visits of users by their profile."""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from footfall.metrics.ages import UNKNOWN
from footfall.warehouse.tables import DAY_GEOGRAPHY, DAY_PROFILES

# By level: the place columns that it keeps.
_LEVELS: Final = {"country": ("country",), "region": ("country", "region"), "city": ("country", "region", "city")}
_DIMENSIONS: Final = ("plan", "country", "age_band", "company_size")
_VISIT: Final = ["dt", "population", "visit_id"]
_FIGURES: Final = ("page_views", "engaged_ms", "is_engaged", "errors", "attempts")


def day_geography(visits: DataFrame, visitors: DataFrame) -> DataFrame:
    """The rows of `DAY_GEOGRAPHY` and their `dt`. visits: `fact_visits`. visitors: `visits.visitors_of_visits`."""
    has_spot = f.col("city").isNotNull() & f.col("latitude").isNotNull() & f.col("longitude").isNotNull()
    spot = f.when(has_spot, f.struct("latitude", "longitude")).alias("spot")
    levels = f.array(*(_level(level) for level in _LEVELS))
    return (
        visits.select(*_VISIT, "app_id", *_LEVELS["city"], spot, *_FIGURES)
        .join(visitors, _VISIT)
        .select("dt", "population", "app_id", "visitor_ids", *_FIGURES, f.inline(levels))
        .groupBy("dt", *DAY_GEOGRAPHY.key)
        .agg(
            f.min("spot").alias("spot"),
            f.count(f.lit(1)).alias("visits"),
            _distinct("visitor_ids").alias("visitors"),
            *(f.sum(name).alias(name) for name in ("page_views", "engaged_ms", "errors", "attempts")),
            f.count_if(~f.col("is_engaged")).alias("bounces"),
        )
        .select("*", "spot.latitude", "spot.longitude")
        .select("dt", *(column.name for column in DAY_GEOGRAPHY.columns))
    )


def day_profiles(visits: DataFrame, visitors: DataFrame) -> DataFrame:
    """The rows of `DAY_PROFILES` and their `dt`. visits: `fact_visits`. visitors: `visits.visitors_of_visits`."""
    values = f.array(
        *(
            f.struct(
                f.lit(name).alias("dimension"), f.coalesce(f.col(f"profile_{name}"), f.lit(UNKNOWN)).alias("value")
            )
            for name in _DIMENSIONS
        )
    )
    sums = ("page_views", "engaged_ms", "conversions", "revenue_cents")
    return (
        visits.where("user_id IS NOT NULL")
        .join(visitors, _VISIT)
        .select("dt", "population", "app_id", "user_id", "visitor_ids", *sums, f.inline(values))
        .groupBy("dt", *DAY_PROFILES.key)
        .agg(
            f.size(f.collect_set("user_id")).alias("users"),
            f.count(f.lit(1)).alias("visits"),
            _distinct("visitor_ids").alias("visitors"),
            *(f.sum(name).alias(name) for name in sums),
        )
        .select("dt", *(column.name for column in DAY_PROFILES.columns))
    )


def _level(level: str) -> Column:
    """The place of a visit at a level. Coordinates are those of cities."""
    kept = _LEVELS[level]
    place = ((f.col(name) if name in kept else f.lit(None).cast("string")).alias(name) for name in _LEVELS["city"])
    no_spot = f.lit(None).cast("struct<latitude: double, longitude: double>")
    return f.struct(
        f.lit(level).alias("place_level"), *place, (f.col("spot") if level == "city" else no_spot).alias("spot")
    )


def _distinct(ids: str) -> Column:
    return f.size(f.array_distinct(f.flatten(f.collect_list(ids))))

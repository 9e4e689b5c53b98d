"""`day_paths` and `day_transitions`: how visits move through a site."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from footfall.metrics import paths
from footfall.warehouse.spark.populations import in_populations
from footfall.warehouse.tables import DAY_PATHS, DAY_TRANSITIONS


def day_paths(visits: DataFrame) -> DataFrame:
    """The rows of `DAY_PATHS` and their `dt`. visits: `fact_visits`."""
    kinds = {"page_type": "path_types", "page_path": "path_pages"}
    steps = f.array(*(f.struct(f.lit(of).alias("path_of"), f.col(name).alias("steps")) for of, name in kinds.items()))
    lengths = f.sequence(f.lit(paths.SHORTEST), f.lit(paths.LONGEST))
    return (
        visits.select("dt", "population", "app_id", "conversions", f.inline(steps))
        .withColumn("length", f.explode(lengths))
        .where(f.size("steps") >= f.col("length"))
        .withColumn("path", f.slice("steps", f.lit(1), f.col("length")))
        .withColumn("ends_in_exit", f.size("steps") == f.col("length"))
        .groupBy("dt", *DAY_PATHS.key)
        .agg(f.count(f.lit(1)).alias("visits"), f.sum("conversions").alias("conversions"))
    )


def day_transitions(page_views: DataFrame) -> DataFrame:
    """The rows of `DAY_TRANSITIONS` and their `dt`. page_views: `fact_page_views`."""
    steps = page_views.select(
        "dt", "app_id", "is_bot", "page_path", "previous_view_path", "previous_view_path_all"
    ).withColumnRenamed("page_path", "to_page")
    return (
        in_populations(steps)
        .where("previous_view_path IS NOT NULL")
        .withColumnRenamed("previous_view_path", "from_page")
        .groupBy("dt", *DAY_TRANSITIONS.key)
        .agg(f.count(f.lit(1)).alias("transitions"))
    )

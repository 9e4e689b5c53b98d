"""Doubles rows for the populations: each is one of people or of bots, and one of all."""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

_ALL: Final = "_all"


def in_populations(rows: DataFrame) -> DataFrame:
    """Each row twice, with the column `population` instead of `is_bot`: people or bots, and all.

    A column X that depends on the population has a sibling X_all, whose value it takes in the row of `all`. A row
    whose `is_bot` is null is a person's.
    """
    names = rows.columns
    differing = [name for name in names if f"{name}{_ALL}" in names]
    same = [name for name in names if name not in differing and not name.endswith(_ALL) and name != "is_bot"]
    own = f.when(f.col("is_bot"), "bots").otherwise("people")
    of_own = f.struct(own.alias("population"), *differing)
    of_all = f.struct(f.lit("all").alias("population"), *(f.col(f"{name}{_ALL}").alias(name) for name in differing))
    return rows.select(*same, f.inline(f.array(of_own, of_all)))

"""When each visitor and each kind of error was seen first. Both are computed anew from all published days.

They are the only figures that depend on more than one day; the tables of a day never do.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.lake import layout
from footfall.warehouse.partitions import with_partitions
from footfall.warehouse.published import Published
from footfall.warehouse.tables import ROOT

NEW_VISITORS: Final = f"{ROOT}/firsts/new_visitors.json"
ERRORS: Final = f"{ROOT}/firsts/errors.json"


def rebuild(hdfs: Hdfs, hive: Hive, published: Mapping[date, Published]) -> None:
    """Computes both for the published days and replaces the files. Raises HiveUnavailable and HdfsUnavailable."""
    partitions = {str(day): one.run for day, one in published.items()}
    if not partitions:
        return
    new = hive.rows(
        with_partitions(
            "SELECT first_dt, app_id, count(*) FROM (SELECT app_id, anonymous_id, min(dt) AS first_dt "
            "FROM visitor_days WHERE has_people_events AND NOT consent_denied GROUP BY app_id, anonymous_id) v "
            "GROUP BY first_dt, app_id",
            partitions,
        )
    )
    errors = hive.rows(
        with_partitions(
            "SELECT population, app_id, fingerprint, min(dt) FROM day_errors GROUP BY population, app_id, fingerprint",
            partitions,
        )
    )
    layout.put(hdfs, NEW_VISITORS, json.dumps(sorted(new)).encode())
    layout.put(hdfs, ERRORS, json.dumps(sorted(errors)).encode())


def new_visitors(document: Any) -> dict[tuple[str, str], int]:
    """(day, site) → the visitors who were seen first on that day. document: `NEW_VISITORS`, or None."""
    return {(dt, app): n for dt, app, n in document or ()}


def error_firsts(document: Any) -> dict[tuple[Any, ...], str]:
    """(population, site, fingerprint) → the day of the first such error. document: `ERRORS`, or None."""
    return {(population, app, fingerprint): dt for population, app, fingerprint, dt in document or ()}

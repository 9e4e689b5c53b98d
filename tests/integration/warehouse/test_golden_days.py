"""The job's tables of two made-up days and an empty one. The answers were worked out by hand from the definitions."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from footfall.hdfs import FileStatus
from footfall.lake.errors import ArchiveRefused
from footfall.metrics.fingerprints import client_fingerprint
from footfall.streaming.spark_failures import name_damaged_files
from footfall.warehouse import tables
from footfall.warehouse.spark import pipeline
from footfall.warehouse.spark.inputs import InputMissing
from tests.support import golden_days as golden
from tests.support.golden_days import DAY, DAYS, EMPTY, NEXT, RUN, event_id, ms
from tests.support.local_files import LocalFiles

Row = dict[str, Any]


def make(spark: SparkSession, files: LocalFiles, days: Sequence[str], run: str = RUN) -> None:
    pipeline.make(spark, files, files.uri, golden.manifest(run=run), days, {}, lambda what, seconds: None)


def rows(files: LocalFiles, table: str, day: str = DAY, run: str = RUN, **where: Any) -> list[Row]:
    """The rows of a partition in the order of their key, reduced to those with these values."""
    known = tables.table(table)
    found = [pq.read_table(io.BytesIO(files.read(file.path) or b"")) for file in files.list(known.partition(day, run))]
    assert found
    assert all(part.column_names == [column.name for column in known.columns] for part in found)
    listed = pa.concat_tables(found).to_pylist()
    chosen = [row for row in listed if all(row[name] == value for name, value in where.items())]
    return sorted(chosen, key=lambda row: [(row[name] is not None, row[name]) for name in known.key])


def shown(found: list[Row], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in found]


@pytest.fixture(scope="module")
def files(warehouse_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LocalFiles:
    """The three days as one range."""
    made = LocalFiles(tmp_path_factory.mktemp("golden"))
    golden.write(made)
    make(warehouse_spark, made, DAYS)
    return made


def test_each_archived_event_is_there_once(files: LocalFiles) -> None:
    found = rows(files, "fact_events")
    numbers = [*range(1, 11), 13, *range(20, 24), *range(30, 33), *range(40, 44), *range(50, 53)]
    assert [row["event_id"] for row in sorted(found, key=lambda row: row["event_id"])] == list(map(event_id, numbers))
    (repeated,) = [row for row in found if row["event_id"] == event_id(10)]
    assert (repeated["kafka_offset"], repeated["page_path"]) == (100, "/")
    assert [row["event_id"] for row in found if row["is_late"]] == [event_id(40)]
    assert shown(rows(files, "fact_events", NEXT), "event_id") == [(event_id(14),), (event_id(15),)]


def test_events_carry_their_visits_and_the_profile_of_their_time(files: LocalFiles) -> None:
    found = {row["event_id"]: row for row in rows(files, "fact_events")}
    visits = {int(key[-2:]): row["visit_id"] for key, row in found.items() if row["session_id"] == "A"}
    assert [visits[number][-1] for number in (1, 7, 8, 9, 10, 13)] == ["1", "1", "1", "2", "3", "4"]
    assert rows(files, "fact_events", NEXT)[0]["visit_id"] == f"shop:A:{NEXT}:1"
    assert found[event_id(32)]["visit_id"] == found[event_id(32)]["visit_id_all"] == f"news:C:{DAY}:1"
    plans = [found[event_id(number)]["profile_plan"] for number in (1, 4, 6, 10, 50)]
    assert plans == [None, "free", "pro", None, "team"]
    bands = [found[event_id(number)]["profile_age_band"] for number in (1, 6, 10, 50)]
    assert bands == [None, "35-44", None, "unknown"]


def test_events_of_files_from_before_schema_1_1_and_after_are_together(files: LocalFiles) -> None:
    found = rows(files, "fact_events")
    assert [(row["event_id"], row["event_type"], row["event_name"]) for row in found if row["event_name"]] == [
        (event_id(4), "custom", "signup")
    ]
    assert {(row["via"], row["lcp_ms"], row["cls_milli"]) for row in found} == {(None, None, None)}


def test_visits_of_people(files: LocalFiles) -> None:
    found = rows(files, "fact_visits", population="people")
    assert [row["visit_id"] for row in found] == [
        f"academy:D:{DAY}:1", f"news:B:{DAY}:1", f"news:C:{DAY}:1", f"shop:A:{DAY}:1", f"shop:A:{DAY}:3",
        f"shop:A:{DAY}:4", f"shop:E:{DAY}:1",
    ]  # fmt: skip
    assert shown(found, "events", "page_views", "duration_ms", "engaged_ms", "conversions", "revenue_cents") == [
        (4, 1, 3_000, 0, 0, 0),
        (4, 1, 3_000, 0, 2, 0),
        (1, 1, 0, 0, 0, 0),
        (8, 3, 1_860_000, 7_000, 1, 750),
        (1, 1, 0, 0, 0, 0),
        (1, 1, 0, 0, 0, 0),
        (3, 3, 2_000, 0, 0, 0),
    ]
    assert shown(found, "errors", "attempts", "is_engaged", "user_id", "source") == [
        (3, 4, False, "u1", "direct"),
        (1, 1, True, None, "direct"),
        (0, 1, False, None, "direct"),
        (0, 3, True, "u1", "search"),
        (0, 1, False, "u2", "direct"),
        (0, 1, False, None, "campaign"),
        (0, 3, True, "u1", "direct"),
    ]
    first = found[3]
    assert (first["started_ms"], first["ended_ms"]) == (ms("10:00:00"), ms("10:31:00"))
    assert (first["entry_path"], first["exit_path"]) == ("/", "/p")
    assert (first["country"], first["city"], first["latitude"], first["os"]) == ("DE", "Berlin", 52.5, "Android")
    assert (first["profile_plan"], first["profile_age_band"], first["profile_company_size"]) == (
        "pro",
        "35-44",
        "10-49",
    )
    assert (found[5]["utm_source"], found[5]["utm_medium"]) == ("mail", "email")
    assert found[6]["path_types"] == ["home", "product", "home"]
    assert found[3]["path_pages"] == ["/", "/p"]
    assert rows(files, "fact_visits", NEXT) == []


def test_each_population_has_visits_of_its_own(files: LocalFiles) -> None:
    found = [row for row in rows(files, "fact_visits") if row["session_id"] == "C"]
    assert shown(found, "population", "visit_id", "page_views", "country", "is_engaged", "path_pages") == [
        ("all", f"news:C:{DAY}:1", 3, "US", True, ["/y", "/x", "/z"]),
        ("bots", f"news:C:{DAY}:1", 2, "US", True, ["/y", "/z"]),
        ("people", f"news:C:{DAY}:1", 1, "FR", False, ["/x"]),
    ]


def test_page_views(files: LocalFiles) -> None:
    found = {int(row["event_id"][-2:]): row for row in rows(files, "fact_page_views")}
    assert sorted(found) == [1, 3, 5, 10, 13, 20, 30, 31, 32, 40, 50, 51, 52]
    assert [found[number]["scroll_pct"] for number in (1, 3, 5, 13)] == [40, 70, None, None]
    assert [found[number]["server_us"] for number in (1, 3, 52)] == [2_500, None, 2_500]
    flags = ("is_entry", "is_exit", "previous_view_path", "is_engaged")
    assert shown([found[number] for number in (1, 3, 5, 10)], *flags) == [
        (True, False, None, True),
        (False, False, "/", True),
        (False, True, "/p", True),
        (True, True, None, False),
    ]
    both = [value for name in flags for value in (name, f"{name}_all")]
    assert shown([found[number] for number in (30, 31, 32)], *both) == [
        (True, False, True, False, None, "/y", False, True),
        (True, True, False, False, None, None, True, True),
        (False, False, True, True, "/y", "/x", True, True),
    ]


def test_errors(files: LocalFiles) -> None:
    found = rows(files, "fact_errors")
    assert shown(found, "origin", "error_key", "error_code", "page_path", "anonymous_id", "visit_id", "is_bot") == [
        ("client", f"D/{event_id(41)}", "TypeError", "/", "visitor of D", f"academy:D:{DAY}:1", False),
        ("client", f"D/{event_id(42)}", "TypeError", "/q", "visitor of D", f"academy:D:{DAY}:1", False),
        ("client", f"D/{event_id(43)}", "TypeError", "/q", "visitor of D", f"academy:D:{DAY}:1", False),
        ("server", "r1", "KeyError", "/", "visitor of A", f"shop:A:{DAY}:1", False),
        ("server", "r8", "KeyError", "/p", None, None, False),
    ]
    items, order = (client_fingerprint("academy", "TypeError", text) for text in ("item # is gone", "order # is lost"))
    names = ("errors", "visitors", "visits", "message", "page_path", "sample_request_id", "first_ms", "last_ms")
    by_print = {row["fingerprint"]: row for row in rows(files, "day_errors", population="people")}
    assert shown([by_print[one] for one in (items, order, "f1")], *names) == [
        (2, 1, 1, "item 8 is gone", "/", "r4", ms("15:00:01"), ms("15:00:02")),
        (1, 1, 1, "order 01a213bf-fb7f-77f3-8ce0-b1a4ea94a2c1 is lost", "/q", "r4", ms("15:00:03"), ms("15:00:03")),
        (2, 1, 1, "'y'", "/", "r8", ms("10:00:00"), ms("10:00:05")),
    ]
    assert {row["population"] for row in rows(files, "day_errors")} == {"people", "all"}


def test_visitor_days(files: LocalFiles) -> None:
    names = ("anonymous_id", "has_people_events", "has_bot_events", "consent_denied", "events", "page_views")
    assert shown(rows(files, "visitor_days"), *names) == [
        ("visitor of D", True, False, False, 4, 1),
        ("B", True, False, True, 4, 1),
        ("visitor of C", True, True, False, 3, 3),
        ("visitor of A", True, False, False, 11, 5),
        ("visitor of E", True, False, False, 3, 3),
    ]
    assert shown(rows(files, "visitor_days", app_id="shop"), "first_ms", "user_id") == [
        (ms("10:00:00"), "u2"),
        (ms("18:00:00"), "u1"),
    ]


SUMMARY = (
    "app_id", "page_views", "visits", "visitors", "engaged_ms", "events", "users", "bounces", "median_visit_ms",
    "conversions", "revenue_cents", "errors", "attempts", "p95_ms", "bot_events", "late_events",
)  # fmt: skip


def test_summary(files: LocalFiles) -> None:
    assert shown(rows(files, "day_summary", population="people"), *SUMMARY) == [
        ("academy", 1, 1, 1, 0, 4, 1, 1, 3_000, 0, 0, 3, 4, None, 0, 1),
        ("all", 11, 7, 5, 7_000, 23, 2, 4, 2_000, 3, 750, 4, 14, 1_500, 2, 1),
        ("news", 2, 2, 2, 0, 5, 0, 1, 0, 2, 0, 1, 2, 10, 2, 0),
        ("shop", 8, 4, 2, 7_000, 14, 2, 2, 0, 1, 750, 0, 8, 1_500, 0, 0),
    ]
    assert shown(rows(files, "day_summary", population="bots"), *SUMMARY) == [
        ("all", 2, 1, 1, 0, 2, 0, 0, 1_000, 0, 0, 0, 2, 30, 2, 0),
        ("news", 2, 1, 1, 0, 2, 0, 0, 1_000, 0, 0, 0, 2, 30, 2, 0),
    ]
    assert shown(rows(files, "day_summary", population="all", app_id="news"), *SUMMARY) == [
        ("news", 4, 2, 2, 0, 7, 0, 0, 2_000, 2, 0, 1, 4, 30, 2, 0)
    ]
    assert shown(rows(files, "day_summary", NEXT, population="people"), *SUMMARY) == [
        (app, 0, 0, 1, 3_000, 2, 0, 0, None, 1, 70, 0, 0, None, 0, 0) for app in ("all", "shop")
    ]


def test_pages(files: LocalFiles) -> None:
    home, product, last = rows(files, "day_pages", population="people", app_id="shop")
    common = {"population": "people", "app_id": "shop", "page_title": None}
    assert home == {
        **common, "page_path": "/", "page_type": "home", "title_ms": ms("18:00:02"), "page_views": 4, "visits": 3,
        "visitors": 2, "engaged_ms": 6_000, "entries": 3, "exits": 2, "bounces": 1, "scroll_sum": 40, "scroll_views": 1,
        "p50_ms": 100, "p95_ms": 1_001, "p99_ms": 1_001, "server_p95_ms": 3, "timed_views": 2, "slow_views": 1,
        "slow_exits": 1, "fast_exits": 0,
    }  # fmt: skip
    assert product == {
        **common, "page_path": "/p", "page_type": "product", "title_ms": ms("18:00:01"), "page_views": 3, "visits": 2,
        "visitors": 2, "engaged_ms": 1_000, "entries": 0, "exits": 1, "bounces": 0, "scroll_sum": 70, "scroll_views": 1,
        "p50_ms": 300, "p95_ms": 1_500, "p99_ms": 1_500, "server_p95_ms": None, "timed_views": 3, "slow_views": 1,
        "slow_exits": 0, "fast_exits": 1,
    }  # fmt: skip
    assert (last["page_path"], last["bounces"], last["p95_ms"], last["scroll_views"]) == ("/p2", 1, None, 0)
    names = ("page_path", "page_views", "visits", "engaged_ms", "page_type", "title_ms", "p50_ms")
    assert shown(rows(files, "day_pages", NEXT, population="people"), *names) == [
        ("/p2", 0, 0, 3_000, None, None, None)
    ]


def test_sections(files: LocalFiles) -> None:
    names = ("page_section", "page_views", "visits", "visitors", "engaged_ms", "exits", "scroll_sum", "scroll_views")
    assert shown(rows(files, "day_sections", population="people", app_id="shop"), *names) == [
        ("section of /", 4, 3, 2, 6_000, 2, 40, 1),
        ("section of /p", 3, 2, 2, 1_000, 1, 70, 1),
        ("section of /p2", 1, 1, 1, 0, 1, 0, 0),
    ]


def test_journeys(files: LocalFiles) -> None:
    names = ("path_of", "length", "path", "ends_in_exit", "visits", "conversions")
    assert shown(rows(files, "day_paths", population="people"), *names) == [
        ("page_path", 2, ["/", "/p"], False, 1, 0),
        ("page_path", 2, ["/", "/p"], True, 1, 1),
        ("page_path", 3, ["/", "/p", "/"], True, 1, 0),
        ("page_type", 2, ["home", "product"], False, 1, 0),
        ("page_type", 2, ["home", "product"], True, 1, 1),
        ("page_type", 3, ["home", "product", "home"], True, 1, 0),
    ]
    steps = ("population", "from_page", "to_page", "transitions")
    assert shown(rows(files, "day_transitions"), *steps) == [
        ("all", "/x", "/z", 1),
        ("all", "/y", "/x", 1),
        ("all", "/", "/p", 2),
        ("all", "/p", "/", 1),
        ("all", "/p", "/p", 1),
        ("bots", "/y", "/z", 1),
        ("people", "/", "/p", 2),
        ("people", "/p", "/", 1),
        ("people", "/p", "/p", 1),
    ]


def test_geography(files: LocalFiles) -> None:
    names = (
        "place_level", "country", "region", "city", "latitude", "longitude", "page_views", "visits", "visitors",
        "engaged_ms", "bounces", "attempts",
    )  # fmt: skip
    assert shown(rows(files, "day_geography", population="people", app_id="shop"), *names) == [
        ("city", None, None, None, None, None, 2, 2, 1, 0, 2, 2),
        ("city", "DE", "DE-BE", "Berlin", 52.4, 13.4, 6, 2, 2, 7_000, 0, 6),
        ("country", None, None, None, None, None, 2, 2, 1, 0, 2, 2),
        ("country", "DE", None, None, None, None, 6, 2, 2, 7_000, 0, 6),
        ("region", None, None, None, None, None, 2, 2, 1, 0, 2, 2),
        ("region", "DE", "DE-BE", None, None, None, 6, 2, 2, 7_000, 0, 6),
    ]


def test_profiles(files: LocalFiles) -> None:
    names = (
        "dimension",
        "value",
        "users",
        "visits",
        "visitors",
        "page_views",
        "engaged_ms",
        "conversions",
        "revenue_cents",
    )
    found = shown(rows(files, "day_profiles", population="people", app_id="shop"), *names)
    assert [row for row in found if row[0] in ("age_band", "plan")] == [
        ("age_band", "35-44", 1, 1, 1, 3, 7_000, 1, 750),
        ("age_band", "unknown", 2, 2, 2, 4, 0, 0, 0),
        ("plan", "pro", 1, 1, 1, 3, 7_000, 1, 750),
        ("plan", "team", 1, 1, 1, 3, 0, 0, 0),
        ("plan", "unknown", 1, 1, 1, 1, 0, 0, 0),
    ]


def test_every_partition_exists_and_one_without_rows_has_a_file(files: LocalFiles) -> None:
    for table in pipeline.MADE:
        assert all(1 <= len(files.list(table.partition(day, RUN))) <= 2 for day in DAYS)
        assert rows(files, table.name, EMPTY) == []
    assert not files.exists(f"{tables.ROOT}/_staging/{RUN}-events")


class Merging(LocalFiles):
    """An archive whose writer merges: at first it lists a file that is then gone."""

    listed = False

    def list(self, path: str) -> list[FileStatus]:
        found = super().list(path)
        if self.listed or path != f"/events/app_id=shop/dt={DAY}":
            return found
        self.listed = True
        return [*found, replace(found[0], path=f"{path}/cafe0001-000000007.parquet")]


def test_another_run_of_a_single_day_makes_the_same_rows(warehouse_spark: SparkSession, files: LocalFiles) -> None:
    run = "20261127T000000-0000"
    golden.write(files, run)
    merging = Merging(files.root)
    make(warehouse_spark, merging, [DAY], run)
    assert merging.listed
    for table in pipeline.MADE:
        assert rows(files, table.name, DAY, run) == rows(files, table.name, DAY), table.name


def test_a_damaged_file_of_the_archive_is_named(warehouse_spark: SparkSession, tmp_path: Path) -> None:
    damaged = LocalFiles(tmp_path)
    golden.write(damaged)
    path = f"/events/app_id=news/dt={DAY}/cafe0001-000000009.parquet"
    damaged.write(path, b"PAR1 this is no Parquet PAR1")
    with pytest.raises(ArchiveRefused, match=path), name_damaged_files(damaged, f"file://{tmp_path}"):
        make(warehouse_spark, damaged, [DAY])
    assert not damaged.exists(tables.FACT_EVENTS.partition(DAY, RUN))


def test_missing_profiles_are_not_taken_for_none(warehouse_spark: SparkSession, tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    golden.use_profiles(files)
    with pytest.raises(InputMissing, match=f"profiles_history/run={golden.PROFILES_RUN} do not exist"):
        make(warehouse_spark, files, [DAY])

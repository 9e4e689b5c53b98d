"""A run of learning: its window, its models, and what its checks found."""

from datetime import date
from pathlib import Path

import pytest

from footfall.jobs.errors import WrongRequest
from footfall.learning import extracts, retention, runs
from footfall.learning.errors import ModelMissing, ModelRefused, TooLittleData
from footfall.learning.runs import Verdict
from footfall.learning.tables import POINTERS, RUNS, SEGMENT_MODEL, SEGMENT_MODELS, TABLES, tables_of
from footfall.warehouse import published
from footfall.warehouse.arrow_schema import schema_of
from footfall.warehouse.hive import ddl, migration_files
from footfall.warehouse.published import Published
from tests.support.local_files import LocalFiles

RUN, OTHER = "20261129T020000-1a2b", "20261128T020000-3c4d"
FIRST, SECOND, THIRD = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28)


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """Two published days, the second and the third."""
    here = LocalFiles(tmp_path)
    published.replace(here, {day: Published(day, OTHER, 1, "") for day in (SECOND, THIRD)})
    return here


def test_a_window_is_what_is_published_of_it(files: LocalFiles) -> None:
    plan = runs.plan(files, RUN, (FIRST, SECOND, THIRD))
    assert plan.partitions == {"2026-11-27": OTHER, "2026-11-28": OTHER}
    assert (plan.first, plan.dt, plan.missing) == ("2026-11-27", "2026-11-28", ["2026-11-26"])
    assert plan.note.startswith("1 days of the window are not published and were left out: 2026-11-26")
    assert runs.end_ms(plan) == 20_786 * 86_400_000


def test_a_plan_stays_when_other_days_are_published_meanwhile(files: LocalFiles) -> None:
    plan = runs.plan(files, RUN, (FIRST, SECOND))
    published.replace(files, {day: Published(day, RUN, 2, "") for day in (FIRST, SECOND)})
    assert runs.plan(files, RUN, (FIRST, SECOND)) == plan
    with pytest.raises(WrongRequest, match="start a new run for other days"):
        runs.plan(files, RUN, (SECOND, THIRD))


def test_a_window_whose_last_day_is_not_published_has_no_plan(files: LocalFiles) -> None:
    with pytest.raises(TooLittleData, match="2026-11-26 is not published"):
        runs.plan(files, RUN, (FIRST,))


def test_extracted_rows_are_read_by_later_jobs(files: LocalFiles) -> None:
    with pytest.raises(ModelMissing, match="learning-inputs first"):
        runs.rows(files, RUN, "items")
    row = {"app_id": "shop", "item_type": "product", "item_id": "tent", "title": None, "section": "camping"}
    runs.put_rows(files, RUN, "items", [row], extracts.ITEMS_SCHEMA)
    assert runs.rows(files, RUN, "items") == [row]


def _model(files: LocalFiles, run: str, problems: list[str]) -> None:
    runs.put_model(files, run, SEGMENT_MODELS, {"model_id": run})
    runs.put_verdict(files, run, Verdict(SEGMENT_MODELS, "2026-11-28", problems))


def test_a_run_uses_its_own_model_or_else_the_newest_published_one(files: LocalFiles) -> None:
    with pytest.raises(ModelMissing, match="Run the job segment-model of the run"):
        runs.model(files, RUN, SEGMENT_MODELS, "2026-11-28")
    _model(files, OTHER, [])
    published.replace(files, {SECOND: Published(SECOND, OTHER, 1, "")}, SEGMENT_MODELS)
    assert runs.model(files, RUN, SEGMENT_MODELS, "2026-11-28") == {"model_id": OTHER}
    # A model of later days would know what the window does not.
    with pytest.raises(ModelMissing):
        runs.model(files, RUN, SEGMENT_MODELS, "2026-11-26")
    _model(files, RUN, ["It is bad."])
    assert runs.model(files, RUN, SEGMENT_MODELS, "2026-11-28") == {"model_id": OTHER}
    _model(files, RUN, [])
    assert runs.model(files, RUN, SEGMENT_MODELS, "2026-11-28") == {"model_id": RUN}


def test_a_model_whose_file_is_gone_is_a_sentence(files: LocalFiles) -> None:
    published.replace(files, {SECOND: Published(SECOND, OTHER, 1, "")}, SEGMENT_MODELS)
    with pytest.raises(ModelMissing, match="is gone"):
        runs.model(files, RUN, SEGMENT_MODELS, "2026-11-28")


def test_a_published_run_is_not_written_again(files: LocalFiles) -> None:
    _model(files, RUN, [])
    runs.begin(files, RUN, SEGMENT_MODELS)
    assert runs.verdict(files, RUN, SEGMENT_MODELS) is None
    published.replace(files, {SECOND: Published(SECOND, RUN, 1, "")}, SEGMENT_MODELS)
    with pytest.raises(ModelRefused, match="Start a new run"):
        runs.begin(files, RUN, SEGMENT_MODELS)


def test_a_partition_holds_its_rows(files: LocalFiles) -> None:
    assert runs.table_rows(files, RUN, SEGMENT_MODEL, "2026-11-28") == []
    row = dict.fromkeys(schema_of(SEGMENT_MODEL).names) | {"model_id": "m", "seed": 1}
    runs.put_table(files, RUN, SEGMENT_MODEL, "2026-11-28", [row])
    assert runs.table_rows(files, RUN, SEGMENT_MODEL, "2026-11-28") == [row]


def test_pointers_do_not_touch_the_published_days(files: LocalFiles) -> None:
    before = published.read(files)
    published.replace(files, {SECOND: Published(SECOND, RUN, 1, "")}, SEGMENT_MODELS)
    assert published.read(files) == before


def test_every_table_belongs_to_a_pointer_that_hive_knows() -> None:
    assert sorted(table.name for pointer in POINTERS for table in tables_of(pointer)) == sorted(
        table.name for table in TABLES
    )
    statements = " ".join(statement for one in migration_files.load() for statement in one.statements)
    for pointer in POINTERS:
        assert f"EXTERNAL TABLE IF NOT EXISTS footfall.{pointer} " in statements
        assert f"/{pointer}'" in statements
    for table in TABLES:
        assert f"JOIN footfall.{table.pointer} p ON t.dt = p.dt AND t.run = p.run" in ddl.create_view(table)


def test_keys_and_columns_of_tables_are_as_in_the_warehouse() -> None:
    kinds = {"string", "int", "bigint", "double", "boolean"}
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert set(table.key) <= set(names)
        assert len(set(names)) == len(names)
        assert all(column.type in kinds and column.comment for column in table.columns), table.name


def test_folders_of_runs_go_after_a_week_unless_they_are_kept(files: LocalFiles) -> None:
    for run in (RUN, OTHER, "20261101T020000-aaaa", "20261101T020000-bbbb"):
        _model(files, run, [])
    now_ms = 20_786 * 86_400_000
    assert retention.sweep_runs(files, {"20261101T020000-bbbb"}, now_ms) == 1
    assert {one.name for one in files.list(RUNS)} == {RUN, OTHER, "20261101T020000-bbbb"}

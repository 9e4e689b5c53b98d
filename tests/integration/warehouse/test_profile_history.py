"""Spark's history of profiles agrees with one computed in the simplest way, whatever the extracts are."""

import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from footfall.warehouse.arrow_schema import schema_of
from footfall.warehouse.profiles import PROFILES, PROFILES_HISTORY, TABLES, ProfileTable
from footfall.warehouse.sqoop import audit, extracts
from footfall.warehouse.sqoop.extracts import Extract
from footfall.warehouse.sqoop.history import HistoryFailed, errors_as_sentences, write
from tests.support.crm_people import PersonVersion, history, people, store
from tests.support.local_files import LocalFiles


def _made(spark: SparkSession, files: LocalFiles, taken: list[Extract]) -> dict[ProfileTable, list[dict[str, Any]]]:
    targets = {table: table.partition("made") for table in TABLES}
    write(
        spark,
        [files.uri(extract.folder) for extract in taken],
        {table: files.uri(path) for table, path in targets.items()},
    )
    audit.check(files, targets[PROFILES_HISTORY], targets[PROFILES], extracts.summarise(files, taken))
    return {table: _rows(files, table, path) for table, path in targets.items()}


def _rows(files: LocalFiles, table: ProfileTable, folder: str) -> list[dict[str, Any]]:
    [part] = files.list(folder)
    file = pq.ParquetFile(io.BytesIO(files.read(part.path) or b""))
    assert file.schema_arrow == schema_of(table)
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    assert {group.column(0).compression for group in groups} <= {"SNAPPY"}
    rows: list[dict[str, Any]] = file.read().to_pylist()
    return rows


def test_the_tables_are_those_of_the_versions_in_all_extracts(spark: SparkSession, tmp_path: Path) -> None:
    files, versions = LocalFiles(tmp_path), people(seed=1, number=400)
    # The second extract repeats a part of the first.
    pieces = (versions[:500], versions[300:])
    taken = [
        store(files, Extract(f"2026110{number}T000000-0001", None, number, 0), piece)
        for number, piece in enumerate(pieces)
    ]
    expected = history(versions)
    made = _made(spark, files, taken)
    assert sorted(made[PROFILES_HISTORY], key=_key) == sorted(expected, key=_key)
    columns = [column.name for column in PROFILES.columns]
    living = [row for row in expected if row["valid_to_ms"] is None and not row["deleted"]]
    assert sorted(made[PROFILES], key=_key) == sorted(
        ({name: row[name] for name in columns} for row in living), key=_key
    )
    assert _made(spark, files, taken[::-1]) == made


def _key(row: dict[str, Any]) -> tuple[str, int]:
    return row["user_id"], row["valid_from_ms"]


def test_a_version_that_was_changed_afterwards_counts_as_it_was_changed_last(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = LocalFiles(tmp_path)
    old, new = (PersonVersion("alice", 1, at_ms, 5, plan=plan) for at_ms, plan in ((9, "pro"), (10, "free")))
    taken = [
        store(files, Extract(f"2026110{number}T000000-0001", None, number, 0), [version])
        for number, version in enumerate((new, old))
    ]
    for order in (taken, taken[::-1]):
        assert [row["plan"] for row in _made(spark, files, order)[PROFILES]] == ["free"]


def test_no_people_make_empty_tables(spark: SparkSession, tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    taken = [store(files, Extract("20261101T000000-0001", None, 1, 0), [])]
    assert _made(spark, files, taken) == {PROFILES_HISTORY: [], PROFILES: []}


@pytest.mark.parametrize("column", ["birth_year", "marketing_consent", "interests"])
def test_a_value_that_does_not_fit_its_column_is_one_sentence(spark: SparkSession, tmp_path: Path, column: str) -> None:
    files = LocalFiles(tmp_path)
    wrong: dict[str, Any] = {column: "soon"}
    version = PersonVersion("alice", 1, 1, 1)._replace(**wrong)
    taken = [store(files, Extract("20261101T000000-0001", None, 1, 0), [version])]
    with pytest.raises(HistoryFailed) as caught, errors_as_sentences():
        _made(spark, files, taken)
    said = str(caught.value)
    assert said.startswith("Spark could not make the profiles: ")
    assert said.endswith(".")
    assert "\n" not in said
    assert "soon" in said

"""The numbered migrations: how they are read, and which of them remain to be applied."""

from pathlib import Path

import pytest

from footfall.warehouse import tables
from footfall.warehouse.hive import migration_files
from footfall.warehouse.hive.migration_files import MigrationChanged, load, pending


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "001_first.sql").write_text("-- Why.\nCREATE DATABASE IF NOT EXISTS x;\n")
    (tmp_path / "002_second.sql").write_text(
        "CREATE TABLE a (b int COMMENT 'one; two')\nLOCATION '%(root)s/a';\n\nDROP VIEW c;\n"
    )
    return tmp_path


def test_a_file_has_statements_without_comments(folder: Path) -> None:
    first, second = load(folder)
    assert first.name == "001_first"
    assert first.statements == ("CREATE DATABASE IF NOT EXISTS x",)
    assert second.statements == (
        f"CREATE TABLE a (b int COMMENT 'one; two')\nLOCATION '{tables.ROOT}/a'",
        "DROP VIEW c",
    )


def test_only_those_that_were_not_applied_remain(folder: Path) -> None:
    first, second = load(folder)
    assert pending([first, second], {}) == [first, second]
    assert pending([first, second], {first.key: first.digest, "other": "property"}) == [second]
    assert pending([first, second], {first.key: first.digest, second.key: second.digest}) == []


def test_a_migration_that_was_changed_later_is_refused(folder: Path) -> None:
    [before, _] = load(folder)
    (folder / "001_first.sql").write_text("CREATE DATABASE IF NOT EXISTS y;\n")
    with pytest.raises(MigrationChanged, match="001_first of Hive's database footfall was changed"):
        pending(load(folder), {before.key: before.digest})


def test_a_migration_of_a_newer_version_is_refused(folder: Path) -> None:
    with pytest.raises(MigrationChanged, match="003_third of Hive's database footfall is not known"):
        pending(load(folder), {"footfall.migration.003_third": "0"})


def test_a_file_with_another_name_is_refused(folder: Path) -> None:
    (folder / "third.sql").write_text("DROP VIEW c;\n")
    with pytest.raises(ValueError, match=r"third\.sql"):
        load(folder)


def test_ours_are_idempotent_and_numbered_without_a_gap() -> None:
    ours = migration_files.load()
    assert [int(migration.name[:3]) for migration in ours] == list(range(1, len(ours) + 1))
    for migration in ours:
        for statement in migration.statements:
            assert "IF NOT EXISTS" in statement
            assert "%(" not in statement

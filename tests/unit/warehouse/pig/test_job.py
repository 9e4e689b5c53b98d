"""The job `logs` and the process that it runs."""

import sys
from datetime import date
from pathlib import Path

import pytest

from footfall.jobs.model import Request
from footfall.settings import Settings
from footfall.warehouse.pig import run
from footfall.warehouse.pig.job import JOB
from footfall.warehouse.tables import TABLES


def test_the_job_writes_every_table_of_pig() -> None:
    assert set(JOB.outputs) == {table.name for table in TABLES if table.writer == "pig"}


def test_the_command_names_the_run_and_its_days(tmp_path: Path) -> None:
    request = Request("20261126T010203-00ff", (date(2026, 11, 24), date(2026, 11, 25)))
    assert JOB.command(Settings(home=tmp_path), request) == [
        sys.executable, "-m", "footfall.warehouse.pig.run", "20261126T010203-00ff", "2026-11-24", "2026-11-25",
    ]  # fmt: skip


def test_its_memory_holds_container_and_client() -> None:
    assert JOB.memory_mb >= run.CONTAINER_MB + 256


def test_a_dead_hdfs_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    monkeypatch.setenv("FOOTFALL_PORTS__NAMENODE_HTTP", "1")
    assert run.main(["20261126T010203-00ff", "2026-11-24"]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("HDFS does not answer")


def test_pigs_own_sentence_is_the_reason(tmp_path: Path) -> None:
    log = tmp_path / "pig.log"
    said = "ERROR 0: java.lang.RuntimeException: java.io.IOException: hdfs://h:1/x.parquet is not a Parquet file."
    log.write_text(f"Pig Stack Trace\n---------------\n{said}\n\n{said}\n\tat a.B.c(B.java:1)\n")
    assert run.reason(log, 6) == "It said: hdfs://h:1/x.parquet is not a Parquet file."


def test_a_pig_without_a_word_has_its_status(tmp_path: Path) -> None:
    assert run.reason(tmp_path / "pig.log", 137) == "It ended with status 137 and said nothing."

"""Sqoop's command line, and the sentences made of its log."""

from pathlib import Path

import pytest

from footfall import postgres
from footfall.settings import Settings
from footfall.warehouse.sqoop import importing
from footfall.warehouse.sqoop.job import PROFILES_JOB
from footfall.warehouse.sqoop.source import Span

RUN = "20261129T074000-0001"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    folder = made.conf_dir / "yarn-nodemanager"
    folder.mkdir(parents=True)
    (folder / "mapred-site.xml").write_text("<configuration/>")
    return made


def test_the_password_is_in_a_file_of_its_owner_and_not_in_the_command(settings: Settings, tmp_path: Path) -> None:
    command = importing.command(settings, RUN, Span(None, 5), "/profiles/_importing/x", tmp_path)
    file = postgres.password_file(settings, "sqoop")
    assert command[command.index("--password-file") + 1] == f"file://{file}"
    assert file.stat().st_mode & 0o077 == 0
    assert not any(postgres.password(settings, "sqoop") in part for part in command)


def test_sqoop_compiles_nothing_and_uploads_no_jar(settings: Settings, tmp_path: Path) -> None:
    command = importing.command(settings, RUN, Span(None, 5), "/profiles/_importing/x", tmp_path)
    assert command[command.index("--class-name") + 1] == "footfall.crm.TextRow"
    assert command[command.index("--jar-file") + 1].endswith("footfall-sqoop-row.jar")
    assert "--skip-dist-cache" in command
    assert f"-Dmapreduce.job.tags=footfall-profiles-{RUN.lower()}" in command
    [container] = [part for part in command if part.startswith("-Dyarn.app.mapreduce.am.command-opts=")]
    assert "-XX:TieredStopAtLevel=1" in container.split()
    # Sqoop takes Hadoop's options only directly behind its tool.
    assert command[command.index("import") + 1].startswith("-D")
    assert command.index("--connect") > max(at for at, part in enumerate(command) if part.startswith("-Dmapreduce"))


def test_the_job_runs_the_client_of_this_package() -> None:
    assert PROFILES_JOB.name == importing.JOB_NAME
    assert PROFILES_JOB.memory_mb >= importing.CONTAINER_MB + importing.CLIENT_HEAP_MB


def test_the_number_of_rows_is_the_last_in_the_log() -> None:
    said = [
        "12:00:01 INFO  ImportJobBase: Transferred 1 MB in 9 seconds",
        "INFO  ImportJobBase: Retrieved 21727 records.",
    ]
    assert importing.retrieved(said) == 21727
    assert importing.retrieved(said[:1]) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            [
                "2026-11-29 07:25:16,156 ERROR Sqoop: Got exception running Sqoop: java.lang.RuntimeException: "
                'org.postgresql.util.PSQLException: FATAL: password authentication failed for user "sqoop"',
                'Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "sqoop"',
            ],
            'FATAL: password authentication failed for user "sqoop".',
        ),
        (
            [
                "Caused by: org.postgresql.util.PSQLException: Connection to 127.0.0.1:34433 refused. Check that the "
                "hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
                "Caused by: java.net.ConnectException: Connection refused",
            ],
            "Connection to 127.0.0.1:34433 refused. Check that the hostname and port are correct and that the "
            "postmaster is accepting TCP/IP connections.",
        ),
        (
            ["07:25:16 INFO  Job: map 0%", "07:25:16 ERROR ImportTool: Import failed: the queue is full"],
            "Import failed: the queue is full.",
        ),
        (["Exception in thread main", "Caused by: java.lang.OutOfMemoryError: Java heap space"], "Java heap space."),
    ],
)
def test_a_failure_is_one_sentence_with_the_cause(said: list[str], reason: str) -> None:
    assert importing.failure(said) == f"Sqoop could not import the CRM's people: {reason}"


def test_a_failure_without_a_word_points_to_the_log() -> None:
    assert "gave no reason. See the log" in importing.failure(["INFO  Sqoop: Running Sqoop version: 1.4.7"])

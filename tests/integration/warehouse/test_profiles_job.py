"""The job `profiles` from a real PostgreSQL through Sqoop on YARN to the published tables, and its failures."""

import io
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from footfall import postgres
from footfall.hdfs import Hdfs
from footfall.jobs.model import tag
from footfall.lake import layout
from footfall.runtime.environment import child_environment
from footfall.runtime.java import java_home
from footfall.setting_groups import Demo
from footfall.settings import Settings
from footfall.warehouse import profiles
from footfall.warehouse.profiles import POINTER, PROFILES, PROFILES_HISTORY, TABLES, ProfileTable
from footfall.warehouse.sqoop import extracts, importing, source
from footfall.warehouse.sqoop.extracts import Extract
from footfall.warehouse.sqoop.source import Span
from footfall.yarn import Yarn
from tests.support import runtime_without_compiler
from tests.support.crm_people import PersonVersion, store
from tests.support.local_files import LocalFiles
from tests.support.platform import await_true
from tests.support.postgres import Server, own_server

HOSTILE = ["a,b", 'say "no"', "it's", "new\nline\r\ttab", "back\\slash \\N", "null", "ü😀\u2028", ""]
_TIMEOUT_S = 180
_RUNS: list[str] = []


@pytest.fixture(scope="module")
def settings(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The test platform with a CRM of its own, in which one person has hostile interests."""
    home = tmp_path_factory.mktemp("profiles") / "home"
    with own_server(home, platform.install) as server, _profiles_restored(platform):
        made = _with_crm(platform, server)
        _execute(
            made,
            "insert into crm.people values ('u990001', 'pro', 'FR', 1990, '2025-03-01', true, null, %s, now(), null)",
            HOSTILE,
        )
        yield made


def _with_crm(platform: Settings, server: Server) -> Settings:
    """Starts the server with a CRM. Returns the settings of the test platform with it."""
    server.start()
    server.step("postgres-databases")
    server.step("crm")
    server.settings.conf_dir.mkdir(exist_ok=True)
    (server.settings.conf_dir / "yarn-nodemanager").symlink_to(platform.conf_dir / "yarn-nodemanager")
    return _with_port(platform, server.settings.home, server.settings.port("postgres"))


def _with_port(platform: Settings, home: Path, port: int) -> Settings:
    ports = platform.ports.model_copy(update={"postgres": port - platform.port_offset})
    return Settings(home=home, install=platform.install, port_offset=platform.port_offset, ports=ports)


def _away(settings: Settings) -> Settings:
    """The same settings with a port on which nothing listens."""
    return _with_port(settings, settings.home, settings.port_offset + 9)


@contextmanager
def _profiles_restored(platform: Settings) -> Iterator[None]:
    """Leaves the platform's own profiles as they were."""
    hdfs = Hdfs(platform)
    pointer = hdfs.read(POINTER)
    try:
        yield
    finally:
        if pointer is None:
            hdfs.delete(POINTER)
        else:
            layout.put(hdfs, POINTER, pointer)
        for run in _RUNS:
            for path in (extracts.folder(run), *(table.partition(run) for table in TABLES)):
                hdfs.delete(path)


def _execute(settings: Settings, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with postgres.connect(settings, "crm") as connection:
        done = connection.execute(cast(Any, statement), values or None)
        return done.fetchall() if done.description else []


def _new_run() -> str:
    _RUNS.append(f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}")
    return _RUNS[-1]


def _start(settings: Settings, run: str, java: Path | None = None) -> "subprocess.Popen[str]":
    environment = child_environment(settings) | ({} if java is None else {"JAVA_HOME": str(java)})
    return subprocess.Popen(
        [sys.executable, "-m", "footfall.warehouse.sqoop.run", run, "2026-11-28"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _run(settings: Settings, run: str, java: Path | None = None) -> tuple[int, list[str]]:
    client = _start(settings, run, java)
    output, _ = client.communicate(timeout=_TIMEOUT_S)
    return client.returncode, output.splitlines()


def _rows(settings: Settings, table: ProfileTable) -> list[dict[str, Any]]:
    hdfs = Hdfs(settings)
    run = profiles.published_run(hdfs)
    assert run is not None
    [part] = hdfs.list(table.partition(run))
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(hdfs.read(part.path) or b"")).to_pylist()
    return rows


def _assert_as_the_crm_says(settings: Settings) -> None:
    """The tables hold every version of the CRM with its period, and everybody who is not deleted."""
    expected = _execute(
        settings,
        "select user_id, valid_from_ms, lead(valid_from_ms) over (partition by user_id order by version), plan, "
        "country, birth_year, signed_up_on, marketing_consent = 'true', company_size, interests, deleted = 1 "
        "from crm.people_versions_extract order by user_id, version",
    )
    names = [column.name for column in PROFILES_HISTORY.columns]
    rows = [dict(zip(names, row, strict=True)) for row in expected]
    for row in rows:
        row["interests"] = json.loads(row["interests"])
    assert sorted(_rows(settings, PROFILES_HISTORY), key=_key) == sorted(rows, key=_key)
    [(people,)] = _execute(settings, "select array_agg(user_id) from crm.people where deleted_at is null")
    assert sorted(row["user_id"] for row in _rows(settings, PROFILES)) == sorted(people)


def _key(row: dict[str, Any]) -> tuple[str, int]:
    return row["user_id"], row["valid_from_ms"]


def test_a_killed_run_publishes_nothing_and_completes_without_a_compiler_when_it_is_repeated(
    settings: Settings, tmp_path: Path
) -> None:
    hdfs, yarn, run = Hdfs(settings), Yarn(settings), _new_run()
    before = hdfs.read(POINTER)
    client = _start(settings, run)
    await_true(lambda: bool(yarn.applications(tag("profiles", run))), "Sqoop's application", 60)
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    assert extracts.find(hdfs, run) is None
    assert hdfs.read(POINTER) == before

    java = runtime_without_compiler.make(tmp_path / "java", java_home(settings))
    status, said = _run(settings, run, java)
    assert status == 0, said[-20:]
    assert not any(postgres.password(settings, "sqoop") in line for line in said)
    assert hdfs.list(extracts.STAGING) == []
    extract = extracts.find(hdfs, run)
    assert extract is not None
    [(versions,)] = _execute(settings, "select count(*) from crm.people_versions")
    assert (extract.from_ms, extract.rows) == (None, versions)
    _assert_as_the_crm_says(settings)
    [person] = [row for row in _rows(settings, PROFILES) if row["user_id"] == "u990001"]
    assert person["interests"] == HOSTILE
    assert person["company_size"] is None


def test_the_next_run_takes_the_changes_ignores_a_new_column_and_keeps_its_extract_if_it_is_killed(
    settings: Settings,
) -> None:
    hdfs = Hdfs(settings)
    before = hdfs.read(POINTER)
    [first] = extracts.current(hdfs)
    _execute(settings, "update crm.people set plan = 'free', company_size = '2-10' where user_id = 'u990001'")
    _execute(settings, "update crm.people set deleted_at = now() where user_id = 'u000001'")
    [(definition,)] = _execute(settings, "select pg_get_viewdef('crm.people_versions_extract'::regclass)")
    wider = f"select v.*, 42 as shoe_size from ({definition.rstrip(';')}) v"
    _execute(settings, f"create or replace view crm.people_versions_extract as {wider}")
    run = _new_run()
    client = _start(settings, run)
    assert client.stdout is not None
    said = list(itertools.takewhile(lambda line: not line.startswith("Making the history"), client.stdout))
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    assert "Warning: the CRM has new columns, which are not imported: shoe_size.\n" in said
    assert hdfs.read(POINTER) == before
    extract = extracts.find(hdfs, run)

    status, said = _run(settings, run)
    assert status == 0, said[-20:]
    assert not any("Sqoop" in line for line in said), "the extract was complete"
    assert extracts.find(hdfs, run) == extract
    assert extract is not None
    assert extract.from_ms == first.settled_ms
    assert 2 <= extract.rows < first.rows / 2
    _assert_as_the_crm_says(settings)
    assert profiles.published_run(hdfs) == run
    # Asked again, a complete run has nothing to do.
    assert _run(settings, run) == (0, [f"The profiles of run {run} were published before."])


def test_a_version_that_the_crm_made_late_is_found_missing(settings: Settings, tmp_path: Path) -> None:
    files, now_ms = LocalFiles(tmp_path), source.inspect(settings, None).now_ms
    versions = _execute(settings, f"select {', '.join(source.COLUMNS)} from crm.people_versions_extract")
    taken = [store(files, Extract(_new_run(), None, now_ms, 0), [PersonVersion(*version) for version in versions])]

    def reason() -> str:
        settled = source.inspect(settings, taken[-1].settled_ms).settled
        assert settled is not None
        return extracts.reason_for_all(files, taken, settled)

    # Somebody whose change is newer than that is no reason.
    _execute(settings, "update crm.people set plan = 'pro' where user_id = 'u000002'")
    assert reason() == ""
    _execute(
        settings,
        "insert into crm.people values ('u990002', 'pro', 'FR', 1990, '2025-03-01', true, null, '{}', %s, null)",
        datetime(2026, 1, 2, tzinfo=timezone.utc),
    )
    assert "where the CRM has" in reason()


@pytest.mark.parametrize("fault", ["database away", "wrong password", "missing column"])
def test_a_failure_is_one_sentence_and_the_published_profiles_stay(
    settings: Settings, platform: Settings, tmp_path: Path, fault: str
) -> None:
    hdfs = Hdfs(settings)
    before, landed = hdfs.read(POINTER), extracts.current(hdfs)
    if fault == "database away":
        status, said = _run(_away(settings), _new_run())
        sentence = f"PostgreSQL does not answer at {_away(settings).address('postgres')}."
    elif fault == "wrong password":
        # A new home generates other passwords.
        status, said = _run(_with_port(settings, tmp_path, settings.port("postgres")), _new_run())
        sentence = f"PostgreSQL refuses the password in {tmp_path}/secrets/postgres-sqoop."
    else:
        _execute(settings, "alter view crm.people_versions_extract rename column plan to tariff")
        status, said = _run(settings, _new_run())
        _execute(settings, "alter view crm.people_versions_extract rename column tariff to plan")
        sentence = "The view crm.people_versions_extract of PostgreSQL's database crm lacks the column plan."
    assert status == 1
    assert said[-1].startswith(sentence), said
    assert said[-1].endswith("The published profiles stay in use.")
    assert (hdfs.read(POINTER), extracts.current(hdfs)) == (before, landed)


def test_a_database_that_dies_after_the_first_look_is_sqoops_sentence(settings: Settings) -> None:
    with pytest.raises(importing.ImportFailed, match=r"Connection to [\d.:]+ refused"):
        importing.run_sqoop(
            _away(settings),
            _new_run(),
            Span(None, 1),
            f"{extracts.STAGING}/never",
            lambda _: None,
        )


def test_a_crm_without_people_is_imported_and_gets_its_people_later(
    settings: Settings, platform: Settings, tmp_path: Path
) -> None:
    """Without the demo nobody is made up, and the profiles are empty tables."""
    with own_server(tmp_path / "home", platform.install) as server:
        server.settings = server.settings.model_copy(update={"demo": Demo(enabled=False)})
        empty = _with_crm(platform, server)
        status, said = _run(empty, _new_run())
        assert status == 0, said[-20:]
        assert _rows(empty, PROFILES) == _rows(empty, PROFILES_HISTORY) == []
        # A site of one's own has ids of its own.
        values = "'pro', 'FR', 1990, '2025-03-01', true, null, '{}', now(), null"
        _execute(empty, f"insert into crm.people values ('Müller, 42 \\', {values})")
        status, said = _run(empty, _new_run())
        assert status == 0, said[-20:]
        _assert_as_the_crm_says(empty)
        assert [row["user_id"] for row in _rows(empty, PROFILES)] == ["Müller, 42 \\"]

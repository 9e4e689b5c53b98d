"""PostgreSQL as a service: its user and sockets, crashes, stops, passwords and rights."""

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from footfall import postgres
from footfall.cluster.engines import _postgres_cluster
from footfall.cluster.health import probes
from footfall.postgres import OWNERS, PostgresUnavailable
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings
from tests.support.platform import await_true
from tests.support.postgres import Server, own_server
from tests.support.processes import has_ended


def _count(server: Server) -> int:
    with postgres.connect(server.settings, "airflow") as connection:
        row = connection.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


def test_it_listens_on_loopback_only_and_runs_without_root(server: Server) -> None:
    process = psutil.Process(server.pid)
    assert process.name() == "postgres"
    assert process.uids().effective != 0
    assert {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert [c for c in process.net_connections("unix") if c.laddr] == []
    cluster = _postgres_cluster.place(server.settings).cluster
    assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
    assert cluster.stat().st_uid == process.uids().effective


def test_no_password_is_in_an_argument_a_log_or_a_readable_file(server: Server) -> None:
    server.step("postgres-databases")
    words = " ".join(word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ())
    log = server.log.read_text("utf-8")
    for role in ("footfall", *OWNERS.values(), "sqoop"):
        password = postgres.password(server.settings, role)
        assert password not in words
        assert password not in log
        assert stat.S_IMODE(postgres.password_file(server.settings, role).stat().st_mode) == 0o600
    folder = _postgres_cluster.place(server.settings).folder
    assert [path.name for path in folder.iterdir() if "password" in path.name] == []


def test_each_role_has_only_its_own_database(server: Server) -> None:
    for database, owner in OWNERS.items():
        with postgres.connect(server.settings, database) as connection:
            assert connection.execute("select current_user::text").fetchone() == (owner,)
            connection.execute("create table mine (a int)")
            connection.execute("drop table mine")
        for other in {*OWNERS.values(), "sqoop"} - {owner, *postgres.READERS.get(database, ())}:
            with pytest.raises(PostgresUnavailable, match=f'permission denied for database "{database}"'):
                postgres.connect(server.settings, database, other)


def test_text_sorts_by_code_point(server: Server) -> None:
    with postgres.connect(server.settings, "metastore") as connection:
        rows = connection.execute("select x from unnest(array['é', 'b', 'Z', 'a', 'z']) x order by x").fetchall()
    assert [text for (text,) in rows] == ["Z", "a", "b", "z", "é"]


def test_a_killed_server_keeps_what_was_committed_and_nothing_else(server: Server) -> None:
    with postgres.connect(server.settings, "airflow") as connection:
        connection.execute("create table kept (a int)")
        connection.execute("insert into kept values (1)")
    with pytest.raises(PostgresUnavailable), postgres.errors_as_sentences():
        _insert_and_die(server)
    with pytest.raises(Unhealthy, match="does not answer"):
        probes.probe(server.settings, "postgres")
    server.start()
    assert _count(server) == 1


def _insert_and_die(server: Server) -> None:
    with postgres.connect(server.settings, "airflow") as connection:
        connection.execute("insert into kept values (2)")
        children = psutil.Process(server.pid).children()
        server.kill()
        # Within a second they notice that they are alone. Until then, one of them could still commit.
        await_true(lambda: all(map(has_ended, children)), "the end of the server's children", 20)


@contextmanager
def _process_of_the_servers_user(settings: Settings) -> Iterator[int]:
    account = _postgres_cluster.place(settings).account
    user = None if account is None else account.pw_uid
    with subprocess.Popen(["sleep", "60"], user=user) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_it_starts_although_another_process_has_the_id_of_the_killed_server(server: Server) -> None:
    server.kill()
    lock = _postgres_cluster.place(server.settings).cluster / "postmaster.pid"
    _, *rest = lock.read_text("ascii").splitlines()
    with _process_of_the_servers_user(server.settings) as pid:
        lock.write_text("\n".join([str(pid), *rest]) + "\n", "ascii")
        server.start()


def test_a_stop_does_not_wait_for_clients_and_needs_no_recovery(server: Server) -> None:
    client = postgres.connect(server.settings, "crm")
    client.execute("select 1")
    server.stop(seconds=10)
    client.close()
    before = len(server.log.read_text("utf-8"))
    server.start()
    said = server.log.read_text("utf-8")[before:]
    assert "database system was shut down at" in said
    assert "recovery" not in said


def test_a_server_that_hangs_is_a_fault_and_not_a_wait(server: Server) -> None:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(PostgresUnavailable, match="does not answer"):
            postgres.connect(server.settings, "crm", timeout_s=2)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    probes.probe(server.settings, "postgres")


def test_a_wrong_password_is_a_sentence_and_up_sets_it_again(server: Server) -> None:
    _damage(server, "sqoop")
    with pytest.raises(PostgresUnavailable, match=r"refuses the password in .*/postgres-sqoop\. `\./footfall up` sets"):
        postgres.connect(server.settings, "crm", "sqoop")
    server.step("postgres-databases")
    postgres.connect(server.settings, "crm", "sqoop").close()


def test_a_wrong_password_of_the_superuser_is_a_fault_with_its_remedy(server: Server) -> None:
    right = _damage(server, "footfall")
    try:
        with pytest.raises(Unhealthy, match=r"refuses the password in .*/postgres-footfall\. Restore that file"):
            probes.probe(server.settings, "postgres")
    finally:
        (server.settings.secrets_dir / "postgres-footfall").write_text(right)


def _damage(server: Server, role: postgres.Role) -> str:
    """Replaces a role's password by another one of the same form. Returns the right one."""
    right = postgres.password(server.settings, role)
    postgres.password_file(server.settings, role).write_text("0" * 64)
    return right


def test_a_missing_database_is_a_sentence(server: Server) -> None:
    with pytest.raises(PostgresUnavailable, match="has no database nowhere"):
        postgres.open_connection(server.settings, "nowhere", "footfall", True, 5)


def test_data_of_another_version_are_kept_and_named(server: Server) -> None:
    cluster = _postgres_cluster.place(server.settings).cluster
    server.stop()
    content = sorted(path.name for path in cluster.iterdir())
    version = cluster / "PG_VERSION"
    version.write_text("16\n")
    try:
        server.begin()
        await_true(lambda: "are PostgreSQL 16's" in server.log.read_text("utf-8"), "a refusal", 20)
        assert sorted(path.name for path in cluster.iterdir()) == content
    finally:
        version.write_text("17\n")
    server.start()


def test_a_start_that_is_killed_while_it_creates_the_data_can_be_repeated(platform: Settings, tmp_path: Path) -> None:
    with own_server(tmp_path / "home", platform.install) as fresh:
        place = _postgres_cluster.place(fresh.settings)
        fresh.begin()
        # At this moment, initdb has written a part of its files.
        await_true(lambda: any(place.folder.glob("cluster.new-*/PG_VERSION")), "initdb at work", 20, every=0.01)
        assert not place.cluster.exists()
        fresh.kill()
        fresh.start()
        assert [path.name for path in place.folder.iterdir() if path.name.startswith("cluster")] == ["cluster"]
        fresh.stop()
    assert os.geteuid() != 0 or not place.folder.exists()

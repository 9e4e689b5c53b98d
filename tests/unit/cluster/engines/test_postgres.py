"""PostgreSQL's cluster: where it is, who runs it, its configuration, and what a crash leaves."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.cluster.engines import _postgres_cluster
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings
from tests.support.platform import await_true

# Like initdb, it creates files until their folder is gone.
_WRITE = """
import itertools, pathlib, sys, time
for number in itertools.count():
    pathlib.Path(sys.argv[1], str(number)).touch()
    time.sleep(0.003)
"""
_NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This process believes that it is root. Returns the folder that stands for /var/lib/footfall."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(_postgres_cluster, "OUTSIDE", tmp_path / "outside")
    return tmp_path / "outside"


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process believes that it belongs to an ordinary user."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def _settings(settings: Settings) -> dict[str, str]:
    """The rendered settings by name."""
    text = configure.render(settings, BY_NAME["postgres"])["postgresql.conf"]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}


def test_it_listens_on_loopback_and_nowhere_else(settings: Settings) -> None:
    rendered = _settings(settings)
    assert rendered["listen_addresses"] == "'127.0.0.1'"
    assert rendered["port"] == "5432"
    assert rendered["unix_socket_directories"] == "''"


def test_every_login_needs_a_password(settings: Settings) -> None:
    text = configure.render(settings, BY_NAME["postgres"])["pg_hba.conf"]
    rules = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    assert rules == [["host", "all", "all", "all", "scram-sha-256"]]
    assert _settings(settings)["password_encryption"] == "scram-sha-256"


def test_commits_survive_a_crash_and_statements_are_not_logged(settings: Settings) -> None:
    rendered = _settings(settings)
    assert rendered["fsync"] == "on"
    assert "synchronous_commit" not in rendered  # its default waits for the disk
    assert rendered["log_min_error_statement"] == "panic"
    assert "log_statement" not in rendered


def test_an_ordinary_users_server_is_in_the_home(settings: Settings, as_user: None) -> None:
    place = _postgres_cluster.place(settings)
    assert place.cluster == settings.data_dir / "postgres" / "cluster"
    programs = settings.install / "postgres" / "bin" / "postgres"
    assert _postgres_cluster.command(settings) == [str(programs), "-D", str(place.cluster)]


def test_roots_server_runs_as_nobody_outside_the_home(settings: Settings, as_root: Path) -> None:
    place = _postgres_cluster.place(settings)
    assert place.folder.parent == as_root
    setpriv, *user, server, option, cluster = _postgres_cluster.command(settings)
    assert Path(setpriv).name == "setpriv"
    assert {f"--reuid={_NOBODY.pw_uid}", f"--regid={_NOBODY.pw_gid}", "--clear-groups"} <= set(user)
    assert (server, option, cluster) == (str(place.programs / "bin" / "postgres"), "-D", str(place.cluster))
    assert not Path(cluster).is_relative_to(settings.home)
    other = Settings(home=settings.home / "test", install=settings.install)
    assert _postgres_cluster.place(other).folder != place.folder


def test_root_without_nobody_is_a_sentence(settings: Settings, as_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", unknown)
    with pytest.raises(ClusterError, match="refuses to run as root, and there is no user nobody"):
        _postgres_cluster.place(settings)
    # `down --purge` can still delete the folder.
    assert _postgres_cluster.outside(settings) is not None


def test_root_without_setpriv_is_a_sentence(settings: Settings, as_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ClusterError, match=r"setpriv is missing\. Install the package util-linux"):
        _postgres_cluster.prepare(settings)


def test_only_root_has_a_folder_outside_the_home(settings: Settings, as_root: Path) -> None:
    assert _postgres_cluster.outside(settings) == _postgres_cluster.place(settings).folder
    assert _postgres_cluster.place(settings).folder.parent == as_root


def test_others_keep_all_in_the_home(settings: Settings, as_user: None) -> None:
    assert _postgres_cluster.outside(settings) is None
    assert _postgres_cluster.place(settings).cluster.is_relative_to(settings.home)


@pytest.fixture
def cluster(settings: Settings, as_user: None) -> Path:
    """A data folder as a killed server leaves it, with its configuration rendered."""
    folder = _postgres_cluster.place(settings).cluster
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("17\n")
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")
    conf = settings.conf_dir / "postgres"
    conf.mkdir(parents=True)
    for name, text in configure.render(settings, BY_NAME["postgres"]).items():
        (conf / name).write_text(text)
    return folder


def test_the_lock_file_of_a_dead_server_is_deleted_although_its_id_is_taken(settings: Settings, cluster: Path) -> None:
    _postgres_cluster.prepare(settings)
    assert not (cluster / "postmaster.pid").exists()


def test_the_lock_file_stays_while_a_process_of_the_server_lives(
    settings: Settings, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgres_cluster, "_is_used", lambda _: True)
    monkeypatch.setattr(_postgres_cluster, "_CHILDREN_PATIENCE_S", 0.2)
    _postgres_cluster.prepare(settings)
    assert (cluster / "postmaster.pid").exists()


def test_each_start_writes_the_configuration_for_the_server_alone(settings: Settings, cluster: Path) -> None:
    (cluster / "postgresql.conf").write_text("port = 1\n")
    _postgres_cluster.prepare(settings)
    for name in _postgres_cluster.FILES:
        assert (cluster / name).read_text() == (settings.conf_dir / "postgres" / name).read_text()
        assert stat.S_IMODE((cluster / name).stat().st_mode) == 0o600


def test_a_damaged_folder_is_a_sentence_and_stays(settings: Settings, cluster: Path) -> None:
    (cluster / "PG_VERSION").unlink()
    with pytest.raises(ClusterError, match=r"is damaged: it has no PG_VERSION\. Restore it"):
        _postgres_cluster.prepare(settings)
    assert cluster.exists()


def test_data_of_another_version_are_a_sentence(settings: Settings, cluster: Path) -> None:
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(ClusterError, match="are PostgreSQL 16's, and this version of Footfall has PostgreSQL 17"):
        _postgres_cluster.prepare(settings)


def test_what_a_killed_attempt_left_is_deleted_while_its_initdb_still_writes(settings: Settings, as_user: None) -> None:
    where = _postgres_cluster.place(settings)
    where.folder.mkdir(parents=True)
    draft = where.folder / "cluster.new-killed"
    draft.mkdir()
    (where.folder / "cluster.new-killed.password").write_text("secret")
    # These take longer to delete than the orphan waits between two files.
    for number in range(3000):
        (draft / f"old-{number}").touch()
    orphan = subprocess.Popen([sys.executable, "-c", _WRITE, str(draft)], stderr=subprocess.DEVNULL)
    try:
        await_true(lambda: (draft / "0").exists(), "a file of the orphan", 10, every=0.01)
        _postgres_cluster._delete_drafts(where)
        assert list(where.folder.iterdir()) == []
        assert orphan.wait(10) != 0
    finally:
        orphan.kill()
        orphan.wait(10)

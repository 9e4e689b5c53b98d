"""PostgreSQL's cluster, which is its data folder: where it is, how it is created, and what a crash leaves in it.

PostgreSQL refuses to run as root. If this process is root, the server runs as `nobody`. That user cannot reach a home
below `/root`, and should not read the rest of any home. So its programs and data are in a folder of their own under
`/var/lib/footfall`.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from footfall import postgres
from footfall.cluster.installation import postgres_programs
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

MAJOR: Final = "17"
# Debian, Fedora and their relatives have this user, and it owns no files.
ACCOUNT: Final = "nobody"
OUTSIDE: Final = Path("/var/lib/footfall")
_INITDB_TIMEOUT_S: Final = 180
# After kill -9 of the server, its children notice within a second that it is gone.
_CHILDREN_PATIENCE_S: Final = 20.0
_DRAFT: Final = "cluster.new-"
_DRAFT_PATIENCE_S: Final = 10.0
FILES: Final = ("postgresql.conf", "pg_hba.conf")


class Place(NamedTuple):
    """The folders of the server and the user that it runs as.

    account: None if the server runs as the user of this process.
    """

    folder: Path
    programs: Path
    account: pwd.struct_passwd | None

    @property
    def cluster(self) -> Path:
        """The data folder."""
        return self.folder / "cluster"


def place(settings: Settings) -> Place:
    """Returns where the server of this home keeps its files. Raises ClusterError if there is nobody to run it."""
    folder = outside(settings)
    if folder is None:
        return Place(settings.data_dir / "postgres", postgres_programs.folder(settings), None)
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ClusterError(
            f"PostgreSQL refuses to run as root, and there is no user {ACCOUNT}. Run Footfall as an ordinary user."
        ) from None
    return Place(folder, folder / "programs", account)


def command(settings: Settings) -> list[str]:
    """The command line of the server."""
    where = place(settings)
    server = [str(where.programs / "bin" / "postgres"), "-D", str(where.cluster)]
    if where.account is None:
        return server
    # setpriv replaces itself by the server, so signals and the process id stay the server's.
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    user = [f"--reuid={where.account.pw_uid}", f"--regid={where.account.pw_gid}", "--clear-groups", "--no-new-privs"]
    return [setpriv, *user, *server]


def prepare(settings: Settings) -> None:
    """Creates the cluster unless it exists, and writes its configuration. Raises ClusterError."""
    where = place(settings)
    if where.account is not None:
        _provide_programs(settings, where)
    if not where.cluster.exists():
        _initialise(settings, where)
    _check_version(where.cluster)
    _forget_crash(where)
    for name in FILES:
        _write(where, where.cluster / name, (settings.conf_dir / "postgres" / name).read_text("utf-8"))


def outside(settings: Settings) -> Path | None:
    """The folder of this home outside of it, if this process is root."""
    if os.geteuid() != 0:
        return None
    return OUTSIDE / hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]


def _provide_programs(settings: Settings, where: Place) -> None:
    """Copies the programs to where the account can run them, unless they are there."""
    if shutil.which("setpriv") is None:
        raise ClusterError(
            "PostgreSQL refuses to run as root, and the command setpriv is missing. Install the package util-linux, or "
            "run Footfall as an ordinary user."
        )
    for folder in (where.folder.parent, where.folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    stamp = where.programs / "VERSION"
    if stamp.exists() and stamp.read_text("utf-8") == postgres_programs.version():
        return
    draft = where.folder / "programs.new"
    for folder in (draft, where.programs):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(postgres_programs.folder(settings), draft, symlinks=True)
    draft.rename(where.programs)


def _initialise(settings: Settings, where: Place) -> None:
    """Creates the cluster in a temporary folder and renames it, so that a killed attempt leaves no half of one."""
    _delete_drafts(where)
    # The name is new each time, because the initdb of a killed attempt may still be writing.
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=where.folder))
    password_file = draft.with_name(f"{draft.name}.password")
    _give(where, draft)
    # The sort order is that of code points, on every system.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    login = [f"--username={postgres.SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    try:
        _write(where, password_file, postgres.password(settings, postgres.SUPERUSER))
        done = subprocess.run(
            [str(where.programs / "bin" / "initdb"), f"--pgdata={draft}", *locale, *login],
            env=child_environment(settings),
            cwd=where.folder,
            capture_output=True,
            text=True,
            timeout=_INITDB_TIMEOUT_S,
            check=False,
            **_as_account(where),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ClusterError(f"PostgreSQL's data folder could not be created: {error}.") from None
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise ClusterError(f"PostgreSQL's data folder could not be created: {' / '.join(tail)}")
    draft.rename(where.cluster)


def _delete_drafts(where: Place) -> None:
    """Deletes what killed attempts left.

    The initdb of an attempt that was killed a moment ago may still create files, so that its folder is not empty when
    its turn comes. It fails once it misses what was deleted, so trying again ends.
    """
    deadline = time.monotonic() + _DRAFT_PATIENCE_S
    while drafts := list(where.folder.glob(f"{_DRAFT}*")):
        for path in drafts:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _check_version(cluster: Path) -> None:
    try:
        found = (cluster / "PG_VERSION").read_text("ascii").strip()
    except OSError:
        raise ClusterError(
            f"PostgreSQL's data folder {cluster} is damaged: it has no PG_VERSION. Restore it, or delete all data with "
            "`./footfall down --purge`."
        ) from None
    if found != MAJOR:
        raise ClusterError(
            f"The data in {cluster} are PostgreSQL {found}'s, and this version of Footfall has PostgreSQL {MAJOR}. Go "
            "back to the version before, or delete all data with `./footfall down --purge`."
        )


def _forget_crash(where: Place) -> None:
    """Deletes the lock file of a server that was killed, once its last process is gone.

    PostgreSQL does that itself, unless another process has got the dead server's id meanwhile. While a process of the
    dead server lives, the file stays: PostgreSQL then refuses to start, and is started again later.
    """
    lock = where.cluster / "postmaster.pid"
    if not lock.exists():
        return
    deadline = time.monotonic() + _CHILDREN_PATIENCE_S
    while _is_used(where):
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _is_used(where: Place) -> bool:
    """Whether a process of a server uses the cluster. All of them, and nothing else, have it as their own folder."""
    user, folder = os.geteuid() if where.account is None else where.account.pw_uid, str(where.cluster.resolve())
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.uids().effective == user and process.cwd() == folder:
                return True
        except psutil.AccessDenied:
            # In some containers root cannot see the folder of another user's process.
            return True
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return False


def _write(where: Place, path: Path, content: str) -> None:
    """Writes a file that only the server's user can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    _give(where, path)


def _give(where: Place, path: Path) -> None:
    if where.account is not None:
        os.chown(path, where.account.pw_uid, where.account.pw_gid)


def _as_account(where: Place) -> dict[str, Any]:
    """Arguments with which `subprocess` runs a program as the server's user."""
    if where.account is None:
        return {}
    return {"user": where.account.pw_uid, "group": where.account.pw_gid, "extra_groups": []}

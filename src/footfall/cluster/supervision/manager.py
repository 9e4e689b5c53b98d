"""The process manager: supervisord, started by `up` and controlled over a Unix socket that only this user may open."""

import hashlib
import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from footfall.cluster.service import Service
from footfall.cluster.supervision import configure, supervisord
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

# Linux limits the path of a Unix socket to 107 bytes, and supervisord adds a suffix while it binds.
_LONGEST_SOCKET_PATH = 95
_START_TIMEOUT_S = 20


@dataclass(frozen=True)
class Process:
    """The state of one service as supervisord reports it."""

    name: str
    state: str  # STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL UNKNOWN
    pid: int | None
    started_s: float  # seconds since the epoch; 0 if it never ran
    description: str


class Manager:
    """A client of this platform's supervisord."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid_file = settings.run_dir / "supervisord.pid"
        self._configuration = settings.conf_dir / "supervisord.conf"

    def alive(self) -> bool:
        """True if the manager answers."""
        try:
            self._call("getState")
        except ClusterError:
            return False
        return True

    def pid(self) -> int | None:
        """The process id of the manager; None if it does not answer."""
        try:
            return int(self._call("getPID"))
        except ClusterError:
            return None

    def start(self) -> None:
        """Starts the manager without starting a service. Raises ClusterError if it does not answer in time."""
        settings = self._settings
        if not self._configuration.exists():
            self.configure([])
        socket_path(settings).unlink(missing_ok=True)
        log = settings.logs_dir / "supervisord.log"
        with log.open("ab") as output:
            subprocess.Popen(
                [sys.executable, "-m", supervisord.__name__, "-n", "-c", str(self._configuration)],
                env=child_environment(settings),
                cwd=settings.run_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self.alive():
            if time.monotonic() > deadline:
                raise ClusterError(f"The process manager did not start within {_START_TIMEOUT_S} s. See {log}.")
            time.sleep(0.05)

    def configure(self, services: list[Service]) -> None:
        """Writes the configuration of the manager for these services."""
        settings = self._settings
        for folder in (settings.conf_dir, settings.run_dir, settings.logs_dir):
            folder.mkdir(parents=True, exist_ok=True)
        text = _head(settings) + "".join(_program(settings, service) for service in services)
        self._configuration.write_text(text, "utf-8")

    def apply(self) -> set[str]:
        """Makes the manager reload its configuration. Services that changed, or are no longer in it, are stopped.

        Returns the names of those that changed.
        """
        [[added, changed, removed]] = self._call("reloadConfig")
        for name in [*changed, *removed]:
            self.stop(name)
            self._call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("addProcessGroup", name)
        return set(changed)

    def processes(self) -> dict[str, Process]:
        """All services of the manager, by name; empty if it does not answer."""
        try:
            found = self._call("getAllProcessInfo")
        except ClusterError:
            return {}
        return {
            info["name"]: Process(
                info["name"], info["statename"], info["pid"] or None, float(info["start"]), info["description"]
            )
            for info in found
        }

    def pids(self) -> set[int]:
        """Process ids of the running services; empty if the manager does not answer."""
        return {process.pid for process in self.processes().values() if process.pid is not None}

    def ensure_started(self, name: str) -> None:
        """Starts a service unless it is running."""
        try:
            self._call("startProcess", name, False)
        except ClusterError as error:
            if "ALREADY_STARTED" not in str(error):
                raise

    def restart(self, name: str) -> None:
        """Stops a service and starts it again."""
        self.stop(name)
        self.ensure_started(name)

    def stop(self, name: str) -> None:
        """Stops a service and waits until its process has ended, at most `stop_s` before it is killed."""
        try:
            self._call("stopProcess", name, True)
        except ClusterError as error:
            if "NOT_RUNNING" not in str(error):
                raise

    def shutdown(self) -> None:
        """Ends the manager and its remaining services, and waits until the manager has ended."""
        pid = self.pid()
        if pid is None:
            return
        self._call("shutdown")
        deadline = time.monotonic() + 90
        while _exists(pid):
            if time.monotonic() > deadline:
                raise ClusterError(f"The process manager (process {pid}) did not end within 90 s.")
            time.sleep(0.1)

    def _call(self, method: str, *arguments: Any) -> Any:
        # A new connection for each call, because several threads call at once.
        transport = SupervisorTransport(None, None, serverurl=f"unix://{socket_path(self._settings)}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            raise ClusterError(f"The process manager refused {method}: {fault.faultString}") from None
        except (OSError, http.client.HTTPException) as error:
            raise ClusterError(f"The process manager does not answer: {error}.") from None
        finally:
            transport.close()


def socket_path(settings: Settings) -> Path:
    """The manager's socket: in the home, or in a private folder under /tmp if the path of the home is too long."""
    folder = socket_folder(settings)
    if folder is None:
        return _socket_in_home(settings)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ClusterError(f"{folder} belongs to another user. Set FOOTFALL_HOME to a shorter path.")
    return folder / "s"


def socket_folder(settings: Settings) -> Path | None:
    """The private folder under /tmp; None if the socket is in the home."""
    if len(os.fsencode(_socket_in_home(settings))) <= _LONGEST_SOCKET_PATH:
        return None
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    # Not XDG_RUNTIME_DIR: it differs between a login, cron and sudo, which must all find the same manager.
    return Path("/tmp") / f"footfall-{os.getuid()}-{name}"  # noqa: S108 - made with mode 0700


def _socket_in_home(settings: Settings) -> Path:
    return settings.run_dir / "supervisord.sock"


def _head(settings: Settings) -> str:
    return f"""[supervisord]
nodaemon=true
silent=true
pidfile={settings.run_dir}/supervisord.pid
logfile={settings.logs_dir}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
childlogdir={settings.run_dir}
identifier=footfall
umask=077
minfds=4096
[unix_http_server]
file={socket_path(settings)}
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def _program(settings: Settings, service: Service) -> str:
    """The configuration of one service. It contains the fingerprint, so it changes whenever the service changes.

    supervisord retries a failing service for ever and waits one second longer each time. The watchdog limits that
    wait to one minute.
    """
    mark = f'FOOTFALL_HOME="{settings.home}",FOOTFALL_MARK="{settings.home}"'
    # The sources of the `up` that is running now, even if another clone started the manager.
    folder = str(REPOSITORY / "src").replace("%", "%%")
    sources = f'PYTHONPATH="{folder}"'
    return f"""[program:{service.name}]
command={sys.executable} -m footfall run {service.name}
directory={settings.run_dir}
environment={mark},{sources},FOOTFALL_FINGERPRINT="{configure.fingerprint(settings, service)}"
autostart=false
autorestart=true
startsecs=2
startretries=1000000
stopsignal={service.stop_signal}
stopwaitsecs={service.stop_s}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={settings.logs_dir}/{service.name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""


def _exists(pid: int) -> bool:
    try:
        with Path(f"/proc/{pid}/stat").open("rb") as file:
            return file.read().rpartition(b") ")[2][:1] != b"Z"
    except OSError:
        return False

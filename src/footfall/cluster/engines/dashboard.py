"""The dashboard: a Streamlit process."""

from typing import Final

import urllib3

from footfall.cluster.service import PythonModule, Service
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


def _command(settings: Settings) -> list[str]:
    from footfall.dashboard import command

    return command(settings)


def _probe(settings: Settings) -> None:
    answer = _HTTP.request("GET", f"{settings.url('dashboard')}/_stcore/health")
    if answer.status != 200:
        raise Unhealthy(f"its health page answered {answer.status}")


def _login(settings: Settings) -> str | None:
    from footfall.dashboard import password

    if not password.is_asked_for(settings):
        return None
    password.password(settings)
    return f"user {password.USER}, password in {settings.secrets_dir / password.FILE}"


SERVICES = (
    Service(
        name="dashboard",
        engine="streamlit",
        profiles=("realtime",),
        needs=("hbase-tables",),
        ports=("dashboard",),
        # Streamlit loads the page by its path.
        command=PythonModule(
            "footfall.dashboard.__main__", also=("footfall.dashboard.server", "footfall.dashboard.app"), line=_command
        ),
        probe=_probe,
        login=_login,
        stop_rank=1,
    ),
)

"""The dashboard: Streamlit."""

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


SERVICES = (
    Service(
        name="dashboard",
        engine="streamlit",
        profiles=("realtime",),
        needs=("hbase-tables",),
        ports=("dashboard",),
        # Streamlit runs the page by its path.
        command=PythonModule("footfall.dashboard.__main__", also=("footfall.dashboard.app",), line=_command),
        probe=_probe,
        stop_rank=1,
    ),
)

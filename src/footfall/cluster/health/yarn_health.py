"""Whether YARN does its work. For `probes.py`, which knows every service."""

from typing import Any

from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings
from footfall.yarn import Yarn, YarnUnavailable


def resourcemanager(settings: Settings) -> None:
    """It took up its state and gives out resources."""
    state = _ask(settings, "yarn_http", "cluster/info")["clusterInfo"]["state"]
    if state != "STARTED":
        raise Unhealthy(f"it is {state}")


def nodemanager(settings: Settings) -> None:
    """It calls itself healthy, and the ResourceManager counts on it."""
    told = _ask(settings, "yarn_nodemanager_http", "node/info")["nodeInfo"]
    if not told["nodeHealthy"]:
        raise Unhealthy(f"it can run no container: {str(told.get('healthReport', ''))[:200]}")
    if _ask(settings, "yarn_http", "cluster/metrics")["clusterMetrics"]["activeNodes"] < 1:
        raise Unhealthy("the ResourceManager does not count on it yet")


def jobhistory(settings: Settings) -> None:
    """It answers what it is; it does so only after it made its folders in HDFS."""
    if not _ask(settings, "yarn_jobhistory_http", "history/info")["historyInfo"]["startedOn"]:
        raise Unhealthy("it has not started yet")


def _ask(settings: Settings, daemon: str, what: str) -> dict[str, Any]:
    try:
        return Yarn(settings).ask(daemon, what)
    except YarnUnavailable as error:
        raise Unhealthy(str(error)) from None

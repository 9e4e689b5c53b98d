"""Whether YARN does its work, asked over its own HTTP interface. For `probes.py`, which knows every service."""

import json
from typing import Any

import urllib3

from footfall.cluster.errors import Unhealthy
from footfall.settings import Settings

_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


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


def _ask(settings: Settings, port: str, what: str) -> dict[str, Any]:
    answer = _HTTP.request("GET", f"http://127.0.0.1:{settings.port(port)}/ws/v1/{what}")
    if answer.status != 200:
        raise Unhealthy(f"its status page answered {answer.status}")
    return dict(json.loads(answer.data))

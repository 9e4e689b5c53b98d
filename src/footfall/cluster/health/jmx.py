"""Reads the metrics that a Hadoop or HBase daemon publishes at `/jmx`. For probes and `doctor`."""

import json
from typing import Any

import urllib3

from footfall.runtime.errors import Unhealthy

_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


def bean(url: str, name: str) -> dict[str, Any]:
    """Returns the attributes of one bean of the daemon at this address; empty if the daemon does not have the bean yet.

    Raises Unhealthy, errors of urllib3, and KeyError or ValueError for a malformed answer.
    """
    answer = _HTTP.request("GET", f"{url}/jmx?qry={name}")
    if answer.status != 200:
        raise Unhealthy(f"its status page answered {answer.status}")
    beans = json.loads(answer.data)["beans"]
    return dict(beans[0]) if beans else {}

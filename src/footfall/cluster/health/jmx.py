"""What a Hadoop or HBase daemon tells of itself at `/jmx`. For the probes and for `doctor`."""

import json
from typing import Any

import urllib3

from footfall.runtime.errors import Unhealthy

_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


def bean(url: str, name: str) -> dict[str, Any]:
    """The attributes of one bean of the daemon at this address; none if the daemon does not have it (yet).

    Raises Unhealthy, and what urllib3 and a document of another form raise.
    """
    answer = _HTTP.request("GET", f"{url}/jmx?qry={name}")
    if answer.status != 200:
        raise Unhealthy(f"its status page answered {answer.status}")
    beans = json.loads(answer.data)["beans"]
    return dict(beans[0]) if beans else {}

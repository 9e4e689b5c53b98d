"""Health checks: a probe uses a service once, cheaply, to prove that it works.

The probe of a service is in its module of `engines/`. It returns None if the service works, raises Unhealthy
otherwise, and starts no process.
"""

import logging

import urllib3

from footfall.cluster.services import BY_NAME
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

log = logging.getLogger("probes")


def fault(settings: Settings, name: str) -> str:
    """'' if the named service is healthy, else a description of the fault. A bug in the probe is one, too."""
    try:
        probe(settings, name)
    except Unhealthy as error:
        return str(error)
    except Exception as error:  # a bug in one probe must not stop the monitoring of the others
        log.exception("the probe of %s failed", name)
        return f"the probe failed: {error}"
    return ""


def probe(settings: Settings, name: str) -> None:
    """Probes the named service; a service without a probe is healthy. Raises Unhealthy with the fault."""
    check = BY_NAME[name].probe
    if check is None:
        return
    try:
        check(settings)
    except Unhealthy:
        raise
    except ClusterError as error:
        # The probe could not create what it needs, such as a topic or a table.
        raise Unhealthy(str(error)) from None
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise Unhealthy(f"{type(error).__name__}: {error}"[:300]) from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Unhealthy(f"its answer could not be understood ({type(error).__name__}: {error})"[:300]) from None

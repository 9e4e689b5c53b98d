"""Health checks: a probe uses a service once, cheaply, to prove that it works.

The probe of a service is in its module of `engines/`. It returns None if the service works, raises Unhealthy
otherwise, and starts no process.
"""

import urllib3

from footfall.cluster.services import BY_NAME
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings


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

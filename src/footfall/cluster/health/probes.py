"""Health proved by use: a probe makes a service do its work once, cheaply, and says what it did not do.

Each service has its own, in its module of `engines/`. It returns nothing when all is well, raises Unhealthy otherwise,
and starts no process.
"""

import urllib3

from footfall.cluster.services import BY_NAME
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings


def probe(settings: Settings, name: str) -> None:
    """Probes the named service; well is also what has no probe. Raises Unhealthy with what was wrong."""
    prove = BY_NAME[name].probe
    if prove is None:
        return
    try:
        prove(settings)
    except Unhealthy:
        raise
    except ClusterError as error:
        # What a probe had to make first could not be made yet.
        raise Unhealthy(str(error)) from None
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise Unhealthy(f"{type(error).__name__}: {error}"[:300]) from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Unhealthy(f"it answered in an unknown form ({type(error).__name__}: {error})"[:300]) from None

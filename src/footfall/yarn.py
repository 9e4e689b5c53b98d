"""A small client of YARN's REST interface: reads documents of the daemons and kills applications."""

import json
import time
from typing import Any, Final

import urllib3

from footfall.errors import EngineUnavailable
from footfall.names import CSRF_HEADER
from footfall.settings import Settings

_ALIVE: Final = "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"
_PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.5


class YarnUnavailable(EngineUnavailable):
    """YARN did not answer or refused the call; the message is one sentence. The call may be retried."""


class Yarn:
    """The client. All methods raise YarnUnavailable."""

    def __init__(self, settings: Settings, timeout_s: float = 8.0) -> None:
        """timeout_s: the time limit of one call, in seconds."""
        self._resourcemanager = settings.url("yarn_http")
        self._http = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(total=timeout_s), headers={CSRF_HEADER: "footfall"}
        )

    def ask(self, url: str, what: str) -> dict[str, Any]:
        """A JSON document of the daemon at `url`. what: its path below `/ws/v1`."""
        return self._call("GET", url, what)

    def applications(self, tag: str) -> list[str]:
        """The ids of the unfinished applications that carry a tag."""
        found = self.ask(self._resourcemanager, f"cluster/apps?applicationTags={tag}&states={_ALIVE}")
        return [str(application["id"]) for application in (found.get("apps") or {}).get("app") or ()]

    def end(self, application: str) -> None:
        """Asks YARN to kill an application, and returns before it has ended."""
        self._call("PUT", self._resourcemanager, f"cluster/apps/{application}/state", {"state": "KILLED"})

    def end_all(self, tag: str) -> list[str]:
        """Ends the unfinished applications that carry a tag, waits until they have ended, and returns their ids.

        An application that starts meanwhile ends, too. Raises YarnUnavailable if one does not end within half a minute.
        """
        until = time.monotonic() + _PATIENCE_S
        ended: list[str] = []
        while running := self.applications(tag):
            for application in running:
                if application not in ended:
                    self.end(application)
                    ended.append(application)
            if time.monotonic() > until:
                raise YarnUnavailable(f"YARN did not end {running[0]} within {_PATIENCE_S:.0f} s.")
            time.sleep(_LOOK_S)
        return ended

    def _call(self, method: str, url: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._http.request(method, f"{url}/ws/v1/{what}", json=body)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise YarnUnavailable(f"YARN does not answer: {type(error).__name__}.") from None
        if answer.status not in (200, 202):
            raise YarnUnavailable(f"YARN refused ({answer.status}): {answer.data[:200].decode('utf-8', 'replace')}")
        try:
            return dict(json.loads(answer.data))
        except (ValueError, TypeError):
            raise YarnUnavailable("YARN sent an answer of an unknown form.") from None

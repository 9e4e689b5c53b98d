"""Submits, inspects and ends YARN applications over the ResourceManager's HTTP API, without a JVM."""

from typing import Any

import urllib3

from footfall.settings import Settings


def submit(settings: Settings, name: str, queue: str, memory_mb: int, command: str) -> str:
    """Submits an application whose master is a container of this size that runs a shell command; returns its id."""
    application = str(_call(settings, "POST", "apps/new-application")["application-id"])
    document = {
        "application-id": application,
        "application-name": name,
        "application-type": "TEST",
        "queue": queue,
        "max-app-attempts": 1,
        "resource": {"memory": memory_mb, "vCores": 1},
        "am-container-spec": {"commands": {"command": command}},
    }
    _call(settings, "POST", "apps", document)
    return application


def end(settings: Settings, application: str) -> None:
    """Asks YARN to end it."""
    _call(settings, "PUT", f"apps/{application}/state", {"state": "KILLED"})


def queue(settings: Settings, name: str) -> dict[str, Any]:
    """The state of one of YARN's queues."""
    queues = _call(settings, "GET", "scheduler")["scheduler"]["schedulerInfo"]["queues"]["queue"]
    found: dict[str, Any] = next(queue for queue in queues if queue["queueName"] == name)
    return found


def _call(settings: Settings, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    address = f"http://127.0.0.1:{settings.port('yarn_http')}/ws/v1/cluster/{what}"
    answer = urllib3.request(method, address, json=body, timeout=10.0, retries=False)
    assert answer.status in (200, 202), f"YARN refused ({answer.status}): {answer.data[:500]!r}"
    return dict(answer.json()) if answer.data else {}

"""Submits YARN applications over RPC, the only way in which YARN takes them; inspects and ends them over HTTP."""

import os
from typing import Any

import urllib3
from pyspark.java_gateway import launch_gateway

from footfall.names import CSRF_HEADER
from footfall.runtime.java import java_home
from footfall.settings import Settings


def submit(settings: Settings, queue: str, sizes_mb: list[int], command: str) -> list[str]:
    """Submits an application for each size; its master is a container of that size that runs a shell command.

    Returns the ids of the applications. PySpark's JVM has YARN's client, so no other one is needed.
    """
    os.environ |= {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(settings.conf_dir / "yarn-nodemanager"),
    }
    gateway = launch_gateway()
    try:
        hadoop, util = gateway.jvm.org.apache.hadoop.yarn, gateway.jvm.java.util
        client = hadoop.client.api.YarnClient.createYarnClient()
        client.init(hadoop.conf.YarnConfiguration())
        client.start()
        found = []
        for size_mb in sizes_mb:
            application = client.createApplication().getApplicationSubmissionContext()
            application.setApplicationName(f"test-{size_mb}")
            application.setQueue(queue)
            application.setMaxAppAttempts(1)
            application.setResource(hadoop.api.records.Resource.newInstance(size_mb, 1))
            commands = util.ArrayList()
            commands.add(command)
            container = hadoop.api.records.ContainerLaunchContext.newInstance(
                util.HashMap(), util.HashMap(), commands, None, None, None
            )
            application.setAMContainerSpec(container)
            found.append(str(client.submitApplication(application)))
        client.stop()
        return found
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()


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
    answer = urllib3.request(method, address, json=body, headers={CSRF_HEADER: "test"}, timeout=10.0, retries=False)
    assert answer.status in (200, 202), f"YARN refused ({answer.status}): {answer.data[:500]!r}"
    return dict(answer.json()) if answer.data else {}

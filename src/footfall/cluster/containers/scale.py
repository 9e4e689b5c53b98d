"""More nodes of a kind than compose.yaml has: a second file for Docker Compose, which adds them to every list of hosts.

The file stays until the number is changed again, so that all verbs see the same cluster.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from footfall.cluster.services import BY_NAME
from footfall.hosts import daemon_of
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

FILE: Final = REPOSITORY / "compose.yaml"
# Engines that take a new node without further work. A broker would get no partitions, and a ZooKeeper needs a majority.
KINDS: Final = ("datanode", "hbase-regionserver", "storm-supervisor", "yarn-nodemanager")
_MOST: Final = 9


def path(settings: Settings) -> Path:
    """The second file; it exists only if there are more nodes than in compose.yaml."""
    return settings.home / "cluster" / "scale.json"


def parse(wishes: list[str]) -> dict[str, int]:
    """The wished numbers of nodes from texts such as `storm-supervisor=3`. Raises ClusterError."""
    found = {}
    for wish in wishes:
        kind, _, number = wish.partition("=")
        if kind not in KINDS or not number.isdecimal() or not 1 <= int(number) <= _MOST:
            raise ClusterError(f"--scale takes KIND=NUMBER: KIND is {', '.join(KINDS)}, and NUMBER at most {_MOST}.")
        found[kind] = int(number)
    return found


def write(settings: Settings, wishes: Mapping[str, int]) -> None:
    """Writes the file for these numbers of nodes. Raises ClusterError if there would be fewer than in compose.yaml."""
    override = overriding(yaml.safe_load(FILE.read_text("utf-8")), wishes)
    if override is None:
        path(settings).unlink(missing_ok=True)
        return
    path(settings).parent.mkdir(parents=True, exist_ok=True)
    path(settings).write_text(json.dumps(override, indent=1), "utf-8")


def overriding(file: Mapping[str, Any], wishes: Mapping[str, int]) -> dict[str, Any] | None:
    """The content of the second file; None if compose.yaml has as many nodes already. Raises ClusterError."""
    nodes = file["services"]
    hosts: dict[str, str] = {}
    added: dict[str, Any] = {}
    for kind, number in wishes.items():
        present = [name for name in nodes if re.fullmatch(rf"{kind}-\d+", name)]
        if number < len(present):
            raise ClusterError(f"The cluster has {len(present)} nodes of {kind}; it cannot have fewer.")
        new = [f"{kind}-{index}" for index in range(len(present) + 1, number + 1)]
        if not new:
            continue
        daemon = daemon_of(BY_NAME[kind].ports[0])
        hosts[f"FOOTFALL_HOSTS__{daemon.upper()}"] = json.dumps([*present, *new])
        model = present[-1]
        for name in new:
            added[name] = {
                **nodes[model],
                "hostname": name,
                "environment": {**nodes[model]["environment"], "FOOTFALL_HOST": name},
                "volumes": [mount.replace(model, name) for mount in nodes[model].get("volumes", [])],
            }
    if not added:
        return None
    for node in added.values():
        node["environment"] |= hosts
    volumes = {mount.partition(":")[0] for node in added.values() for mount in node["volumes"]}
    return {
        "services": {**{name: {"environment": hosts} for name in nodes}, **added},
        "volumes": {name: {} for name in sorted(volumes)},
    }

"""The name of this machine, and Java where it does not resolve, as on a laptop that changes networks."""

import re
import socket
from pathlib import Path

from footfall.settings import Settings

_FILE = "hosts"


def machine_name() -> str:
    """The name of this machine as a part of file names: letters, digits and - only."""
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host"


def java_options(settings: Settings, name: str | None = None) -> list[str]:
    """JVM options that resolve the host name to 127.0.0.1; empty if the name resolves by itself.

    name: the host name; that of this machine if None. With these options Java resolves names only from this file, which
    is enough as long as all `hosts` are numeric.
    """
    name = socket.gethostname() if name is None else name
    try:
        socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        path: Path = settings.conf_dir / _FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"127.0.0.1 localhost {name}\n", "utf-8")
        return [f"-Djdk.net.hosts.file={path}"]
    return []

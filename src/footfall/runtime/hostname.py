"""A machine whose own name does not resolve, as laptops between two networks: Java's servers ask for it and end."""

import socket
from pathlib import Path

from footfall.settings import Settings

_FILE = "hosts"


def java_options(settings: Settings, name: str | None = None) -> list[str]:
    """Options that let every JVM know this machine's name as 127.0.0.1; none where it resolves by itself.

    name: the machine's own by default. Java then asks this file alone, which is enough while all `hosts` are numeric.
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

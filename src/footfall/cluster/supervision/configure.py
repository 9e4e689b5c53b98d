"""Renders a service's configuration, and says by a fingerprint whether it must start anew."""

import getpass
import hashlib
import json
import re
import shutil
import socket

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from footfall.cluster.service import PythonModule, Service, tmp_dir
from footfall.cluster.supervision import dependencies
from footfall.runtime.jars import ENGINES_DIR
from footfall.settings import Settings

_TEMPLATES = Environment(
    loader=FileSystemLoader(ENGINES_DIR),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - configuration files, not HTML
)


def render(settings: Settings, service: Service) -> dict[str, str]:
    """The service's configuration files: name → content. Writes nothing."""
    names = {
        "settings": settings,
        "port": settings.port,
        "address": settings.address,
        "addresses": settings.addresses,
        "hosts": settings.hosts.of,
        "bind": settings.bind_host,
        "advertise": settings.advertised_host,
        "data": settings.data_dir / service.name,
        "tmp": tmp_dir(settings, service.name),
        "user": getpass.getuser(),
        "host": re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host",
        **({} if service.values is None else service.values(settings)),
    }
    return {path.rpartition("/")[2]: _TEMPLATES.get_template(f"{path}.j2").render(names) for path in service.templates}


def fingerprint(settings: Settings, service: Service) -> str:
    """A hash of everything that decides how the service behaves; another one means that it must start anew."""
    digest = hashlib.sha256()

    def add(*parts: str) -> None:
        for part in parts:
            digest.update(f"{len(part)}:{part}".encode())

    add(service.name, json.dumps(render(settings, service), sort_keys=True))
    if service.command is not None:
        add(*service.command(settings))
    if service.environment is not None:
        add(json.dumps(service.environment(settings), sort_keys=True))
    ports, made_of = set(service.ports), [ENGINES_DIR / service.engine / "jars.lock"]
    if service.made_of is not None:
        made_of += service.made_of(settings)
    add(*(path.read_text("utf-8") for path in made_of if path.exists()))
    if isinstance(service.command, PythonModule):
        needed = dependencies.of(service.command)
        ports |= needed.ports
        dumped = settings.model_dump(mode="json")
        add(*(f"{name}={json.dumps(dumped[name], sort_keys=True)}" for name in sorted(needed.settings)))
        add(dependencies.content(needed.files))
    add(*(f"{name}={settings.address(name)} of {settings.addresses(name)}" for name in sorted(ports)))
    return digest.hexdigest()[:16]


def write(settings: Settings, service: Service) -> None:
    """Writes the configuration, and does what the service wants done before it starts. Raises ClusterError."""
    folder = settings.conf_dir / service.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in render(settings, service).items():
        (folder / name).write_text(content, "utf-8")
    temporary = tmp_dir(settings, service.name)
    shutil.rmtree(temporary, ignore_errors=True)
    for path in (settings.data_dir / service.name, temporary, settings.logs_dir):
        path.mkdir(parents=True, exist_ok=True)
    if service.prepare is not None:
        service.prepare(settings)

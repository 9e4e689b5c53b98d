"""Renders the configuration of a service and computes the fingerprint that decides whether it is restarted."""

import hashlib
import json
import shutil

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from footfall.cluster.service import PythonModule, Service, tmp_dir
from footfall.cluster.supervision import dependencies
from footfall.names import CSRF_HEADER, NAMESERVICE
from footfall.runtime.hostname import machine_name
from footfall.runtime.jars import ENGINES_DIR
from footfall.settings import Settings

_TEMPLATES = Environment(
    loader=FileSystemLoader(ENGINES_DIR),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - configuration files, not HTML
)


def render(settings: Settings, service: Service) -> dict[str, str]:
    """Returns the configuration files of the service: name → content. Writes nothing."""
    names = {
        "settings": settings,
        "port": settings.port,
        "address": settings.address,
        "addresses": settings.addresses,
        "hosts": settings.hosts.of,
        "bind": settings.bind_host,
        "advertise": settings.advertised_host,
        "replicas": settings.replicas,
        "node_number": settings.node_number,
        "is_node": settings.is_node,
        "data": settings.data_dir / service.name,
        "tmp": tmp_dir(settings, service.name),
        "csrf_header": CSRF_HEADER,
        "nameservice": NAMESERVICE,
        "host": machine_name(),
        **({} if service.values is None else service.values(settings)),
    }
    return {path.rpartition("/")[2]: _TEMPLATES.get_template(f"{path}.j2").render(names) for path in service.templates}


def fingerprint(settings: Settings, service: Service) -> str:
    """A hash of everything that determines how the service behaves. `up` restarts the service when it changes."""
    digest = hashlib.sha256()

    def add(*parts: str) -> None:
        for part in parts:
            digest.update(f"{len(part)}:{part}".encode())

    add(service.name, json.dumps(render(settings, service), sort_keys=True))
    if service.command is not None:
        add(*service.command(settings))
    if service.environment is not None:
        add(json.dumps(service.environment(settings), sort_keys=True))
    ports, files = set(service.ports), [ENGINES_DIR / service.engine / "jars.lock"]
    files += [file for jar in service.jars for file in jar.fingerprint_files(settings)]
    if service.fingerprint_files is not None:
        files += service.fingerprint_files(settings)
    add(*(path.read_text("utf-8") for path in files if path.exists()))
    if isinstance(service.command, PythonModule):
        needed = dependencies.of(service.command)
        ports |= needed.ports
        dumped = settings.model_dump(mode="json")
        add(*(f"{name}={json.dumps(dumped[name], sort_keys=True)}" for name in sorted(needed.settings)))
        add(dependencies.content(needed.files))
    named = [name for name in sorted(ports) if settings.hosts.of(name)]
    add(*(f"{name}={settings.address(name)} of {settings.addresses(name)}" for name in named))
    return digest.hexdigest()[:16]


def write_files(settings: Settings, service: Service) -> None:
    """Writes the configuration of a service, for the service itself or for its clients."""
    folder = settings.conf_dir / service.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in render(settings, service).items():
        (folder / name).write_text(content, "utf-8")


def write(settings: Settings, service: Service) -> None:
    """Writes the configuration and prepares the service for its start. Raises ClusterError."""
    write_files(settings, service)
    temporary = tmp_dir(settings, service.name)
    shutil.rmtree(temporary, ignore_errors=True)
    for path in (settings.data_dir / service.name, temporary, settings.logs_dir):
        path.mkdir(parents=True, exist_ok=True)
    if service.prepare is not None:
        service.prepare(settings)

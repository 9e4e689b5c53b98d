"""Renders a service's configuration and prepares what it needs on disk before its first start."""

import base64
import getpass
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

import psutil
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from footfall.cluster import commands, yarn
from footfall.cluster.services import Service
from footfall.names import APP_IDS, LOG_KINDS
from footfall.runtime import hostname
from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import ENGINES_DIR, lib_dir
from footfall.settings import REPOSITORY, Settings

PACKAGE = REPOSITORY / "src" / "footfall"
_FORMAT_TIMEOUT_S = 120
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
        "data": settings.data_dir / service.name,
        "tmp": commands.tmp_dir(settings, service.name),
        "user": getpass.getuser(),
        "host": re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host",
        "apps": APP_IDS,
        "log_kinds": LOG_KINDS,
        "yarn": yarn.node(settings),
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
    add(*(f"{name}={settings.port(name)}" for name in (*service.ports, *service.speaks_to)))
    dumped = settings.model_dump(mode="json")
    add(*(json.dumps(dumped[name], sort_keys=True) for name in service.relevant))
    made_of = [ENGINES_DIR / service.engine / "jars.lock"]
    if service.engine == "storm":
        # Storm's daemons listen by the transport that the topology's jar carries.
        made_of.append(settings.install / "topology" / "sources.sha256")
    add(*(path.read_text("utf-8") for path in made_of if path.exists()))
    for source in service.sources:
        path = PACKAGE / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                add(str(file.relative_to(PACKAGE)), hashlib.sha256(file.read_bytes()).hexdigest())
    return digest.hexdigest()[:16]


def write(settings: Settings, service: Service) -> None:
    """Writes the configuration, and formats the storage of an engine that starts for the first time."""
    folder = settings.conf_dir / service.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in render(settings, service).items():
        (folder / name).write_text(content, "utf-8")
    temporary = commands.tmp_dir(settings, service.name)
    shutil.rmtree(temporary, ignore_errors=True)
    for path in (settings.data_dir / service.name, temporary, settings.logs_dir):
        path.mkdir(parents=True, exist_ok=True)
    if service.name == "kafka":
        _format_kafka(settings)
    elif service.name == "namenode":
        _format_namenode(settings)
    elif service.name in ("yarn-resourcemanager", "yarn-nodemanager"):
        yarn.prepare(settings, service.name)
    elif service.engine == "flume":
        _flume_start(settings)
    elif service.engine == "storm":
        _storm_home(settings, service)


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of every process of this platform.

    FOOTFALL_MARK is how `up` and `down` find processes that lost their manager: Storm's workers and YARN's
    containers inherit it.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTFALL_", "JAVA_TOOL_OPTIONS", "CLASSPATH"))}
    # Not on command lines: Storm's workers and what `up` itself asks of Storm inherit it too.
    named = hostname.java_options(settings)
    return {
        **kept,
        **({"JAVA_TOOL_OPTIONS": " ".join(named)} if named else {}),
        **settings.as_environment(),
        "FOOTFALL_MARK": str(settings.home),
        "PYTHONPATH": str(REPOSITORY / "src"),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        # glibc would keep an arena for each of many threads; two are enough and save tens of MB a process.
        "MALLOC_ARENA_MAX": "2",
    }


def _format_kafka(settings: Settings) -> None:
    """Gives Kafka's storage its cluster id. The id is kept beside it, so that an interrupted format is repeated."""
    data = settings.data_dir / "kafka"
    if (data / "meta.properties").exists():
        return
    identity = settings.data_dir / "kafka.cluster-id"
    if not identity.exists():
        # Kafka wants 22 characters of URL-safe base64.
        identity.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode())
    properties = str(settings.conf_dir / "kafka" / "server.properties")
    # One word: an id may begin with a minus, which alone would be taken for an option.
    named = f"--cluster-id={identity.read_text().strip()}"
    arguments = ["format", "--standalone", named, "-c", properties, "--ignore-formatted"]
    _once(settings, commands.kafka_tool(settings, "kafka.tools.StorageTool", arguments), "Kafka's storage")


def _format_namenode(settings: Settings) -> None:
    """Makes an empty file system. A folder without its VERSION file is a format that was interrupted."""
    data = settings.data_dir / "namenode"
    if (data / "current" / "VERSION").exists() and any((data / "current").glob("fsimage_*")):
        return
    if any((settings.data_dir / "datanode").glob("current/BP-*")):
        raise ClusterError(
            f"HDFS's DataNode has data but its NameNode's folder {data} is empty or damaged; restore that folder, or "
            "delete everything with `./footfall down --purge`."
        )
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    _once(settings, commands.namenode(settings, "-format", "-nonInteractive", "-force"), "HDFS's NameNode")


def _flume_start(settings: Settings) -> None:
    """Makes the folders that Flume looks into, and finishes what an earlier one left open in HDFS."""
    from footfall.cluster import leases

    for app in APP_IDS:
        (settings.logs_dir / "sites" / app).mkdir(parents=True, exist_ok=True)
    leases.before_flume(settings)


def _once(settings: Settings, command: list[str], what: str) -> None:
    done = subprocess.run(
        command,
        env=child_environment(settings),
        cwd=settings.run_dir,
        capture_output=True,
        text=True,
        timeout=_FORMAT_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise ClusterError(f"{what} could not be formatted: {' / '.join(tail)}")


def _storm_home(settings: Settings, service: Service) -> None:
    """Lays out `storm.home` as the supervisor wants it for the workers that it starts."""
    home = commands.storm_home(settings, service.name)
    for folder in ("conf", "log4j2", "extlib", "extlib-daemon"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for link in ("lib", "lib-worker"):
        _point(home / link, lib_dir(settings, "storm"))
    conf = settings.conf_dir / service.name
    shutil.copyfile(conf / "storm.yaml", home / "conf" / "storm.yaml")
    for name in ("cluster.xml", "worker.xml"):
        shutil.copyfile(conf / name, home / "log4j2" / name)
    (settings.logs_dir / "storm").mkdir(parents=True, exist_ok=True)
    if service.name == "storm-supervisor":
        _forget_zombies(settings)


def _forget_zombies(settings: Settings) -> None:
    """Deletes the notes of workers' processes that are dead and that nobody reaps.

    The supervisor would take them for alive, and wait for their end before it starts another worker.
    """
    for note in (settings.data_dir / "storm" / "workers").glob("*/pids/*"):
        with suppress(psutil.NoSuchProcess, ValueError):
            if psutil.Process(int(note.name)).status() == psutil.STATUS_ZOMBIE:
                note.unlink(missing_ok=True)


def _point(link: Path, target: Path) -> None:
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)

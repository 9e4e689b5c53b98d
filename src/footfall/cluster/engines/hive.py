"""Hive: the metastore on PostgreSQL, HiveServer2 with Tez in its own process or on YARN, and the warehouse's schema."""

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.sax.saxutils import escape

from footfall import retention
from footfall.cluster.engines import _jvm
from footfall.cluster.engines._hadoop import HDFS_TEMPLATES
from footfall.cluster.engines.yarn import QUERIES
from footfall.cluster.service import Service, Sweep
from footfall.runtime import jvm
from footfall.runtime.built_jars import HIVE_AUTHENTICATOR
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.runtime.jars import ENGINES_DIR, lib_dir
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.hive.client import Hive
    from footfall.warehouse.hive.ddl import AnyTable

_TEMPLATES: Final = (*HDFS_TEMPLATES, "hive/hive-site.xml", "hive/hive-log4j2.properties")
_DATABASE: Final = "metastore"
_SCRATCH: Final = "/tmp/hive/scratch"  # noqa: S108 - in HDFS
_LEFTOVERS_DAYS: Final = 7
# The schema of 4.0.1 is that of 4.0.0.
_SCHEMA: Final = ENGINES_DIR / "hive" / "hive-schema-4.0.0.postgres.sql"
_SCHEMA_VERSION: Final = "4.0.0"
_OPTIONS: Final = (
    *_jvm.OPEN,
    *(
        f"--add-opens=java.base/{package}=ALL-UNNAMED"
        for package in (
            "java.lang.invoke",
            "java.text",
            "java.time",
            "java.util.concurrent.atomic",
            "java.util.regex",
            "sun.nio.cs",
            "sun.security.action",
        )
    ),
    "--add-opens=java.sql/java.sql=ALL-UNNAMED",
)
# Containers of Tez, in multiples of 256 MiB. A JVM with Hive's classes needs 256 MiB besides its heap.
_MASTER_MB: Final = 512
_MASTER_HEAP_MB: Final = 256
_TASK_MB: Final = 768
_TASK_HEAP_MB: Final = 512
# Kept open between probes; one per process.
_client: "Hive | None" = None
_lock = threading.Lock()


class Memory(NamedTuple):
    """The memory of one task of Tez."""

    task_mb: int  # its share of HiveServer2's heap, or its container on YARN
    sort_mb: int  # of the task's output
    join_bytes: int  # of the small table of a join that is kept in memory


def memory(settings: Settings) -> Memory:
    """Half of HiveServer2's heap for a task; the other half holds plans, results and the task's readers.

    On YARN a task has a container, and its heap, for itself.
    """
    if on_yarn(settings):
        return Memory(_TASK_MB, _TASK_HEAP_MB // 4, _TASK_HEAP_MB * 2**20 // 8)
    task_mb = settings.heaps_mb.hive_server2 // 2
    return Memory(task_mb, task_mb // 4, task_mb * 2**20 // 8)


def on_yarn(settings: Settings) -> bool:
    """Whether Tez runs in containers of YARN. With one NodeManager it runs in HiveServer2's process."""
    return settings.has_several_nodemanagers


def _yarn_values(settings: Settings) -> dict[str, Any]:
    """Values for Tez on YARN. Every node has the same jars and configuration at the same paths."""

    logging = f"-Dlog4j2.configurationFile=file:{settings.conf_dir / 'hive-server2' / 'hive-log4j2.properties'}"

    def options(heap_mb: int) -> str:
        return " ".join([f"-Xmx{heap_mb}m", *jvm.COMMON, *jvm.QUICK, *_OPTIONS, logging])

    return {
        "queue": QUERIES,
        "class_path": f"{settings.conf_dir / 'yarn-nodemanager'}:{lib_dir(settings, 'hive')}/*",
        "master_mb": _MASTER_MB,
        "master_options": options(_MASTER_HEAP_MB),
        "task_options": options(_TASK_HEAP_MB),
    }


def _values(settings: Settings) -> dict[str, Any]:
    from footfall.postgres import OWNERS, jdbc_url

    return {
        "hive": {
            "jdbc_url": jdbc_url(settings, _DATABASE),
            "database_user": OWNERS[_DATABASE],
            "root": "/warehouse",
            "scratch": _SCRATCH,
            **memory(settings)._asdict(),
            "yarn": _yarn_values(settings) if on_yarn(settings) else None,
        }
    }


def _metastore(settings: Settings) -> list[str]:
    # The metastore holds some thousand partitions, and none of them in memory.
    heap_mb, main = settings.heaps_mb.hive_metastore, "org.apache.hadoop.hive.metastore.HiveMetaStore"
    return _hive(settings, "hive-metastore", heap_mb, main, more=_jvm.QUICK)


def _server2(settings: Settings) -> list[str]:
    # Queries run in it: rows are sorted, joined and aggregated in this heap.
    from footfall.hive.login import READER, SCHEMA, password_file

    login = (
        f"-Dfootfall.hive.user={READER.user}",
        f"-Dfootfall.hive.password.file={password_file(settings)}",
        f"-Dfootfall.hive.schema.user={SCHEMA.user}",
        f"-Dfootfall.hive.schema.password.file={password_file(settings, SCHEMA)}",
    )
    heap_mb, main = settings.heaps_mb.hive_server2, "org.apache.hive.service.server.HiveServer2"
    jar = HIVE_AUTHENTICATOR.path(settings)
    return _hive(settings, "hive-server2", heap_mb, main, more=(*_jvm.QUICK, *login), after=(jar,))


def _hive(
    settings: Settings, name: str, heap_mb: int, main: str, more: tuple[str, ...] = (), after: tuple[Path, ...] = ()
) -> list[str]:
    conf = settings.conf_dir / name
    options = [*_OPTIONS, *more, f"-Dlog4j2.configurationFile=file:{conf / 'hive-log4j2.properties'}"]
    # A client of YARN knows it by the configuration of the containers.
    before = [conf, *([settings.conf_dir / "yarn-nodemanager"] if on_yarn(settings) else [])]
    return _jvm.java(settings, "hive", name, heap_mb, main, (), options=options, before=before, after=after)


def _prepare_metastore(settings: Settings) -> None:
    """Writes the password for the metastore, and creates its schema in PostgreSQL if there is none."""
    from footfall.postgres import PostgresUnavailable

    write_database_password(settings)
    try:
        create_metastore_schema(settings)
    except PostgresUnavailable as error:
        raise ClusterError(str(error)) from None


def write_database_password(settings: Settings) -> None:
    """Writes the metastore's password for PostgreSQL into a file that only its owner can read."""
    from footfall.postgres import OWNERS, password

    value = escape(password(settings, OWNERS[_DATABASE]))
    content = (
        '<?xml version="1.0"?>\n<configuration>\n  <property><name>javax.jdo.option.ConnectionPassword</name>'
        f"<value>{value}</value></property>\n</configuration>\n"
    )
    path = settings.conf_dir / "hive-metastore" / "metastore-site.xml"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)


def create_metastore_schema(settings: Settings) -> None:
    """Creates the tables of the metastore, all or none of them; does nothing if they exist.

    Raises ClusterError if there is a schema of another version, and PostgresUnavailable.
    """
    from footfall.postgres import connect, errors_as_sentences

    with connect(settings, _DATABASE) as connection, errors_as_sentences():
        # Two starts at once must not both create it.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('footfall metastore schema'))")
        found = connection.execute("SELECT to_regclass('public.\"VERSION\"') IS NOT NULL").fetchone()
        if found == (True,):
            versions = [row[0] for row in connection.execute('SELECT "SCHEMA_VERSION" FROM public."VERSION"')]
            if versions != [_SCHEMA_VERSION]:
                raise ClusterError(
                    f"Hive's metastore has the schema {', '.join(map(str, versions)) or 'without a version'} in "
                    f"PostgreSQL; this version of Footfall needs {_SCHEMA_VERSION}. Start the version of Footfall that "
                    "made it, or delete all data with `./footfall down --purge`."
                )
            return
        connection.execute(_SCHEMA.read_bytes())


def _prepare_server2(settings: Settings) -> None:
    from footfall.hive.login import READER, SCHEMA, password_file

    for login in (READER, SCHEMA):
        password_file(settings, login)


def _probe_metastore(settings: Settings) -> None:
    """Reads a database's definition, which needs PostgreSQL."""
    from footfall.hive.errors import HiveUnavailable
    from footfall.hive.metastore import Metastore

    try:
        Metastore(settings, timeout_s=10).properties("default")
    except HiveUnavailable as error:
        raise Unhealthy(str(error)) from None


def _probe_server2(settings: Settings) -> None:
    """Logs in and asks for a row."""
    from footfall.hive.client import Hive
    from footfall.hive.errors import HiveUnavailable

    global _client
    with _lock:
        _client = _client or Hive(settings, database="default", timeout_s=12)
    try:
        if _client.rows("SELECT 1") != [(1,)]:
            raise Unhealthy("HiveServer2 did not return the row that was asked for")
    except HiveUnavailable as error:
        raise Unhealthy(str(error)) from None


def _sweep_partitions(settings: Settings) -> object:
    from footfall.warehouse.retention import sweep

    return sweep(settings)


def _sweep_learning(settings: Settings) -> object:
    from footfall.learning.retention import sweep

    return sweep(settings)


def tables() -> "tuple[AnyTable, ...]":
    """All tables of the database, those of learning included."""
    from footfall.learning.tables import TABLES
    from footfall.warehouse.hive import schema

    return (*schema.ALL, *TABLES)


def _migrate(settings: Settings) -> None:
    """Creates the tables and views of the warehouse and of learning, or adds what is new."""
    from footfall.errors import EngineUnavailable
    from footfall.warehouse.hive import schema

    try:
        schema.migrate(settings, tables())
    except EngineUnavailable as error:
        raise ClusterError(str(error)) from None


def _sweep_scratch(settings: Settings) -> None:
    """Deletes what sessions of a killed HiveServer2 left in HDFS."""
    from footfall.hdfs import Hdfs

    hdfs = Hdfs(settings)
    before_ms = (time.time() - _LEFTOVERS_DAYS * 86_400) * 1000
    for user in hdfs.list(_SCRATCH):
        # Each session has a folder, and `_tez_session_dir` has one for each session of Tez.
        for session in [*hdfs.list(user.path), *hdfs.list(f"{user.path}/_tez_session_dir")]:
            if session.modified_ms < before_ms and session.name != "_tez_session_dir":
                hdfs.delete(session.path)


SERVICES = (
    Service(
        name="hive-metastore",
        engine="hive",
        profiles=("batch",),
        needs=("postgres-databases", "datanode"),
        ports=("hive_metastore",),
        command=_metastore,
        gives_way=True,
        templates=_TEMPLATES,
        values=_values,
        prepare=_prepare_metastore,
        probe=_probe_metastore,
    ),
    Service(
        name="hive-server2",
        engine="hive",
        profiles=("batch",),
        needs=("hive-metastore",),
        ports=("hive_server2",),
        command=_server2,
        gives_way=True,
        templates=_TEMPLATES,
        values=_values,
        prepare=_prepare_server2,
        jars=(HIVE_AUTHENTICATOR,),
        probe=_probe_server2,
        sweeps=(
            Sweep("Hive's scratch", 6 * 3600, _sweep_scratch),
            Sweep("replaced runs of days", retention.EVERY_S, _sweep_partitions),
            Sweep("replaced runs of learning", retention.EVERY_S, _sweep_learning),
        ),
        # It lets running statements end for some seconds.
        stop_s=20,
    ),
    Service(
        name="hive-schema",
        engine="hive",
        profiles=("batch",),
        needs=("hive-server2",),
        step=_migrate,
    ),
)

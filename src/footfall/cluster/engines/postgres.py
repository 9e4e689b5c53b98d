"""PostgreSQL: the server, its databases and roles, and the mock CRM in one of them."""

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from footfall import postgres
from footfall.cluster.engines import _postgres_cluster
from footfall.cluster.installation import postgres_programs
from footfall.cluster.service import Part, Service, Sweep
from footfall.errors import EngineUnavailable
from footfall.postgres import OWNERS, READERS, SUPERUSER, Role
from footfall.runtime import requested
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

# How often due changes of the CRM are made. An extract looks back further than that (`docs/crm.md`).
_ADVANCE_EVERY_S: Final = 240
_CRM_LATE_S: Final = 1800.0


def _probe(settings: Settings) -> None:
    """Logs in and asks a question. A new connection also proves that PostgreSQL accepts one."""
    try:
        with postgres.open_connection(settings, "postgres", SUPERUSER, True, 5) as connection:
            connection.execute("select 1")
    except EngineUnavailable as error:
        raise Unhealthy(str(error)) from None


def _ensure_databases(settings: Settings) -> None:
    """Creates missing roles and databases, and sets passwords and rights again."""
    try:
        with (
            postgres.errors_as_sentences(),
            postgres.open_connection(settings, "postgres", SUPERUSER, True, 10) as connection,
        ):
            for database, owner in OWNERS.items():
                readers = READERS.get(database, ())
                for role in (owner, *readers):
                    _ensure_role(settings, connection, role)
                _ensure_database(connection, database, owner, readers)
    except EngineUnavailable as error:
        raise ClusterError(str(error)) from None


def _ensure_role(settings: Settings, connection: "Connection[tuple[Any, ...]]", role: Role) -> None:
    from psycopg.sql import SQL, Identifier, Literal

    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        connection.execute(SQL("create role {} login").format(Identifier(role)))
    # The server gets only the verifier, so the password appears neither in a statement nor in a log.
    verifier = connection.pgconn.encrypt_password(
        postgres.password(settings, role).encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(SQL("alter role {} password {}").format(Identifier(role), Literal(verifier)))


def _ensure_database(
    connection: "Connection[tuple[Any, ...]]", database: str, owner: Role, readers: tuple[Role, ...]
) -> None:
    from psycopg.sql import SQL, Identifier

    def execute(statement: SQL, *names: str) -> None:
        composed: Composed = statement.format(*map(Identifier, names))
        connection.execute(composed)

    if connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone() is None:
        execute(SQL("create database {} owner {}"), database, owner)
    # By default, every role may connect to every database.
    execute(SQL("revoke all on database {} from public"), database)
    for reader in readers:
        execute(SQL("grant connect on database {} to {}"), database, reader)
        execute(SQL("alter role {} set default_transaction_read_only = on"), reader)


def _advance_crm(settings: Settings) -> object:
    from footfall.crm import daily

    if "crm" not in requested.read(settings):
        return "the CRM is not started"
    return daily.advance(settings, datetime.now(timezone.utc).date())


def _fill_crm(settings: Settings) -> None:
    """Creates the CRM's tables and its people if they are missing, and makes the changes that are due."""
    from footfall.crm import daily

    try:
        daily.ensure(settings)
        daily.advance(settings, datetime.now(timezone.utc).date())
    except EngineUnavailable as error:
        raise ClusterError(str(error)) from None


def _probe_crm(settings: Settings) -> None:
    from footfall.crm import daily

    try:
        until = daily.applied_until(settings)
    except EngineUnavailable as error:
        raise Unhealthy(str(error)) from None
    late_s = time.time() - until.timestamp()
    if late_s > _CRM_LATE_S:
        raise Unhealthy(f"its changes are made only up to {late_s / 60:.0f} min ago")


SERVICES = (
    Service(
        name="postgres",
        engine="postgres",
        profiles=("batch",),
        ports=("postgres",),
        command=_postgres_cluster.command,
        templates=tuple(f"postgres/{name}" for name in _postgres_cluster.FILES),
        prepare=_postgres_cluster.prepare,
        parts=(Part(problem=postgres_programs.problem, install=postgres_programs.install),),
        probe=_probe,
        # On SIGTERM it would wait until all clients have left. On SIGINT it ends their sessions and stops.
        stop_signal="INT",
        stop_s=30,
        outside=_postgres_cluster.outside,
    ),
    Service(
        name="postgres-databases",
        engine="postgres",
        profiles=("batch",),
        needs=("postgres",),
        step=_ensure_databases,
    ),
    Service(
        name="crm",
        engine="postgres",
        profiles=("batch",),
        needs=("postgres-databases",),
        step=_fill_crm,
        probe=_probe_crm,
        sweeps=(Sweep("changes of the CRM", _ADVANCE_EVERY_S, _advance_crm),),
    ),
)

"""Connections to PostgreSQL: addresses for each kind of client, generated passwords, and errors as sentences.

The module `cluster/engines/postgres.py` runs the server and creates what is listed here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from footfall.errors import EngineUnavailable
from footfall.secret_files import secret
from footfall.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection

Database = Literal["metastore", "airflow", "crm"]
Role = Literal["footfall", "hive", "airflow", "crm", "sqoop"]
# The superuser. Only the server's own module and the tests need it.
SUPERUSER: Final = "footfall"
# The owner of each database.
OWNERS: Final[dict[Database, Role]] = {"metastore": "hive", "airflow": "airflow", "crm": "crm"}
# Roles that may only read a database.
READERS: Final[dict[Database, tuple[Role, ...]]] = {"crm": ("sqoop",)}


class PostgresUnavailable(EngineUnavailable):
    """PostgreSQL did not answer, or refused the login or the statement; the message is one sentence."""


def password(settings: Settings, role: Role) -> str:
    """The generated password of a role: 64 hexadecimal digits. Never pass it in an argument list."""
    return secret(settings, _secret_name(role)).decode("ascii")


def password_file(settings: Settings, role: Role) -> Path:
    """A file with nothing but the password of a role, without a line end. Only its owner can read it."""
    secret(settings, _secret_name(role))
    return settings.secrets_dir / _secret_name(role)


def dsn(settings: Settings, database: Database, role: Role | None = None, *, driver: str = "") -> str:
    """A URL with the password, for SQLAlchemy and libpq: `postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE`.

    role: the owner of the database if None. driver: SQLAlchemy's name of a driver, such as `psycopg2`.
    """
    role = role or OWNERS[database]
    scheme = f"postgresql+{driver}" if driver else "postgresql"
    return f"{scheme}://{role}:{password(settings, role)}@{settings.address('postgres')}/{database}"


def jdbc_url(settings: Settings, database: Database) -> str:
    """The URL of a database for JDBC, without user and password."""
    return f"jdbc:postgresql://{settings.address('postgres')}/{database}"


def connect(
    settings: Settings,
    database: Database,
    role: Role | None = None,
    *,
    autocommit: bool = False,
    timeout_s: int = 10,
) -> "Connection[tuple[Any, ...]]":
    """Opens a connection. As a context manager, it commits at the end, or rolls back after an error, and closes.

    role: the owner of the database if None. timeout_s: of connecting, in seconds; 2 is the least.
    Raises PostgresUnavailable.
    """
    return open_connection(settings, database, role or OWNERS[database], autocommit, timeout_s)


def open_connection(
    settings: Settings, database: str, role: Role, autocommit: bool, timeout_s: int
) -> "Connection[tuple[Any, ...]]":
    """`connect` for any database, such as `postgres`, which every server has."""
    import psycopg

    host, port = settings.address("postgres")
    try:
        return psycopg.connect(
            host=host,
            port=port,
            dbname=database,
            user=role,
            password=password(settings, role),
            autocommit=autocommit,
            connect_timeout=timeout_s,
            application_name="footfall",
        )
    except psycopg.Error as error:
        raise PostgresUnavailable(_refusal(settings, database, role, str(error))) from None


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Turns errors of psycopg inside the block into PostgresUnavailable."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise PostgresUnavailable(f"PostgreSQL refused: {_first_line(str(error))}.") from None


def _secret_name(role: Role) -> str:
    return f"postgres-{role}"


def _refusal(settings: Settings, database: str, role: Role, message: str) -> str:
    """The sentence about a connection that failed. message: libpq's; the server's messages are English."""
    if "password authentication failed" in message or f'role "{role}" does not exist' in message:
        file = settings.secrets_dir / _secret_name(role)
        if role == SUPERUSER:
            return (
                f"PostgreSQL refuses the password in {file}. Restore that file, or delete all data with "
                "`./footfall down --purge`."
            )
        return f"PostgreSQL refuses the password in {file}. `./footfall up` sets the password of {role} again."
    if f'database "{database}" does not exist' in message:
        return f"PostgreSQL has no database {database}. `./footfall up` creates it."
    if "system is starting up" in message or "system is in recovery" in message:
        return "PostgreSQL is still starting. Try again in a moment."
    if "system is shutting down" in message:
        return "PostgreSQL is stopping. `./footfall up` starts it again."
    if "too many clients" in message or "remaining connection slots" in message:
        return "PostgreSQL has no free connection. Try again in a moment."
    where = settings.address("postgres")
    if "refused" in message or "timeout" in message or "closed the connection" in message:
        return f"PostgreSQL does not answer at {where}. See `./footfall status`; `./footfall up` starts it."
    return f"PostgreSQL at {where} refuses a connection: {_first_line(message)}."


def _first_line(message: str) -> str:
    """The first line of a message that says something, without its beginning up to the severity and without its end."""
    line = next((line for line in message.splitlines() if line.strip()), "it gave no reason")
    return line.rpartition("FATAL:")[2].strip().rstrip(".")[:300]

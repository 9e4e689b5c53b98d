"""Addresses and passwords for PostgreSQL's clients, and its refusals as sentences."""

import socket
import stat
from pathlib import Path

import pytest

from footfall import postgres
from footfall.hosts import Hosts
from footfall.postgres import PostgresUnavailable
from footfall.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose PostgreSQL is on another port than the default."""
    return Settings(home=tmp_path / "home", port_offset=100)


def test_each_kind_of_client_gets_its_address(settings: Settings) -> None:
    secret = postgres.password(settings, "airflow")
    assert postgres.dsn(settings, "airflow") == f"postgresql://airflow:{secret}@127.0.0.1:5532/airflow"
    with_driver = postgres.dsn(settings, "airflow", driver="psycopg2")
    assert with_driver == f"postgresql+psycopg2://airflow:{secret}@127.0.0.1:5532/airflow"
    assert postgres.dsn(settings, "crm", "sqoop").startswith("postgresql://sqoop:")
    assert postgres.jdbc_url(settings, "metastore") == "jdbc:postgresql://127.0.0.1:5532/metastore"


def test_an_address_of_another_host_is_used(tmp_path: Path) -> None:
    far = Settings(home=tmp_path, hosts=Hosts(postgres=("db1",)))
    assert postgres.jdbc_url(far, "crm") == "jdbc:postgresql://db1:5432/crm"


def test_each_role_has_a_password_of_its_own_in_a_private_file(settings: Settings) -> None:
    roles = ("footfall", *postgres.OWNERS.values(), "sqoop")
    assert len({postgres.password(settings, role) for role in roles}) == len(roles) == 5
    for role in roles:
        file = postgres.password_file(settings, role)
        assert file.read_text("ascii") == postgres.password(settings, role)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_server_that_is_away_is_a_sentence(settings: Settings) -> None:
    with socket.socket() as bound:
        # Nothing listens on a socket that is only bound.
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        away = settings.model_copy(update={"port_offset": port - settings.ports.postgres})
        with pytest.raises(PostgresUnavailable) as refused:
            postgres.connect(away, "crm")
    assert str(refused.value) == (
        f"PostgreSQL does not answer at 127.0.0.1:{port}. See `./footfall status`; `./footfall up` starts it."
    )


_FAILED = 'connection failed: connection to server at "127.0.0.1", port 5532 failed: '


@pytest.mark.parametrize(
    ("role", "message", "sentence"),
    [
        (
            "sqoop",
            'FATAL:  password authentication failed for user "sqoop"',
            "PostgreSQL refuses the password in {secrets}/postgres-sqoop. `./footfall up` sets the password of sqoop "
            "again.",
        ),
        (
            "footfall",
            'FATAL:  password authentication failed for user "footfall"',
            "PostgreSQL refuses the password in {secrets}/postgres-footfall. Restore that file, or delete all data "
            "with `./footfall down --purge`.",
        ),
        ("crm", 'FATAL:  database "crm" does not exist', "PostgreSQL has no database crm. `./footfall up` creates it."),
        (
            "crm",
            "FATAL:  the database system is starting up",
            "PostgreSQL is still starting. Try again in a moment.",
        ),
        (
            "crm",
            "FATAL:  the database system is shutting down",
            "PostgreSQL is stopping. `./footfall up` starts it again.",
        ),
        (
            "crm",
            "FATAL:  sorry, too many clients already",
            "PostgreSQL has no free connection. Try again in a moment.",
        ),
        (
            "crm",
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "PostgreSQL has no free connection. Try again in a moment.",
        ),
        (
            "sqoop",
            'FATAL:  permission denied for database "crm"\nDETAIL:  User does not have CONNECT privilege.',
            'PostgreSQL at 127.0.0.1:5532 refuses a connection: permission denied for database "crm".',
        ),
    ],
)
def test_a_refusal_is_a_sentence_with_its_remedy(
    settings: Settings, role: postgres.Role, message: str, sentence: str
) -> None:
    told = postgres._refusal(settings, "crm", role, _FAILED + message)
    assert told == sentence.format(secrets=settings.secrets_dir)

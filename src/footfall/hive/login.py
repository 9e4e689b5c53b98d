"""The logins of HiveServer2, each with a generated password: one for reading, one for creating tables and views."""

from pathlib import Path
from typing import Final, NamedTuple

from footfall.secret_files import secret
from footfall.settings import Settings


class Login(NamedTuple):
    """A user of HiveServer2. file: of its password, in the folder of the secrets."""

    user: str
    file: str


READER: Final = Login("footfall", "hive-footfall")
# Only `up` uses it. HiveServer2 lets it create and change tables and views, which no SQL client may do.
SCHEMA: Final = Login("footfall_schema", "hive-schema")


def password(settings: Settings, login: Login = READER) -> str:
    """The generated password of a user of HiveServer2. Never pass it in an argument list."""
    return secret(settings, login.file).decode("ascii")


def password_file(settings: Settings, login: Login = READER) -> Path:
    """The file with the password, which only its owner can read."""
    secret(settings, login.file)
    return settings.secrets_dir / login.file

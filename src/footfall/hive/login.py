"""The login of HiveServer2: one user, and a generated password."""

from pathlib import Path
from typing import Final

from footfall.secret_files import secret
from footfall.settings import Settings

USER: Final = "footfall"
_SECRET: Final = "hive-footfall"  # noqa: S105 - the name of a file


def password(settings: Settings) -> str:
    """The generated password of HiveServer2. Never pass it in an argument list."""
    return secret(settings, _SECRET).decode("ascii")


def password_file(settings: Settings) -> Path:
    """The file with the password, which only its owner can read."""
    secret(settings, _SECRET)
    return settings.secrets_dir / _SECRET

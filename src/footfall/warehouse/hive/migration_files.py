"""The numbered migrations, `migrations/NNN_name.sql`: what `tables.py` does not describe. Pure.

A migration runs once; the database's properties record it. Each of its statements must be idempotent, because Hive has
no transaction around them.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from footfall.errors import FootfallError
from footfall.warehouse import tables

_FOLDER: Final = Path(__file__).parent / "migrations"
_PREFIX: Final = "footfall.migration."
_NAME: Final = re.compile(r"\d{3}_[a-z0-9_]+")


class MigrationChanged(FootfallError):
    """A migration was changed after it had been applied, or is unknown; the message is one sentence."""


class Migration(NamedTuple):
    """One migration. digest: of its text as it stands in the file."""

    name: str
    statements: tuple[str, ...]
    digest: str

    @property
    def key(self) -> str:
        """The property of the database that records it."""
        return _PREFIX + self.name


def load(folder: Path = _FOLDER) -> tuple[Migration, ...]:
    """All migrations in their order."""
    return tuple(_read(path) for path in sorted(folder.glob("*.sql")))


def pending(migrations: Sequence[Migration], properties: Mapping[str, str]) -> list[Migration]:
    """The migrations that were not applied yet.

    properties: of the database; empty if there is none.
    Raises MigrationChanged.
    """
    known = {migration.key: migration.digest for migration in migrations}
    for key, digest in properties.items():
        if not key.startswith(_PREFIX) or known.get(key) == digest:
            continue
        name = key.removeprefix(_PREFIX)
        fault = "was changed after it had been applied" if key in known else "is not known to this version of Footfall"
        raise MigrationChanged(
            f"The migration {name} of Hive's database {tables.DATABASE} {fault}. Start the version of Footfall that "
            "applied it, or delete all data with `./footfall down --purge`."
        )
    return [migration for migration in migrations if migration.key not in properties]


def _read(path: Path) -> Migration:
    if not _NAME.fullmatch(path.stem):
        raise ValueError(f"{path.name} is not named NNN_name.sql")
    text = path.read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    statements = [part.strip() for part in re.split(r";\s*(?:\n|$)", "\n".join(lines))]
    return Migration(
        path.stem,
        tuple(statement.replace("%(root)s", tables.ROOT) for statement in statements if statement),
        hashlib.sha256(text.encode()).hexdigest()[:16],
    )

"""The profiles of the people in the CRM: which run's are in use, and the columns of the tables.

Each run writes `ROOT/profiles_history/run=RUN/` and `ROOT/profiles/run=RUN/`, one Parquet file each. The file
`ROOT/published_profiles/profiles.json` names the run in use; Hive reads it, too. A run's folders stay for 24 hours
after another one replaced it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Final

from footfall.hdfs import HdfsUnavailable
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.warehouse.tables import ROOT, Column

_PREFIX: Final = "run="
POINTER: Final = f"{ROOT}/published_profiles/profiles.json"
# Readers that began before a run was replaced may still read it.
GRACE_MS: Final = 24 * 3_600_000


class PointerDamaged(HdfsUnavailable):
    """The file that names the run in use is damaged; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """A table that each run of the job `profiles` writes whole. key: the columns that identify a row."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def folder(self) -> str:
        """Its folder in HDFS."""
        return f"{ROOT}/{self.name}"

    def partition(self, run: str) -> str:
        """The folder of one run's rows."""
        return f"{self.folder}/{_PREFIX}{run}"


_PERSON: Final = (
    Column("plan", "string", "plan"),
    Column("country", "string", "ISO 3166-1 country"),
    Column("birth_year", "int", "year of birth"),
    Column("signed_up_on", "string", "day of the sign-up, YYYY-MM-DD"),
    Column("marketing_consent", "boolean", "whether the person agreed to marketing"),
    Column("company_size", "string", "employees of the person's company; null without a company"),
    Column("interests", "array<string>", "interests"),
)
PROFILES_HISTORY: Final = ProfileTable(
    "profiles_history",
    "Each version of each person's profile with the time in which it was valid.",
    ("user_id", "valid_from_ms"),
    (
        Column("user_id", "string", "user"),
        Column("valid_from_ms", "bigint", "first instant of this version, ms since 1970"),
        Column("valid_to_ms", "bigint", "first instant of the next version, ms since 1970; null if this is the newest"),
        *_PERSON,
        Column("deleted", "boolean", "whether the person is deleted in this version"),
    ),
)
PROFILES: Final = ProfileTable(
    "profiles",
    "The newest profile of each person who is not deleted.",
    ("user_id",),
    (
        Column("user_id", "string", "user"),
        *_PERSON,
        Column("valid_from_ms", "bigint", "first instant of this version, ms since 1970"),
    ),
)
TABLES: Final = (PROFILES_HISTORY, PROFILES)


@dataclass(frozen=True, slots=True)
class Published:
    """The profiles in use.

    run: the run that wrote them. extract: the newest extract in them. published_ms: ms since 1970. rows: of
    `profiles_history`. replaced: by run: when another run replaced it, ms since 1970; these may still be read.
    """

    run: str
    extract: str
    published_ms: int
    rows: int
    replaced: dict[str, int] = field(default_factory=dict)

    def has(self, run: str) -> bool:
        """Whether a run's tables are complete and may be read."""
        return run == self.run or run in self.replaced


def published(files: Files) -> Published | None:
    """The profiles in use; None before the first import. Raises HdfsUnavailable and PointerDamaged."""
    content = files.read(POINTER)
    if content is None:
        return None
    try:
        return Published(**json.loads(content))
    except (ValueError, TypeError):
        raise PointerDamaged(f"{POINTER} is damaged. Run `./footfall job run profiles` to write it anew.") from None


def published_run(files: Files) -> str | None:
    """The run whose profiles are in use; None before the first import. Raises the errors of `published`."""
    found = published(files)
    return None if found is None else found.run


def publish(files: Files, run: str, extract: str, rows: int, now_ms: int) -> Published:
    """Makes a run's profiles the ones in use, in one atomic step, and deletes runs that nobody may read any more.

    The caller makes sure that nobody else publishes at the same time. Raises HdfsUnavailable.
    """
    stored = {
        entry.name.removeprefix(_PREFIX)
        for table in TABLES
        for entry in files.list(table.folder)
        if entry.name.startswith(_PREFIX)
    }
    try:
        before = published(files)
        replaced = {} if before is None else {**before.replaced, before.run: now_ms}
    except PointerDamaged:
        # Any of the stored runs may have been in use.
        replaced = dict.fromkeys(stored, now_ms)
    kept = {name: at_ms for name, at_ms in replaced.items() if now_ms - at_ms < GRACE_MS and name != run}
    after = Published(run, extract, now_ms, rows, kept)
    layout.put(files, POINTER, json.dumps(asdict(after)).encode())
    for name in stored:
        if not after.has(name):
            for table in TABLES:
                files.delete(table.partition(name))
    return after

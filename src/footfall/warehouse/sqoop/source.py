"""What Sqoop reads: the view of the CRM, its columns, and the query of one extract."""

from dataclasses import dataclass
from typing import Final

from footfall.errors import FootfallError
from footfall.postgres import PostgresUnavailable, connect, errors_as_sentences
from footfall.settings import Settings

VIEW: Final = "people_versions_extract"
SCHEMA: Final = "crm"
# In the order of an extract's columns. An extract holds text, so each column is cast.
COLUMNS: Final = (
    "user_id",
    "version",
    "updated_ms",
    "valid_from_ms",
    "deleted",
    "plan",
    "country",
    "birth_year",
    "signed_up_on",
    "marketing_consent",
    "company_size",
    "interests",
)


class SourceChanged(FootfallError):
    """The CRM's view lacks a column; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Span:
    """The versions that an extract takes: those with `updated_ms` in [from_ms, to_ms).

    from_ms: ms since 1970; None for all versions before `to_ms`.
    """

    from_ms: int | None
    to_ms: int


@dataclass(frozen=True, slots=True)
class Source:
    """The view as it is.

    now_ms: the database's time, ms since 1970. new_columns: columns that no extract takes. settled: the number of
    versions with `updated_ms` before the asked time; None if not asked.
    """

    now_ms: int
    new_columns: tuple[str, ...]
    settled: int | None


def inspect(settings: Settings, before_ms: int | None) -> Source:
    """Asks the database about the view. before_ms: counts the versions before this time.

    Raises PostgresUnavailable if it does not answer or refuses the login, and SourceChanged if the view is not there
    or lacks a column.
    """
    with connect(settings, "crm", "sqoop") as connection, errors_as_sentences():
        found = connection.execute(
            "select column_name::text from information_schema.columns where table_schema = %s and table_name = %s",
            (SCHEMA, VIEW),
        ).fetchall()
        new = new_columns([str(name) for (name,) in found])
        row = connection.execute(
            f"select (extract(epoch from clock_timestamp()) * 1000)::bigint, "  # noqa: S608 - constants
            f"case when %s::bigint is not null then (select count(*) from {SCHEMA}.{VIEW} where updated_ms < %s) end",
            (before_ms, before_ms),
        ).fetchone()
    if row is None:
        raise PostgresUnavailable("PostgreSQL answered nothing.")
    return Source(int(row[0]), new, None if row[1] is None else int(row[1]))


def new_columns(found: list[str]) -> tuple[str, ...]:
    """The columns of the view that no extract takes, in alphabetical order. Raises SourceChanged if one is missing."""
    where = f"The view {SCHEMA}.{VIEW} of PostgreSQL's database crm"
    if not found:
        raise SourceChanged(f"{where} does not exist, or sqoop may not read it. `./footfall up` creates it.")
    if missing := [name for name in COLUMNS if name not in found]:
        plural = "s" if len(missing) > 1 else ""
        raise SourceChanged(
            f"{where} lacks the column{plural} {', '.join(missing)}. Restore it; `./footfall up` creates the view."
        )
    return tuple(sorted(set(found) - set(COLUMNS)))


def query(span: Span) -> str:
    """The SQL query of an extract. Sqoop replaces `$CONDITIONS` with the part of each of its tasks."""
    columns = ", ".join(f"{name}::text" for name in COLUMNS)
    lower = "" if span.from_ms is None else f"updated_ms >= {span.from_ms} AND "
    return f"SELECT {columns} FROM {SCHEMA}.{VIEW} WHERE {lower}updated_ms < {span.to_ms} AND $CONDITIONS"  # noqa: S608

"""The store of questions about what was learned: the published rows of learning's tables in Hive."""

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any, Final

from footfall.events.times import utc_day
from footfall.hdfs import Hdfs
from footfall.hive import Hive, HiveRefused
from footfall.questions.model import Parameter, UnknownValue
from footfall.questions.sources import Source
from footfall.settings import Settings
from footfall.warehouse import published
from footfall.warehouse.hive import ddl
from footfall.warehouse.published import Published
from footfall.warehouse.tables import DATABASE, Table


class Learned:
    """Reads published rows. Use it from one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._hdfs = Hdfs(settings)
        self._hive = Hive(settings)

    def close(self) -> None:
        """Closes the connection to Hive."""
        self._hive.close()

    def published(self, table: Table) -> dict[date, Published]:
        """By last day of the window, which run of a table's kind is published. Raises HdfsUnavailable."""
        return published.read(self._hdfs, table.pointer)

    def records(
        self, table: Table, which: Published, condition: str = "true", values: Sequence[Any] = ()
    ) -> list[dict[str, Any]]:
        """The rows of a published partition, all columns. Hive answers from the files without starting a job.

        condition: with placeholders `%s` for the values. Raises HiveUnavailable and HdfsUnavailable, and HiveRefused if
        the partition's files were deleted.
        """
        dt, names = str(which.day), [column.name for column in table.columns]
        if not self._hdfs.list(table.partition(dt, which.run)):
            raise HiveRefused(f"The files of {table.name} of {dt} were deleted. Let `learning` run again.")
        listed = ", ".join(f"`{name}`" for name in names)
        select = f"SELECT {listed} FROM {DATABASE}.{ddl.runs(table)} WHERE dt = %s AND run = %s AND ({condition})"
        return [dict(zip(names, row, strict=True)) for row in self._hive.rows(select, [dt, which.run, *values])]


LEARNED: Final = Source("learned", Learned, lambda store: store.close())
DATE: Final = Parameter(
    "date",
    "the last UTC day of the window that was learned from; the newest if left out",
    convert=lambda _, text: _day(text),
    argument="day",
)


def newest(found: dict[date, Published], job: str) -> Published:
    """The newest published run. job: the name of the job that makes it. Raises UnknownValue if there is none."""
    if not found:
        raise UnknownValue(f"Nothing is published yet. The job {job} makes it; see `./footfall job list`.")
    return found[max(found)]


def of_day(found: dict[date, Published], day: date | None, job: str) -> Published:
    """The published run of a day, or the newest without a day. Raises UnknownValue if there is none."""
    if day is None or not found:
        return newest(found, job)
    if day not in found:
        raise UnknownValue(f"Nothing was learned up to {day}; the newest window ends on {max(found)}.")
    return found[day]


def rfc3339(ms: int) -> str:
    """An instant as text. ms: since 1970."""
    at = datetime.fromtimestamp(ms // 1000, timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def _day(text: str) -> date:
    try:
        return utc_day(text)
    except ValueError:
        raise UnknownValue(f"The parameter date is a UTC day such as 2026-11-24, not {text!r}.") from None

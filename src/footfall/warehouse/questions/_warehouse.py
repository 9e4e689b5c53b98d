"""The store of questions about past days: Hive's tables and the list of published days."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from footfall.errors import first_of
from footfall.events.times import utc_day
from footfall.hdfs import Hdfs
from footfall.hive import Hive, HiveRefused
from footfall.names import ALL_APPS
from footfall.questions import parameters
from footfall.questions.model import Parameter, UnknownValue
from footfall.questions.sources import Context, Source
from footfall.settings import Settings
from footfall.warehouse import days as day_list
from footfall.warehouse import presence, published
from footfall.warehouse.partitions import tables_of, with_partitions
from footfall.warehouse.published import Published
from footfall.warehouse.tables import Table

# `--bots` → the population whose visits are shown.
POPULATIONS: Final = {"exclude": "people", "include": "all", "only": "bots"}


class Warehouse:
    """Reads published rows. Use it from one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._kept_days = settings.retention.hdfs_events_days
        self._hdfs = Hdfs(settings)
        self._hive = Hive(settings)

    def close(self) -> None:
        """Closes the connection to Hive."""
        self._hive.close()

    def published(self) -> dict[date, Published]:
        """The published days. Raises HdfsUnavailable."""
        return published.read(self._hdfs)

    def unpublished(self, days: Sequence[date], known: Mapping[date, Published], today: date) -> list[date]:
        """Those of these days that are archived and not among the `known` published days. Raises HdfsUnavailable."""
        open_days = set(days) - set(known)
        if not open_days:
            # Listing the archive takes two calls for each day and site, so it costs more than most answers.
            return []
        return [day for day in day_list.missing(self._hdfs, known, today, self._kept_days) if day in open_days]

    def document(self, path: str) -> Any:
        """A JSON file in HDFS; None if it does not exist. Raises HdfsUnavailable."""
        content = self._hdfs.read(path)
        return None if content is None else json.loads(content)

    def rows(self, select: str, partitions: Mapping[str, str], values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the tables of these partitions, day → run.

        values: for the placeholders `%s`. Raises HdfsUnavailable and HiveUnavailable, and its subclass HiveRefused if
        the files of a partition were deleted.
        """
        if gone := presence.gone(self._hdfs, tables_of(select), partitions):
            raise HiveRefused(presence.sentence(*gone[0]))
        return self._hive.rows(with_partitions(select, partitions), values)

    def records(self, table: Table, span: "Span", also: str = "") -> list[dict[str, Any]]:
        """All columns and `dt` of a table's rows of a span: those of its population and site, if it has such columns.

        Hive answers from the files without starting a job. also: one more condition.
        """
        names = ["dt", *(column.name for column in table.columns)]
        conditions = ["true"] + ([f"({also})"] if also else [])
        values: list[Any] = []
        if "population" in names:
            conditions.append("population = %s")
            values.append(span.population)
        if span.app is not None:
            conditions.append("app_id = %s")
            values.append(span.app)
        select = f"SELECT {', '.join(f'`{name}`' for name in names)} FROM {table.name} WHERE {' AND '.join(conditions)}"
        return [dict(zip(names, row, strict=True)) for row in self.rows(select, span.partitions, values)]


WAREHOUSE: Final = Source("hive", Warehouse, lambda store: store.close())


class Span(NamedTuple):
    """What a question is about.

    partitions: the published partitions of the days, day → run. app: a site, or None for each.
    """

    first: date
    last: date
    partitions: dict[str, str]
    population: str
    app: str | None

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    def head(self, app: str) -> dict[str, Any]:
        """The first columns of a row."""
        return {"from_dt": self.first.isoformat(), "to_dt": self.last.isoformat(), "app_id": app}

    def of_facts(self, alias: str = "") -> tuple[str, list[Any]]:
        """A condition on facts with the columns is_bot and app_id, with the values of its placeholders."""
        prefix = f"{alias}." if alias else ""
        parts = {"people": f"NOT {prefix}is_bot", "bots": f"{prefix}is_bot", "all": "true"}[self.population]
        return (parts, []) if self.app is None else (f"{parts} AND {prefix}app_id = %s", [self.app])


HEAD: Final = ("from_dt", "to_dt", "app_id")


def _day(name: str) -> Parameter:
    return Parameter(
        name,
        {
            "date": "a UTC day such as 2026-11-24",
            "from": "the first UTC day",
            "to": "the last UTC day, which is included",
        }[name],
        convert=lambda _, text: _parsed(name, text),
        argument={"date": "day", "from": "first", "to": "last"}[name],
    )


def _parsed(name: str, text: str) -> date:
    try:
        return utc_day(text)
    except ValueError:
        raise UnknownValue(f"The parameter {name} is a UTC day such as 2026-11-24, not {text!r}.") from None


def _stored(context: Context[Warehouse], name: str) -> Sequence[str]:
    """The app if it has rows, since a removed site keeps its figures."""
    found = context.store.published()
    if not found:
        return ()
    partitions = {str(day): one.run for day, one in found.items()}
    rows = context.store.rows("SELECT app_id FROM day_summary WHERE app_id = %s LIMIT 1", partitions, (name,))
    return [app for (app,) in rows]


RANGE: Final = (_day("date"), _day("from"), _day("to"))
APP: Final = parameters.app(_stored)
# The parameters R of every historical question.
R: Final = (*RANGE, APP, parameters.BOTS, parameters.limit())


def span(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str = "exclude",
) -> Span:
    """The span that the parameters name. Without any day it is the newest published day.

    Raises UnknownValue if the parameters contradict each other, or a day of the span has events and is not published.
    """
    if day is not None and (first is not None or last is not None):
        raise UnknownValue("Give either date, or from and to.")
    if (first is None) != (last is None):
        raise UnknownValue("Give both from and to, or date for a single day.")
    known = context.store.published()
    if day is None and first is None:
        if not known:
            raise UnknownValue(
                "No day is published yet. `./footfall batch --date DAY` makes the tables of a day on which the sites "
                "were visited; `./footfall history --days 7` makes past visits with their tables."
            )
        day = max(known)
    begin, end = day or first, day or last
    assert begin is not None
    assert end is not None
    if end < begin:
        raise UnknownValue(f"from ({begin}) lies after to ({end}).")
    today = datetime.fromtimestamp(context.now_ms / 1000, timezone.utc).date()
    if end >= today:
        raise UnknownValue(
            f"{end} is not over yet (UTC). The questions with `live` in their names show the current day."
        )
    if (end - begin).days >= day_list.MOST_DAYS:
        raise UnknownValue(f"The range has {(end - begin).days + 1} days; the most are {day_list.MOST_DAYS}.")
    wanted = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    partitions = {str(one): known[one].run for one in wanted if one in known}
    if absent := context.store.unpublished(wanted, known, today):
        remedy = f"--from {absent[0]} --to {absent[-1]}"
        raise UnknownValue(f"{first_of(absent)} has events and is not published. Run `./footfall batch {remedy}`.")
    if not partitions:
        raise UnknownValue(f"There are no events {f'on {begin}' if begin == end else f'from {begin} to {end}'}.")
    return Span(begin, end, partitions, POPULATIONS[bots], None if app == ALL_APPS else app)

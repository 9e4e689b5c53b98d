"""The CRM in PostgreSQL: creates its tables and first people, and makes the changes that are due.

Everything that one call does is one transaction, so a killed call has done nothing.
"""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from footfall import postgres
from footfall.crm.changes import MADE_UP_ID, Change, changes_of, midnight
from footfall.crm.people import Person, alter, sign_up
from footfall.crm.roster import first_people
from footfall.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection

# The history with which a new CRM begins, longer than events are kept.
HISTORY_DAYS: Final = 120
_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_COLUMNS: Final = ", ".join(Person._fields)
_SELECT: Final = f"select {_COLUMNS.replace('signed_up_on', 'signed_up_on::text')} from crm.people"  # noqa: S608
_INSERT: Final = (
    f"insert into crm.people ({_COLUMNS}) values ({', '.join(['%s'] * len(Person._fields))}) on conflict do nothing"  # noqa: S608
)
_UPDATE: Final = f"update crm.people set {', '.join(f'{name} = %s' for name in Person._fields)} where user_id = %s"  # noqa: S608


class Applied(NamedTuple):
    """What `advance` did. until: every change before this moment is made."""

    changes: int
    until: datetime


def ensure(settings: Settings, now: datetime | None = None) -> None:
    """Creates tables and views, and the first people, who signed up before the last HISTORY_DAYS days.

    Without the demo nobody is made up, and nothing ever changes by itself: the CRM holds whom you put there.

    now: the present; of the clock if None. Raises PostgresUnavailable.
    """
    now = now or datetime.now(timezone.utc)
    with postgres.errors_as_sentences(), postgres.connect(settings, "crm") as connection:
        # A concurrent call waits here; two at once would create the same tables.
        connection.execute("select pg_advisory_xact_lock(hashtext('crm'))")
        connection.execute(cast(Any, _SCHEMA.read_text("utf-8")))
        made_up = connection.execute("select 1 from crm.people where user_id ~ %s limit 1", (MADE_UP_ID,)).fetchone()
        is_made = connection.execute("select 1 from crm.progress").fetchone() is not None
        if is_made and (made_up is not None or not settings.demo.enabled):
            return
        start = now.date() - timedelta(days=HISTORY_DAYS)
        with connection.cursor().copy(f"copy crm.people ({_COLUMNS}) from stdin") as copy:
            for person in first_people(settings, start) if settings.demo.enabled else ():
                copy.write_row(person)
        # A CRM that was made without the demo gets its people when the demo is switched on.
        connection.execute(
            "insert into crm.progress (seeded_at, applied_until) values (%s, %s) on conflict (only_row) do update "
            "set seeded_at = excluded.seeded_at, applied_until = excluded.applied_until",
            (now, midnight(start)),
        )


def advance(settings: Settings, until_day: date, now: datetime | None = None) -> Applied:
    """Makes all changes up to the end of a UTC day that are not made yet. Changes in the future stay for a later call.

    now: the present; of the clock if None. Raises PostgresUnavailable.
    """
    now = now or datetime.now(timezone.utc)
    end = min(midnight(until_day + timedelta(days=1)), now.replace(microsecond=now.microsecond // 1000 * 1000))
    with postgres.errors_as_sentences(), postgres.connect(settings, "crm") as connection:
        begin = _applied_until(connection, lock=True)
        if end <= begin:
            return Applied(0, begin)
        due = _due(settings.seed, connection, begin, end) if settings.demo.enabled else []
        number = _apply(settings.seed, connection, due)
        connection.execute("update crm.progress set applied_until = %s", (end,))
    return Applied(number, end)


def applied_until(settings: Settings) -> datetime:
    """The moment before which every change is made. Raises PostgresUnavailable."""
    with postgres.errors_as_sentences(), postgres.connect(settings, "crm") as connection:
        return _applied_until(connection, lock=False)


def _applied_until(connection: "Connection[tuple[Any, ...]]", lock: bool) -> datetime:
    exists = connection.execute("select to_regclass('crm.progress') is not null").fetchone() == (True,)
    query = f"select applied_until from crm.progress{' for update' if lock else ''}"  # noqa: S608
    row = connection.execute(cast(Any, query)).fetchone() if exists else None
    if row is None:
        raise postgres.PostgresUnavailable("The CRM has no tables yet. `./footfall up` creates them.")
    return cast(datetime, row[0]).astimezone(timezone.utc)


def _due(seed: int, connection: "Connection[tuple[Any, ...]]", begin: datetime, end: datetime) -> list[Change]:
    """The changes in [begin, end), in order of time."""
    day = begin.date()
    query = "select count(*) from crm.people where signed_up_on < %s and user_id ~ %s"
    row = connection.execute(query, (day, MADE_UP_ID)).fetchone()
    people = int(row[0]) if row else 0
    due: list[Change] = []
    while midnight(day) < end:
        of_day = changes_of(seed, day, people)
        due += [change for change in of_day if begin <= change.at < end]
        people += sum(change.kind == "sign_up" for change in of_day)
        day += timedelta(days=1)
    return due


def _apply(seed: int, connection: "Connection[tuple[Any, ...]]", due: list[Change]) -> int:
    """Writes the changes; each makes one version. Returns their number. Nothing happens to who was deleted before."""
    ids = [change.user_id for change in due]
    rows = connection.execute(cast(Any, f"{_SELECT} where user_id = any(%s) for update"), (ids,)).fetchall()
    people = {person.user_id: person for person in (Person(*row) for row in rows)}
    new, changed = list[Person](), list[Person]()
    for change in due:
        person = people.get(change.user_id)
        if change.kind == "sign_up":
            if person is None:
                people[change.user_id] = sign_up(seed, change.user_id, None, change.at)
                new.append(people[change.user_id])
        elif person is not None and person.deleted_at is None:
            people[change.user_id] = alter(seed, person, change)
            changed.append(people[change.user_id])
    with connection.cursor() as cursor:
        cursor.executemany(cast(Any, _INSERT), new)
        cursor.executemany(cast(Any, _UPDATE), [(*person, person.user_id) for person in changed])
    return len(new) + len(changed)

"""Checks the tables of a run before they are published. It reads the files themselves and shares nothing with Spark."""

import io
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import pyarrow.parquet as pq

from footfall.errors import FootfallError
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.warehouse.profiles import PROFILES, PROFILES_HISTORY
from footfall.warehouse.sqoop.extracts import Summary

_NEWEST: Final = None


class ProfilesRefused(FootfallError):
    """A run's profiles are wrong and are not published; the message is one sentence."""


class Period(NamedTuple):
    """When a version is valid: [from_ms, to_ms), ms since 1970; to_ms is None for the newest."""

    user: str | None
    from_ms: int | None
    to_ms: int | None
    deleted: bool | None


def check(files: Files, history: str, profiles: str, expected: Summary) -> None:
    """Checks the tables in two folders. expected: what the extracts must give.

    Raises HdfsUnavailable and ProfilesRefused.
    """
    names = ["user_id", "valid_from_ms", "valid_to_ms", "deleted"]
    periods = [Period(*row) for row in _rows(files, history, names)]
    if fault := fault_of(periods, expected):
        raise ProfilesRefused(f"The new {PROFILES_HISTORY.name} is wrong: {fault}. It is not published.")
    living = sorted(str(period.user) for period in periods if period.to_ms is _NEWEST and not period.deleted)
    if sorted(str(user) for (user,) in _rows(files, profiles, ["user_id"])) != living:
        raise ProfilesRefused(
            f"The new {PROFILES.name} does not hold exactly the people who are not deleted. It is not published."
        )


def fault_of(periods: Iterable[Period], expected: Summary) -> str:
    """What is wrong with the versions of all people, or ''."""
    by_user: dict[str | None, list[Period]] = defaultdict(list)
    for period in periods:
        by_user[period.user].append(period)
    rows = sum(map(len, by_user.values()))
    if rows != expected.rows:
        return f"it has {rows:,} rows instead of {expected.rows:,}"
    if len(by_user) != expected.people:
        return f"it has {len(by_user):,} people instead of {expected.people:,}"
    for user, of_user in by_user.items():
        if user is None or any(period.from_ms is None or period.deleted is None for period in of_user):
            return "a row lacks user_id, valid_from_ms or deleted"
        of_user.sort(key=lambda period: period.from_ms or 0)
        ends = [period.to_ms for period in of_user]
        if ends != [*(period.from_ms for period in of_user[1:]), _NEWEST]:
            return f"the versions of {user} do not follow each other without overlap and gap"
        if len({period.from_ms for period in of_user}) < len(of_user):
            return f"two versions of {user} begin at the same instant"
    return ""


def _rows(files: Files, folder: str, columns: list[str]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for part in layout.parts(files, folder):
        table = pq.read_table(io.BytesIO(files.read(part.path) or b""), columns=columns)
        found += zip(*(table.column(name).to_pylist() for name in columns), strict=True)
    return found
